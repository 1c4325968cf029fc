"""The look of our pages: the site's, where it has one."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import TemplateDoesNotExist
from django.test import Client
from pytest_django.asserts import assertTemplateUsed

from django_spotify_sync.models import SpotifyAccount

pytestmark = pytest.mark.django_db

OURS = "spotify_sync/pages.css"
SITE = (
    "<title>{% block title %}{% endblock %}</title><b>My site</b>{% block content %}{% endblock %}"
)


@pytest.fixture
def templates(settings: Any) -> dict[str, str]:
    """Give this host templates of its own, which come before ours."""
    own: dict[str, str] = {}
    [engine] = settings.TEMPLATES
    loaders = [
        ("django.template.loaders.locmem.Loader", own),
        "django.template.loaders.app_directories.Loader",
    ]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    return own


@pytest.mark.usefixtures("login_enabled")
@pytest.mark.parametrize(
    ("address", "says"),
    [("/spotify/", "No Spotify account"), ("/spotify/login/", "Sign in with Spotify")],
)
def test_a_page_is_put_into_the_site_s_own(
    ada: Client, settings: Any, templates: dict[str, str], address: str, says: str
) -> None:
    assert OURS in ada.get(address).content.decode()
    templates["site.html"] = SITE
    settings.SPOTIFY_SYNC_BASE_TEMPLATE = "site.html"

    page = ada.get(address).content.decode()

    assert "<b>My site</b>" in page
    assert says in page
    assert OURS not in page


def test_a_template_of_the_site_s_takes_the_place_of_ours(
    ada: Client, account: SpotifyAccount, templates: dict[str, str]
) -> None:
    templates["spotify_sync/home.html"] = (
        "{{ account.spotify_id }}: {% for shelf in shelves %}{{ shelf.name }}, {% endfor %}"
    )

    page = ada.get("/spotify/").content.decode()

    assert page.startswith(f"{account.spotify_id}: saved tracks, playlists, ")


def test_so_does_that_of_a_button(ada: Client, templates: dict[str, str]) -> None:
    templates["spotify_sync/connect_button.html"] = "<i>{{ address }} {{ next }}</i>"

    assert "<i>/spotify/auth/ /spotify/</i>" in ada.get("/spotify/").content.decode()


def test_a_host_without_templates_shows_the_page_as_well(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.TEMPLATES = []

    page = ada.get("/spotify/").content.decode()

    assert account.display_name in page
    assert 'action="/spotify/sync/"' in page
    assert "csrfmiddlewaretoken" in page


def test_a_base_template_that_is_not_there_is_named(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_BASE_TEMPLATE = "nowhere.html"

    with pytest.raises(TemplateDoesNotExist, match=r"nowhere\.html"):
        ada.get("/spotify/")


def test_messages_of_the_site_are_shown_too(ada: Client, account: SpotifyAccount) -> None:
    ada.post("/spotify/sync/", headers={"Accept": "text/html"})

    page = ada.get("/spotify/")

    assertTemplateUsed(page, "spotify_sync/base.html")
    assert page.content.decode().count("Your library is being brought up to date.") == 1
