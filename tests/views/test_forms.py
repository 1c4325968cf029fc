"""What the buttons of a page do: the same as REST, with a way back and a message."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.permissions import IsAdminUser

from django_spotify_sync.conf import conf
from django_spotify_sync.errors import message_for
from django_spotify_sync.models import LargeLoss, SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.rest.runs import SyncAllView
from tests.kit.browsing import HOST, JSON, browser_of
from tests.kit.libraries import account_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db

HOME = "/spotify/"
#: What browsers ask for wherever they go.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FORM = "application/x-www-form-urlencoded"
ADDRESSES = [
    "/spotify/sync/",
    "/spotify/sync/tracks/",
    "/spotify/disconnect/",
    "/spotify/syncs/1/loss/",
]
UNDER_WAY = "Your library is being brought up to date."


def press(browser: Client, address: str, *, headers: dict[str, str] = HTML, **fields: str) -> Any:
    """Send a form, as a button does: one without fields says as well what it is, which Django's client forgets."""
    said = {**headers, "Content-Type": FORM}
    return browser.post(address, urlencode(fields), FORM, headers=said)


def told(browser: Client, address: str = HOME) -> str:
    """Return what the page says that a form led back to."""
    return html.unescape(browser.get(address).content.decode())


def doubt(status: str) -> None:
    """Let Spotify have refused the grant, so that it is not asked again for now."""
    judge_at = timezone.now() + timedelta(minutes=1)
    SpotifyAccount.objects.update(status=status, judge_at=judge_at)


def without(settings: Any, *ends: str) -> None:
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith(ends)]


# Back, with a message


@pytest.mark.parametrize(
    ("address", "resources"),
    [("/spotify/sync/", set(conf.RESOURCES)), ("/spotify/sync/tracks/", {"tracks"})],
)
def test_a_sync_is_asked_for_and_said_once(
    ada: Client, account: SpotifyAccount, address: str, resources: set[str]
) -> None:
    answer = press(ada, address)

    assert (answer.status_code, answer["Location"]) == (302, HOME)
    runs = SyncRun.objects.all()
    assert {run.resource for run in runs} == resources
    assert {run.trigger for run in runs} == {Trigger.USER}
    assert UNDER_WAY in told(ada)
    assert UNDER_WAY not in told(ada)


def test_a_form_may_ask_for_a_full_pass(ada: Client, account: SpotifyAccount) -> None:
    press(ada, "/spotify/sync/tracks/", full="on")

    assert SyncRun.objects.get().full


def test_a_disconnect(ada: Client, account: SpotifyAccount) -> None:
    answer = press(ada, "/spotify/disconnect/")

    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert not SpotifyAccount.objects.exists()
    assert "Spotify is disconnected." in told(ada)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/library/?page=2", "/library/?page=2"),
        (f"http://{HOST}/library/", f"http://{HOST}/library/"),
        ("https://evil.example/", HOME),
        ("//evil.example/", HOME),
        ("javascript:alert(1)", HOME),
        ("", HOME),
    ],
)
def test_the_way_back_leads_to_no_other_site(
    ada: Client, account: SpotifyAccount, address: str, wanted: str, location: str
) -> None:
    assert press(ada, address, next=wanted)["Location"] == location


def test_files_may_come_with_it(ada: Client, account: SpotifyAccount) -> None:
    """A form of a site may be multipart, which is a form all the same."""
    answer = ada.post("/spotify/sync/tracks/", {"next": "/library/"}, headers=HTML)

    assert (answer.status_code, answer["Location"]) == (302, "/library/")
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("keep", "Kept: they stay in the library."),
        ("accept", "Accepted: the next sync removes them."),
    ],
)
def test_a_large_loss_is_decided(
    ada: Client, account: SpotifyAccount, decision: str, said: str
) -> None:
    loss = loss_of(account)

    answer = press(ada, f"/spotify/syncs/{loss.run_id}/loss/", decision=decision)

    assert (answer.status_code, answer["Location"]) == (302, HOME)
    loss.refresh_from_db()
    assert loss.decision == decision
    assert said in told(ada)


def test_what_was_settled_meanwhile_is_said(ada: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account)
    LargeLoss.objects.update(settled_at=timezone.now())

    press(ada, f"/spotify/syncs/{loss.run_id}/loss/", decision="accept")

    assert message_for("loss_settled") in told(ada)


def test_nobody_decides_another_s_loss(
    ada: Client, account: SpotifyAccount, other_user: Any
) -> None:
    loss = loss_of(account_of(other_user, "grace"))

    press(ada, f"/spotify/syncs/{loss.run_id}/loss/", decision="accept")

    assert message_for("not_found") in told(ada)
    loss.refresh_from_db()
    assert loss.decision is None


