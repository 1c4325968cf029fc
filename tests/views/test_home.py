"""The package's own page: what it shows to whom, and what that costs."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone, translation

from django_spotify_sync.errors import message_for
from django_spotify_sync.models import LargeLoss, LostRow, SpotifyAccount, SpotifyToken
from tests.kit.api import NOON, run_of
from tests.kit.browsing import JSON, browser_of
from tests.kit.libraries import account_of, follow, save
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db

HOME = "/spotify/"
SYNC_FORM = '<form method="post" action="/spotify/sync/">'
DISCONNECT_FORM = '<form method="post" action="/spotify/disconnect/">'
DISCONNECT_LINK = 'href="?disconnect#disconnect"'
CONNECT = 'href="/spotify/auth/?next=/spotify/"'


def shown(client: Client, **query: str) -> str:
    """Return what the page shows."""
    answer = client.get(HOME, query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


# Who is signed out


def test_who_is_signed_out_is_sent_to_sign_in(nobody: Client) -> None:
    assert nobody.get(HOME)["Location"] == "/accounts/login/?next=/spotify/"


def test_who_is_signed_out_is_told_first_what_went_wrong(nobody: Client) -> None:
    page = shown(nobody, spotify_error="no_user")

    assert message_for("no_user") in page
    assert 'href="/accounts/login/?next=/spotify/"' in page
    assert "/spotify/login/" not in page
    assert "<form" not in page


@pytest.mark.usefixtures("login_enabled")
def test_who_could_sign_in_with_spotify_is_shown_the_way(nobody: Client) -> None:
    assert 'href="/spotify/login/"' in shown(nobody, spotify_error="access_denied")


def test_a_host_that_wants_a_login_everywhere(nobody: Client, settings: Any) -> None:
    required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, required]

    assert message_for("no_user") in shown(nobody, spotify_error="no_user")
    assert nobody.get(HOME).status_code == 302


def test_a_host_that_keeps_no_users_on_a_request(nobody: Client, settings: Any) -> None:
    gone = ("AuthenticationMiddleware", "MessageMiddleware")
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith(gone)]

    assert nobody.get(HOME)["Location"] == "/accounts/login/?next=/spotify/"


# Who is not connected


def test_who_never_connected_is_shown_the_way(ada: Client) -> None:
    page = shown(ada)

    assert "No Spotify account is connected." in page
    assert CONNECT in page
    assert "<form" not in page


def test_it_is_said_in_the_visitor_s_language(ada: Client) -> None:
    with translation.override(
        "en"
    ):  # which is then what it was: a request leaves its language behind
        page = ada.get(HOME, headers={"Accept-Language": "ru"}).content.decode()

    assert '<html lang="ru">' in page
    assert "Аккаунт Spotify не подключён." in page


def test_who_has_let_go_is_shown_the_way_too_where_the_library_is_kept(
    ada: Client, account: SpotifyAccount
) -> None:
    SpotifyAccount.objects.update(status="disconnected")

    page = shown(ada)

    assert CONNECT in page
    assert account.display_name not in page


@pytest.mark.parametrize("code", ["access_denied", "throttled", "linked_elsewhere"])
def test_what_went_wrong_is_said_in_words(ada: Client, code: str) -> None:
    assert message_for(code) in shown(ada, spotify_error=code)


def test_a_code_that_somebody_made_up_is_not_repeated(ada: Client) -> None:
    page = shown(ada, spotify_error="<b>made up</b>")

    assert message_for("error") in page
    assert "made up" not in page


# Who is connected


def test_who_is_connected_sees_the_library_and_can_sync_it(
    ada: Client, account: SpotifyAccount
) -> None:
    for _ in range(3):
        save(account)
    follow(account)

    page = " ".join(shown(ada).split())

    assert f"Connected to Spotify as {account.display_name}." in page
    never = "<small> Last looked at: Never </small>"
    assert f"<span>Saved tracks</span> {never} <b>3</b>" in page
    assert f"<span>Followed artists</span> {never} <b>1</b>" in page
    assert "Saved episodes" not in page, "which this site does not sync"
    assert SYNC_FORM in page
    assert "csrfmiddlewaretoken" in page
    assert DISCONNECT_LINK in page
    assert CONNECT not in page


@pytest.mark.parametrize(
    ("status", "is_asked_again"), [("queued", True), ("running", True), ("waiting", False)]
)
def test_a_sync_that_is_under_way_has_a_bar(
    ada: Client, account: SpotifyAccount, settings: Any, status: str, is_asked_again: bool
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    run_of(account, status=status, done=1000, total=2500)

    answer = ada.get(HOME)

    page = " ".join(answer.content.decode().split())
    assert f"Saved tracks: {status}, 1,000 of 2,500" in page
    assert '<progress value="1000" max="2500"></progress>' in page
    assert answer.get("Refresh") == ("5; url=/spotify/" if is_asked_again else None)


def test_as_long_as_nothing_is_known_the_bar_has_no_end(
    ada: Client, account: SpotifyAccount
) -> None:
    run_of(account, status="queued")

    assert "<progress></progress>" in shown(ada)


@pytest.mark.parametrize("query", [{"spotify_error": "throttled"}, {"disconnect": ""}])
def test_a_page_that_is_to_be_read_stays(
    ada: Client, account: SpotifyAccount, query: dict[str, str]
) -> None:
    run_of(account, status="running")

    assert "Refresh" not in ada.get(HOME, query)


def test_the_last_syncs_say_how_they_went(ada: Client, account: SpotifyAccount) -> None:
    run_of(account, status="succeeded", created=120, finished_at=NOON)
    failed = {"error_code": "spotify_unavailable", "error_detail": "GET /me/tracks: 500"}
    run_of(account, status="failed", finished_at=NOON, **failed)

    page = " ".join(shown(ada).split())

    assert f"<span>Failed: {message_for('spotify_unavailable')}</span>" in page
    assert "<span>Succeeded</span>" in page
    assert "· New: 120 </small>" in page
    assert "/me/tracks" not in page
    assert page.index("Failed") < page.index("Succeeded")


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required"])
def test_a_grant_that_does_not_serve_is_to_be_renewed(
    ada: Client, account: SpotifyAccount, status: str
) -> None:
    save(account)
    SpotifyAccount.objects.update(status=status)

    page = shown(ada)

    assert message_for(status) in page
    assert CONNECT in page
    assert "<b>1</b>" in page, "the library is there"
    assert SYNC_FORM not in page
    assert DISCONNECT_LINK in page


def test_scopes_that_are_missing_are_mentioned(ada: Client, account: SpotifyAccount) -> None:
    SpotifyToken.objects.update(scope="user-library-read")

    page = shown(ada)

    assert "You have not agreed to all that this site reads." in page
    assert page.count("You have not agreed to this.") == 1, "to following: playlists come without"
    assert CONNECT in page
    assert SYNC_FORM in page


def test_scopes_that_nobody_knows_are_not_missed(ada: Client, account: SpotifyAccount) -> None:
    SpotifyToken.objects.update(scope="")

    assert "You have not agreed" not in shown(ada)


def test_a_consent_that_ends_soon_is_mentioned(ada: Client, account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(reauthorize_by=timezone.now() + timedelta(days=5))

    page = shown(ada)

    assert "Your consent at Spotify ends on" in page
    assert CONNECT in page


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("second_run", "If the next sync finds the same, they are removed."),
        ("ask", "It stays so until somebody decides."),
    ],
)
def test_a_large_loss_is_mentioned_until_somebody_decides(
    ada: Client, account: SpotifyAccount, settings: Any, setting: str, words: str
) -> None:
    settings.SPOTIFY_SYNC_LARGE_LOSS = setting
    loss_of(account, 3)

    page = " ".join(shown(ada).split())

    assert "Followed artists: 3 entries seem to be gone at Spotify." in page
    assert words in page
    LargeLoss.objects.update(decision="keep")
    assert "seem to be gone" not in shown(ada)


def test_a_large_loss_can_be_decided_and_is_downloaded_first(
    ada: Client, account: SpotifyAccount
) -> None:
    loss = loss_of(account, 7)

    page = " ".join(shown(ada).split())

    for name in ("Band 0", "Band 4"):
        assert f"<li>{name}</li>" in page
    assert "<li>and 2 more</li>" in page
    assert "Band 5" not in page
    assert f'<form method="post" action="/spotify/syncs/{loss.run_id}/loss/">' in page
    assert ada.get(re.findall('href="([^"]+/export/[^"]+)"', page)[0]).status_code == 200
    for decision in ("keep", "accept"):
        assert f'<button name="decision" value="{decision}">' in page


def test_an_accepted_loss_can_be_kept_until_it_is_removed(
    ada: Client, account: SpotifyAccount
) -> None:
    loss_of(account, 2)
    LargeLoss.objects.update(decision="accept")

    page = shown(ada)

    assert "Accepted: the next sync removes them." in page
    assert 'value="keep"' in page
    assert 'value="accept"' not in page
    LargeLoss.objects.update(settled_at=NOON)
    assert "seem to be gone" not in shown(ada)


def test_a_loss_of_what_the_site_syncs_no_more_is_not_mentioned(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    loss_of(account, 2)
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    assert "seem to be gone" not in shown(ada)


def test_names_with_markup_are_text(ada: Client, account: SpotifyAccount) -> None:
    markup = "<script>alert(1)</script>"
    SpotifyAccount.objects.update(display_name=markup)
    loss_of(account, 1, band=markup)
    LostRow.objects.update(subtitle=markup)

    page = ada.get(HOME).content.decode()

    assert page.count("&lt;script&gt;") == 3
    assert "<script" not in page


@pytest.mark.parametrize("goes", [True, False])
def test_it_is_said_before_what_a_disconnect_does(
    ada: Client, account: SpotifyAccount, settings: Any, goes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = goes

    page = shown(ada, disconnect="")

    assert DISCONNECT_FORM in page
    assert DISCONNECT_LINK not in page
    assert DISCONNECT_FORM not in shown(ada), "which is a step before"
    assert ("and deletes its copy of your library." in page) is goes
    assert ("and soon deletes its copy of your library." in page) is not goes
    assert "https://www.spotify.com/account/apps/" in page


def test_nobody_sees_another_s(ada: Client, account: SpotifyAccount, other_user: Any) -> None:
    grace = account_of(other_user, "grace", display_name="Grace of Spotify")
    save(grace)
    loss_of(grace, 3)
    run_of(grace, status="running", done=77, total=7777)

    page = shown(ada)

    for hers in ("Grace of Spotify", "<b>1</b>", "seem to be gone", "77 of 7777"):
        assert hers not in page
    assert account.display_name not in shown(browser_of(other_user))


def test_many_rows_cost_as_many_queries_as_few(ada: Client, account: SpotifyAccount) -> None:
    def fill(rows: int) -> None:
        for _ in range(rows):
            save(account)
            follow(account)
            run_of(account, finished_at=NOON)
            loss_of(account, 2)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(ada)
        return len(captured)

    fill(2)
    few = queries()
    fill(20)

    assert queries() == few


# The answer itself


def test_the_page_is_kept_by_nobody_and_in_no_frame(ada: Client) -> None:
    answer = ada.get(HOME)

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin", "else its forms have an Origin of null"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("headers", [{}, JSON])
def test_nothing_is_posted_there(ada: Client, method: str, headers: dict[str, str]) -> None:
    answer = getattr(ada, method)(HOME, headers=headers)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_an_api_client_is_answered_with_the_account(
    ada: Client, account: SpotifyAccount, nobody: Client
) -> None:
    assert ada.get(HOME, headers=JSON).json() == ada.get("/spotify/account/").json()
    refused = nobody.get(HOME, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_authenticated")


urlpatterns = [
    path("music/", include("django_spotify_sync.urls", namespace="music")),
    path("other/", include(([path("spotify/", include("django_spotify_sync.urls"))], "other"))),
]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("home", ["/music/", "/other/spotify/"])
def test_all_leads_to_where_the_page_is(ada: Client, account: SpotifyAccount, home: str) -> None:
    loss = loss_of(account, 1)

    page = ada.get(home, {"disconnect": ""}).content.decode()

    assert f'action="{home}sync/"' in page
    assert f'action="{home}disconnect/"' in page
    assert f'action="{home}syncs/{loss.run_id}/loss/"' in page
    assert f'href="{home}export/?resource=following"' in page
    SpotifyAccount.objects.update(status="suspect")
    assert f'href="{home}auth/?next={home}"' in ada.get(home).content.decode()
