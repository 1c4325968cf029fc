"""The example site, in a process of its own, or its pages in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

from django.conf import settings

EXAMPLE = Path(__file__).parents[2] / "example_project"
APPS = ["django.contrib.humanize", "pages", "demo"]
RESOURCES = ["tracks", "playlists", "following", "albums", "shows", "episodes", "audiobooks"]


def run_at_example_site(script: str, database: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the example site, on a database given as its URL; return what became of it."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=EXAMPLE,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("SPOTIFY_")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "FERNET_KEY": "JsCVCkFpFwBjcK17Hc8V_rGauBvBSa2iH8-aVzRQoD4=",
            "DJANGO_SECRET_KEY": "not a secret, this is a test",
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def settings_of_the_pages() -> dict[str, Any]:
    """Return the settings by which a host of the tests shows the pages of the example site, in this process.

    It goes without that site's own settings and Celery app: those are tested in a process of their own.
    """
    if str(EXAMPLE) not in sys.path:
        sys.path.append(str(EXAMPLE))
    templates: list[Any] = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].append("pages.context_processors.site")
    return {
        "INSTALLED_APPS": [*settings.INSTALLED_APPS, *APPS],
        "TEMPLATES": templates,
        "ROOT_URLCONF": "tests.kit.example_urls",
        "LOCALE_PATHS": [EXAMPLE / "locale"],
        "LANGUAGES": [("en", "English"), ("ru", "Русский")],
        "LOGIN_URL": "sign_in",
        "SPOTIFY_IS_FAKE": True,
        "DEMO_USER": None,
        "SPOTIFY_SYNC_RESOURCES": [*RESOURCES],
        "SPOTIFY_SYNC_CONNECTED_URL": "home",
        "SPOTIFY_SYNC_FAILED_URL": "home",
    }
