"""An attempt dies with what began it: the session, its user's password, the browser's cookie."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import update_session_auth_hash
from django.core.signals import got_request_exception
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.views.debug import ExceptionReporter

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.signals import sign_in_linked
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views import finish
from django_spotify_sync.views.cookie import BROWSER_COOKIE
from tests.kit.browsing import (
    HOST,
    JSON,
    begun,
    both_doors,
    browser_of,
    by_browser,
    by_post,
    connect_by_browser,
    consent,
    query_of,
)
from tests.kit.connecting import connect, nothing_is_stored
from tests.kit.signing_in import agreed, who

pytestmark = pytest.mark.django_db

commits = pytest.mark.django_db(transaction=True)


def sign_in(browser: Client, name: str = "ada", password: str | None = None, at: str = "") -> Any:
    """Fill in the site's form; return its answer."""
    form = {"username": name, "password": password or name}
    answer = browser.post(at or "/accounts/login/", form)
    assert answer.status_code == 302, answer.content
    return answer


def sign_out(browser: Client) -> None:
    """Sign out as people do; the client of Django's tests would forget all cookies."""
    assert browser.post("/accounts/logout/").status_code == 302
    assert who(browser) is None


def with_cookie_of(browser: Client, user: Any = None) -> Client:
    """Open what has the cookie of this browser, and not its session."""
    other = browser_of(user)
    other.cookies[BROWSER_COOKIE] = browser.cookies[BROWSER_COOKIE].value
    return other


# Signing out


def test_who_signs_out_leaves_nothing_to_finish(ada: Client) -> None:
    brought = begun(ada)
    stolen = with_cookie_of(ada)

    sign_out(ada)

    assert by_browser(ada, brought) == (302, "state_other_browser")
    assert by_browser(stolen, brought) == (302, "state_other_browser")
    assert nothing_is_stored()


@both_doors
def test_who_signs_out_and_in_again_begins_again(ada: Client, finish: Any) -> None:
    brought = begun(ada)
    sign_out(ada)
    sign_in(ada)

    assert finish(ada, brought)[1] == "state_other_browser"
    assert nothing_is_stored()
    assert finish(ada, begun(ada)) == (200, ""), "by a cookie of its own"


def test_a_sign_in_that_was_begun_ends_with_the_session_too(
    ada: Client, login_enabled: None, account: SpotifyAccount
) -> None:
    brought = agreed(ada)

    sign_out(ada)

    assert by_browser(ada, brought) == (302, "state_other_browser")
    assert who(ada) is None


def test_another_session_of_the_same_user_finishes_nothing(ada: Client, user: Any) -> None:
    brought = begun(ada)

    assert by_browser(browser_of(user), brought) == (302, "state_other_browser")
    assert nothing_is_stored()
    assert by_browser(ada, brought) == (200, "")


def test_with_the_cache_away_people_still_sign_out(ada: Client, take_the_cache_away: Any) -> None:
    begun(ada)
    take_the_cache_away()

    sign_out(ada)


# A session that was lost on the way


def test_who_comes_back_without_a_session_signs_in_first(ada: Client, user: Any) -> None:
    brought = begun(ada, next="/library/")
    ada.cookies.pop("sessionid")

    sent = ada.get("/spotify/callback/", brought)
    back = sign_in(ada, at=sent["Location"])
    end = ada.get(back["Location"])

    assert sent["Location"].startswith("/accounts/login/?next=/spotify/callback/%3F")
    assert "no-store" in sent["Cache-Control"]
    assert end["Location"] == "/library/"
    assert SpotifyAccount.objects.get().user_id == user.pk


def test_somebody_else_who_signs_in_there_gets_nothing(
    ada: Client, user: Any, other_user: Any
) -> None:
    brought = begun(ada)
    grace = with_cookie_of(ada)
    sent = grace.get("/spotify/callback/", brought)

    back = sign_in(grace, "grace", at=sent["Location"])

    assert query_of(grace.get(back["Location"])["Location"]) == {
        "spotify_error": "state_other_browser"
    }
    assert nothing_is_stored()
    assert by_browser(ada, brought) == (200, ""), "it stays good for its own"


