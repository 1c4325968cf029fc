"""The way to Spotify: who may go it, what is asked there, and where it may lead back to."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import include, path
from django_redis import get_redis_connection
from pytest_django.asserts import assertContains, assertTemplateUsed

from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import (
    HOST,
    JSON,
    begin,
    begun,
    browser_of,
    by_browser,
    by_post,
    consent,
    query_of,
)
from tests.kit.connecting import nothing_is_stored

pytestmark = pytest.mark.django_db


def test_a_bearer_of_credentials_is_an_api_client_whatever_it_accepts(
    by_name: None, user: Any, spotify: FakeSpotify
) -> None:
    response = Client(HTTP_HOST=HOST).get(
        "/spotify/auth/", headers={"Accept": "*/*", "Authorization": "Name ada"}
    )

    assert response.status_code == 200
    assert response.json()["authorize_url"].startswith(spotify.accounts_url)


def test_an_api_client_may_let_the_browser_come_back(ada: Client, spotify: FakeSpotify) -> None:
    response = ada.get("/spotify/callback/", begun(ada), headers=JSON)

    assert response.status_code == 200
    assert response.json()["spotify_id"] == spotify.user.id


def test_an_api_client_may_name_a_redirect_uri_of_the_list(
    ada: Client, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URIS = ["com.example.app://back"]

    response = ada.get("/spotify/auth/", {"redirect_uri": "com.example.app://back"}, headers=JSON)
    address = response.json()["authorize_url"]

    assert query_of(address)["redirect_uri"] == "com.example.app://back"
    assert by_post(ada, consent(address)) == (200, "")


def test_pkce_is_sent_and_checked(ada: Client) -> None:
    mine, other = begun(ada), begun(ada)

    code = by_browser(ada, {"state": mine["state"], "code": other["code"]})

    assert code == (302, "state_expired"), "the code belongs to another verifier"
    assert nothing_is_stored()


def test_pkce_can_be_switched_off(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_USE_PKCE = False

    address = begin(ada)

    assert "code_challenge" not in query_of(address)
    assert by_browser(ada, consent(address)) == (200, "")


def test_what_is_asked_of_spotify(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    query = query_of(begin(ada))

    assert query.pop("state") != query.pop("code_challenge")
    assert query == {
        "client_id": settings.SPOTIFY_SYNC_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": f"http://{HOST}/spotify/callback/",
        "scope": "user-library-read",
        "code_challenge_method": "S256",
        "show_dialog": "true",
    }


def test_signed_out_goes_to_the_login_page_and_comes_back(spotify: FakeSpotify) -> None:
    response = browser_of().get("/spotify/auth/", {"next": "/here/"})

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/spotify/auth/%3Fnext%3D%252Fhere%252F"


def test_another_site_begins_nothing(ada: Client, spotify: FakeSpotify) -> None:
    """Whom a link of another site brings here, a mail read on the web among them, goes on by a click of their own."""
    page = ada.get("/spotify/auth/?next=/here/", headers={"Sec-Fetch-Site": "cross-site"})

    assert page.status_code == 200
    assertTemplateUsed(page, "spotify_sync/begin.html")
    assertContains(page, '<a href="/spotify/auth/?next=/here/">')
    assert page["X-Frame-Options"] == "DENY"
    assert "spotify_sync_browser" not in str(page.cookies)
    redis = get_redis_connection()
    assert not list(redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:*"))
    click = ada.get("/spotify/auth/?next=/here/", headers={"Sec-Fetch-Site": "same-origin"})
    assert "state" in query_of(click["Location"])


def test_another_site_sends_nobody_through_the_sign_in_page(spotify: FakeSpotify) -> None:
    """From there the way back would be this site's own."""
    page = browser_of().get("/spotify/auth/", headers={"Sec-Fetch-Site": "cross-site"})

    assert page.status_code == 200
    assertTemplateUsed(page, "spotify_sync/begin.html")


def test_a_host_without_templates_shows_the_page_as_well(ada: Client, settings: Any) -> None:
    settings.TEMPLATES = []

    page = ada.get("/spotify/auth/?next=/here/", headers={"Sec-Fetch-Site": "cross-site"})

    assertContains(page, '<a href="/spotify/auth/?next=/here/">')


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_an_own_click_begins(ada: Client, site: str) -> None:
    answer = ada.get("/spotify/auth/", headers={"Sec-Fetch-Site": site})

    assert "state" in query_of(answer["Location"])