def test_the_second_of_two_tabs_that_disconnect_is_told(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    for goes in (False, True):
        settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = goes
        for _ in range(2):
            assert press(ada, "/spotify/disconnect/")["Location"] == HOME
    page = told(ada)

    assert "Spotify is disconnected." in page
    assert message_for("not_connected") in page


# What goes wrong


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required"])
def test_a_refusal_is_said_in_words(ada: Client, account: SpotifyAccount, status: str) -> None:
    doubt(status)

    answer = press(ada, "/spotify/sync/", next="/spotify/?a=1")

    assert (answer.status_code, answer["Location"]) == (302, "/spotify/?a=1")
    assert not SyncRun.objects.exists()
    assert told(ada).count(message_for(status)) == 2, "by the message, and as it stands"
    assert UNDER_WAY not in told(ada)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_has_no_account_is_told(ada: Client, address: str) -> None:
    assert press(ada, address)["Location"] == HOME
    assert told(ada).count(message_for("not_connected")) == 2, "by the message, and as it stands"
    assert told(ada).count(message_for("not_connected")) == 1


def test_a_resource_that_there_is_not(ada: Client, account: SpotifyAccount) -> None:
    assert press(ada, "/spotify/sync/podcasts/")["Location"] == HOME
    assert message_for("unknown_resource") in told(ada)


def test_asking_too_often(ada: Client, account: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"sync": "1/day"}
    press(ada, "/spotify/sync/tracks/")

    press(ada, "/spotify/sync/playlists/")

    assert message_for("throttled") in told(ada)
    assert [run.resource for run in SyncRun.objects.all()] == ["tracks"]


def test_what_the_site_does_not_allow(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SyncAllView, "permission_classes", [IsAdminUser])

    press(ada, "/spotify/sync/")

    assert message_for("permission_denied") in told(ada)
    assert not SyncRun.objects.exists()


def test_a_wish_that_is_none(ada: Client, account: SpotifyAccount) -> None:
    press(ada, "/spotify/sync/", full="perhaps")

    assert message_for("error") in told(ada)
    assert not SyncRun.objects.exists()


def test_a_sync_of_all_where_the_site_allows_none(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource, trigger: False

    press(ada, "/spotify/sync/")

    page = told(ada)
    assert "There is nothing to sync right now." in page
    assert UNDER_WAY not in page
    press(ada, "/spotify/sync/tracks/")
    assert message_for("permission_denied") in told(ada)


def test_with_the_cache_away_the_buttons_work(
    ada: Client, account: SpotifyAccount, take_the_cache_away: Any
) -> None:
    take_the_cache_away()

    assert press(ada, "/spotify/sync/")["Location"] == HOME
    assert "<progress></progress>" in told(ada)
    assert press(ada, "/spotify/disconnect/")["Location"] == HOME
    assert not SpotifyAccount.objects.exists()


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_is_signed_out_signs_in_first(
    nobody: Client, account: SpotifyAccount, address: str
) -> None:
    answer = press(nobody, address, next="/library/")

    assert answer["Location"] == "/accounts/login/?next=/library/"
    assert not SyncRun.objects.exists()
    assert SpotifyAccount.objects.get().status == "connected"


# A host without messages


def test_without_messages_an_error_is_in_the_address(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    without(settings, "MessageMiddleware")
    doubt("suspect")

    answer = press(ada, "/spotify/sync/", next="/spotify/?a=1")

    assert answer["Location"] == "/spotify/?a=1&spotify_error=suspect"
    assert message_for("suspect") in told(ada, answer["Location"])


def test_without_messages_what_went_well_is_seen(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    without(settings, "MessageMiddleware")

    assert press(ada, "/spotify/sync/")["Location"] == HOME
    assert "<progress></progress>" in told(ada)


# Who sends it


def test_the_page_s_own_button_works_as_browsers_send_it(
    user: Any, account: SpotifyAccount, settings: Any
) -> None:
    """With Django's own check of CSRF; a site may leave out its middleware."""
    for gone in ("Nothing", "CsrfViewMiddleware"):
        without(settings, gone)
        SyncRun.objects.all().delete()
        browser = browser_of(user, enforce_csrf_checks=True)
        form = told(browser).partition('action="/spotify/sync/">')[2]
        fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', form.partition("</form>")[0]))
        assert fields.keys() == {"csrfmiddlewaretoken", "next"}

        answer = press(
            browser, "/spotify/sync/", headers={**HTML, "Origin": f"http://{HOST}"}, **fields
        )

        assert (answer.status_code, answer["Location"]) == (302, HOME)
        assert SyncRun.objects.count() == len(conf.RESOURCES)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("origin", ["", "https://evil.example", "null"])
@pytest.mark.parametrize("has_middleware", [True, False])
def test_another_site_s_form_does_nothing(
    user: Any,
    account: SpotifyAccount,
    settings: Any,
    address: str,
    origin: str,
    has_middleware: bool,
) -> None:
    if not has_middleware:
        without(settings, "CsrfViewMiddleware")
    browser = browser_of(user, enforce_csrf_checks=True)
    headers = {**HTML, "Origin": origin} if origin else HTML

    answer = press(browser, address, headers=headers)

    assert answer.status_code == 403
    assert not SyncRun.objects.exists()
    assert SpotifyAccount.objects.get().status == "connected"


def test_a_form_goes_by_the_session_whatever_api_clients_go_by(
    by_name: None, ada: Client, account: SpotifyAccount
) -> None:
    assert press(ada, "/spotify/sync/tracks/")["Location"] == HOME
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_script_s_form_is_answered_with_json(
    ada: Client, account: SpotifyAccount, accept: str
) -> None:
    answer = press(ada, "/spotify/sync/tracks/", headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer.json()["resource"]) == (202, "tracks")


@pytest.mark.parametrize("headers", [HTML, JSON])
def test_json_is_answered_with_json(
    ada: Client, account: SpotifyAccount, headers: dict[str, str]
) -> None:
    answer = ada.post("/spotify/sync/tracks/", {"full": True}, "application/json", headers=headers)

    assert (answer.status_code, answer.json()["resource"]) == (202, "tracks")