def test_an_api_client_without_a_session_is_told_to_sign_in(ada: Client) -> None:
    brought = begun(ada)
    signed_out = with_cookie_of(ada)

    answer = signed_out.get("/spotify/callback/", brought, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_authenticated")
    assert nothing_is_stored()
    assert by_post(ada, brought) == (200, "")


def test_who_signs_in_afresh_goes_on(ada: Client) -> None:
    """As a site may ask for before something that matters: the same user, and nobody signed out."""
    brought = begun(ada)
    sign_in(ada)

    assert by_browser(ada, brought) == (200, "")


# The password


def change_password_elsewhere(browser: Client, user: Any) -> None:
    user.set_password("another")
    user.save()


def change_password_here(request: Any) -> HttpResponse:
    """A site's page, after which its user is still signed in."""
    request.user.set_password("another")
    request.user.save()
    update_session_auth_hash(request, request.user)
    return HttpResponse()


urlpatterns = [path("new-password/", change_password_here), path("", include("tests.urls"))]


@both_doors
@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.urls(__name__)
def test_a_changed_password_ends_what_was_begun(
    ada: Client, user: Any, spotify: FakeSpotify, where: str, finish: Any
) -> None:
    brought = begun(ada)
    if where == "here":
        assert ada.post("/new-password/").status_code == 200
        assert who(ada) == str(user.pk)
    else:
        change_password_elsewhere(ada, user)
        sign_in(ada, password="another")

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")
    assert spotify.count("/api/token") == 0
    assert nothing_is_stored()
    assert finish(ada, begun(ada)) == (200, "")


# The cookie


@pytest.mark.parametrize("consent", ["auto", "deny"])
def test_the_cookie_goes_with_the_end(ada: Client, spotify: FakeSpotify, consent: Any) -> None:
    spotify.consent = consent
    brought = begun(ada)
    assert ada.cookies[BROWSER_COOKIE].value

    answer = ada.get("/spotify/callback/", brought)

    assert answer.cookies[BROWSER_COOKIE]["max-age"] == 0
    assert ada.cookies[BROWSER_COOKIE].value == ""


def test_the_cookie_goes_with_the_end_of_a_sign_in(
    nobody: Client, login_enabled: None, account: SpotifyAccount
) -> None:
    by_post(nobody, agreed(nobody))

    assert nobody.cookies[BROWSER_COOKIE].value == ""


def test_another_s_answer_takes_no_cookie_away(ada: Client, other_user: Any) -> None:
    """Anybody can have a browser open the callback, with a state of their own that was used."""
    grace = browser_of(other_user)
    others = begun(grace)
    by_browser(grace, others)
    brought = begun(ada)
    cookie = ada.cookies[BROWSER_COOKIE].value

    for answer in ({"state": "guess", "code": "x"}, others, {}):
        assert by_browser(ada, answer)[0] == 302

    assert ada.cookies[BROWSER_COOKIE].value == cookie
    assert by_browser(ada, brought)[1] in ("", "linked_elsewhere")


# A new way to sign in


def elsewhere(request: Any) -> str | None:
    """A host's hook: who signed in long ago is to do it again."""
    fresh = request.session.get("fresh")
    return None if fresh else f"/accounts/login/?next={request.path}"


def test_a_site_may_ask_for_a_fresh_sign_in_first(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_BEFORE_CONNECT = elsewhere

    page = ada.get("/spotify/auth/")
    answer = ada.get("/spotify/auth/", headers=JSON)

    assert page["Location"] == "/accounts/login/?next=/spotify/auth/"
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert BROWSER_COOKIE not in ada.cookies
    session = ada.session
    session["fresh"] = True
    session.save()
    assert by_browser(ada, begun(ada)) == (200, "")


def test_signing_in_is_not_asked_for_a_sign_in(
    nobody: Client, login_enabled: None, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_BEFORE_CONNECT = elsewhere

    assert by_browser(nobody, agreed(nobody)) == (200, "")


@pytest.fixture
def told() -> Any:
    """Give whom a site would have written to."""
    heard: list[tuple[str, str, timedelta]] = []

    def listen(account: SpotifyAccount, linked_at: Any, **kwargs: Any) -> None:
        heard.append((account.user.username, account.display_name, linked_at))

    sign_in_linked.connect(listen)
    yield heard
    sign_in_linked.disconnect(listen)


@commits
def test_a_new_way_to_sign_in_is_told(
    ada: Client, user: Any, spotify: FakeSpotify, login_enabled: None, told: Any
) -> None:
    connect_by_browser(ada)

    account = SpotifyAccount.objects.get()
    assert told == [("ada", account.display_name, account.authorized_at)]
    connect_by_browser(ada)
    assert len(told) == 1, "the same account again is nothing new"
    another = spotify.add_user("another")
    connect(user, spotify, another)
    assert len(told) == 2, "another one is"
    SpotifyAccount.objects.update(status="disconnected")
    connect(user, spotify, another)
    assert len(told) == 3, "and one that opened nothing any more"


@commits
def test_where_nobody_signs_in_by_it_nothing_is_told(ada: Client, told: Any) -> None:
    connect_by_browser(ada)

    assert told == []


# Signing in before finishing


def test_who_signs_in_first_with_spotify_goes_on_to_finish(
    ada: Client, login_enabled: None, account: SpotifyAccount, settings: Any
) -> None:
    settings.LOGIN_URL = "spotify_sync:login"
    brought = begun(ada, next="/library/")
    ada.cookies.pop("sessionid")  # lost on the way
    page = ada.get("/spotify/callback/", brought)["Location"]
    back = ada.get("/spotify/callback/", consent(ada.post(page)["Location"]))

    end = ada.get(back["Location"])

    assert (end.status_code, end["Location"]) == (302, "/library/")


def test_without_pkce_no_code_is_carried_to_the_sign_in_page(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_USE_PKCE = False
    brought = begun(ada)
    ada.cookies.pop("sessionid")

    answer = ada.get("/spotify/callback/", brought)

    assert "state_other_browser" in answer["Location"]
    assert brought["code"] not in answer["Location"]


def test_a_sign_in_page_that_signs_nobody_out_first_voids_nothing(ada: Client) -> None:
    brought = begun(ada)
    ada.cookies.pop("sessionid")

    ada.post("/accounts/logout/")

    assert "next=" in ada.get("/spotify/callback/", brought)["Location"]


@commits
def test_no_report_shows_the_code_that_the_sign_in_page_had_in_its_address(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = begun(ada)
    ada.cookies.pop("sessionid")
    page = ada.get("/spotify/callback/", brought)["Location"]
    back = sign_in(ada, at=page)["Location"]
    reports: list[str] = []

    def crash(*args: Any) -> Any:
        raise ZeroDivisionError

    def note(sender: Any, request: Any, **kwargs: Any) -> None:
        reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_text())

    monkeypatch.setattr(finish, "_take", crash)
    ada.raise_request_exception = False
    got_request_exception.connect(note)
    try:
        ada.get(back, headers={"Referer": f"http://{HOST}{page}"})  # as browsers send it
    finally:
        got_request_exception.disconnect(note)

    [report] = reports
    assert "HTTP_REFERER" in report
    assert brought["code"] not in report