def test_an_api_client_of_another_site_begins_as_ever(ada: Client) -> None:
    """What a page there fetches sends nobody anywhere; whether it may read the answer is CORS' matter."""
    answer = ada.get("/spotify/auth/", headers={"Sec-Fetch-Site": "cross-site", **JSON})

    assert list(answer.json()) == ["authorize_url"]


def test_signed_out_api_client_is_refused(spotify: FakeSpotify) -> None:
    response = browser_of().get("/spotify/auth/", headers=JSON)

    assert response.status_code == 403
    assert response.json()["code"] == "not_authenticated"


def test_nobody_is_sent_away_who_could_not_come_back(ada: Client, take_the_cache_away: Any) -> None:
    take_the_cache_away()

    response = ada.get("/spotify/auth/")
    api_response = ada.get("/spotify/auth/", headers=JSON)

    assert response["Location"] == "/spotify/?spotify_error=cache_unavailable"
    assert (api_response.status_code, api_response.json()["code"]) == (503, "cache_unavailable")


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example/callback/",
        "https://good.example/callback/../evil",
        "https://good.example/callback",
        "com.example.app://back.evil",
    ],
)
def test_redirect_uri_that_is_not_on_the_list(
    ada: Client, settings: Any, named: str, headers: dict[str, str]
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URIS = [
        "com.example.app://back",
        "https://good.example/callback/",
    ]

    response = ada.get("/spotify/auth/", {"redirect_uri": named}, headers=headers)

    if headers:
        assert (response.status_code, response.json()["code"]) == (400, "invalid_redirect_uri")
    else:
        assert response["Location"] == "/spotify/?spotify_error=invalid_redirect_uri"
    assert not list(
        get_redis_connection().scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")
    )


@pytest.mark.parametrize(
    ("configured", "host", "works"),
    [
        ("", "127.0.0.1:8000", True),
        ("", "[::1]:8000", True),
        ("", "localhost:8000", False),
        ("", "testserver", False),
        ("http://127.0.0.1:8000/spotify/callback/", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000/spotify/callback/", "localhost:8000", False),
        ("https://testserver/spotify/callback/", "testserver", True),
        ("https://localhost/spotify/callback/", "localhost", False),
        ("http://testserver/spotify/callback/", "testserver", False),
    ],
)
def test_redirect_uris_that_spotify_and_the_browser_can_follow(
    user: Any, spotify: FakeSpotify, settings: Any, configured: str, host: str, works: bool
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.SPOTIFY_SYNC_REDIRECT_URI = configured
    ada = browser_of(user)

    response = ada.get("/spotify/auth/", HTTP_HOST=host)

    if works:
        sent = query_of(response["Location"])["redirect_uri"]
        assert sent == (configured or f"http://{host}/spotify/callback/")
    else:
        assert response["Location"] == "/spotify/?spotify_error=invalid_redirect_uri"


def test_redirect_uri_is_https_behind_a_proxy_that_says_so(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    response = browser_of(user).get(
        "/spotify/auth/", HTTP_HOST="testserver", HTTP_X_FORWARDED_PROTO="https"
    )

    assert query_of(response["Location"])["redirect_uri"] == "https://testserver/spotify/callback/"


def test_asking_too_often(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "2/min"}
    begin(ada)
    begin(ada)

    sent_back = ada.get("/spotify/auth/")
    refused = ada.get("/spotify/auth/", headers=JSON)

    assert sent_back["Location"] == "/spotify/?spotify_error=throttled"
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60


urlpatterns = [path("music/", include("django_spotify_sync.urls"))]


@pytest.mark.urls(__name__)
def test_host_that_mounts_it_elsewhere(ada: Client, spotify: FakeSpotify) -> None:
    address = str(ada.get("/music/auth/")["Location"])

    assert query_of(address)["redirect_uri"] == f"http://{HOST}/music/callback/"
    assert ada.get("/music/callback/", consent(address))["Location"] == "/music/"
