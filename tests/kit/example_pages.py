"""The pages of the example site in this process, on the database of the tests: a look at one costs no process.

Its apps are not installed; they have no models. What it does at its start, and its settings, are for
`tests.kit.example_site`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.urls import include, path

from tests.kit.example_site import EXAMPLE

PAGES = EXAMPLE / "pages"
URLS = "tests.kit.example_urls_made_here"


def show_example_pages(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this host have the example site's pages, in place of its own, until the test ends."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    urls = ModuleType(URLS)
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("", include("pages.urls")),
        path("spotify/", include("django_spotify_sync.urls")),
        path("language/", include("django.conf.urls.i18n")),
    ]
    monkeypatch.setitem(sys.modules, URLS, urls)
    [engine] = settings.TEMPLATES
    options = engine["OPTIONS"]
    tags = PAGES / "templatetags"
    libraries = {
        "humanize": "django.contrib.humanize.templatetags.humanize",
        **{file.stem: f"pages.templatetags.{file.stem}" for file in tags.glob("[a-z]*.py")},
    }
    processors = [*options["context_processors"], "pages.context_processors.site"]
    settings.TEMPLATES = [
        {
            **engine,
            "DIRS": [PAGES / "templates"],
            "OPTIONS": {**options, "context_processors": processors, "libraries": libraries},
        }
    ]
    settings.ROOT_URLCONF = URLS
    settings.TIME_ZONE = "UTC"
    settings.LOGIN_URL = "sign_in"
    settings.LOGIN_REDIRECT_URL = "home"
    settings.SPOTIFY_IS_FAKE = True
    settings.DEMO_USER = None
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", "albums", "shows"]
