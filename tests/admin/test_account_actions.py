"""What is asked for on behalf of others, and who may ask."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from django_spotify_sync.admin import account_actions
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.testing import FakeSpotify
from tests.kit.administering import address, text_of
from tests.kit.browsing import browser_of
from tests.kit.connecting import connect
from tests.kit.libraries import account_of, save

pytestmark = pytest.mark.django_db

ALL = {"tracks", "playlists", "following", "albums", "shows"}
SYNCS = {
    "sync_tracks": ({"tracks"}, False),
    "sync_playlists": ({"playlists"}, False),
    "sync_following": ({"following"}, False),
    "sync_albums": ({"albums"}, False),
    "sync_shows": ({"shows"}, False),
    "sync_everything": (ALL, False),
    "sync_in_full": (ALL, True),
}

#: What is asked about first.
CONFIRMED = {name: {"confirmed": "yes"} for name in ("sync_in_full", "disconnect")}


def act(client: Client, action: str, *accounts: SpotifyAccount, **more: str) -> str:
    """Choose an action for accounts, as the list does; return the page that is shown then."""
    chosen = {"action": action, "_selected_action": [one.pk for one in accounts], "index": 0}
    if "confirmed" in more:
        del chosen["index"]
    answer = client.post(address(SpotifyAccount, "changelist"), chosen | more, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", SYNCS)
def test_a_sync_is_asked_for_and_its_run_is_linked(
    staff: Client, user: Any, other_user: Any, sent: list[int], action: str
) -> None:
    accounts = [account_of(user), account_of(other_user)]

    page = act(staff, action, *accounts, **CONFIRMED.get(action, {}))

    runs = SyncRun.objects.all()
    resources, full = SYNCS[action]
    assert {(run.account_id, run.resource) for run in runs} == {
        (one.pk, name) for one in accounts for name in resources
    }
    assert {(run.trigger, run.status, run.full) for run in runs} == {("admin", "queued", full)}
    assert sorted(sent) == sorted(run.pk for run in runs)
    for run in runs:
        assert f'<a href="{address(SyncRun, "change", run.pk)}">#{run.pk}' in page
    history = text_of(staff, SpotifyAccount, "history", accounts[0].pk)
    assert "Asked for a sync." in history


@pytest.mark.django_db(transaction=True)
def test_who_cannot_be_synced_is_named_and_keeps_nobody_else_waiting(
    staff: Client, user: Any, django_user_model: Any, sent: list[int]
) -> None:
    refused = {
        status: account_of(django_user_model.objects.create_user(f"is_{status}"), status=status)
        for status in ("reauthorization_required", "disconnected")
    }
    good = account_of(user)
    live = SyncRun.objects.create(
        account=good,
        resource="tracks",
        trigger="user",
        status="running",
        heartbeat_at=timezone.now(),
    )

    page = act(staff, "sync_everything", *refused.values(), good)

    assert {run.account_id for run in SyncRun.objects.all()} == {good.pk}
    assert len(sent) == len(ALL) - 1
    for status, account in refused.items():
        assert f"is_{status}</a>: {account.get_status_display()}" in page
    assert f'Under way already: <a href="{address(SyncRun, "change", live.pk)}' in page


def test_a_button_on_the_accounts_page_leads_back_there(
    staff: Client, user: Any, sent: list[int]
) -> None:
    account = account_of(user)
    page = text_of(staff, SpotifyAccount, "change", account.pk)
    assert re.findall(r'name="action" value="(\w+)"', page) == [
        *SYNCS,
        "refresh_tokens",
        "disconnect",
    ]

    asked = {"action": "sync_tracks", "_selected_action": account.pk, "_from_page": "1"}
    answer = staff.post(address(SpotifyAccount, "changelist"), asked)

    assert answer["Location"] == address(SpotifyAccount, "change", account.pk)
    assert SyncRun.objects.get().resource == "tracks"


def test_only_what_the_site_syncs_is_offered(staff: Client, user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["following"]
    account = account_of(user)

    page = text_of(staff, SpotifyAccount, "changelist")
    act(staff, "sync_tracks", account)

    assert 'value="sync_following"' in page
    assert 'value="sync_tracks"' not in page
    assert 'value="sync_episodes"' not in page
    assert not SyncRun.objects.exists()


def test_what_is_not_synced_by_default_is_offered_where_the_site_does(
    staff: Client, user: Any, sent: list[int], settings: Any
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["episodes", "audiobooks"]
    account = account_of(user)

    page = text_of(staff, SpotifyAccount, "changelist")
    act(staff, "sync_episodes", account)
    act(staff, "sync_audiobooks", account)

    assert "Sync saved episodes now" in page
    assert {run.resource for run in SyncRun.objects.all()} == {"episodes", "audiobooks"}


@pytest.mark.parametrize("action", [*SYNCS, "refresh_tokens", "disconnect"])
@pytest.mark.parametrize("held", ["", "change", "delete"])
def test_an_action_wants_its_permission(
    django_user_model: Any, user: Any, spotify: FakeSpotify, sent: list[int], action: str, held: str
) -> None:
    account = connect(user, spotify)
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    for verb in filter(None, ("view", held)):
        permission = Permission.objects.get(codename=f"{verb}_spotifyaccount")
        helper.user_permissions.add(permission)
    client = browser_of(helper)
    before = (SpotifyToken.objects.get().version, SpotifyAccount.objects.get().status)

    page = text_of(client, SpotifyAccount, "change", account.pk)
    act(client, action, account, **CONFIRMED.get(action, {}))

    may = held == ("delete" if action == "disconnect" else "change")
    token = SpotifyToken.objects.first()
    account = SpotifyAccount.objects.first()
    after = (token.version if token else 0, account.status if account else "gone")
    assert (f'value="{action}"' in page) == may
    assert (after != before or SyncRun.objects.exists()) == may


def test_tokens_are_refreshed_at_once(staff: Client, user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    before = SpotifyToken.objects.get()

    page = act(staff, "refresh_tokens", account)

    after = SpotifyToken.objects.get()
    assert after.version == before.version + 1
    assert "Token refreshed: ada (good until " in page
    assert not [
        one for one in (after.unseal().access, after.unseal().refresh) if one.reveal() in page
    ]


def test_with_spotify_away_one_refresh_is_tried_and_no_more(
    staff: Client, user: Any, other_user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    accounts = [
        connect(user, spotify),
        connect(other_user, spotify, spotify.add_user("grace", tracks=1)),
    ]
    settings.SPOTIFY_SYNC_REQUEST_TIMEOUT = timedelta(seconds=1)
    spotify.faults.add("/api/token", status=503, times=None)

    page = act(staff, "refresh_tokens", *accounts)

    assert "Refused: " in page
    assert page.count("not tried") == 1
    assert {one.version for one in SpotifyToken.objects.all()} == {1}


def test_disconnecting_is_asked_twice(staff: Client, user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    save(account)

    question = act(staff, "disconnect", account)
    assert "Disconnect from Spotify?" in question
    assert "1 saved tracks" in question
    assert SpotifyAccount.objects.get().status == "connected"

    answer = act(staff, "disconnect", account, confirmed="yes")
    assert "Disconnected: ada" in answer
    assert not SpotifyToken.objects.exists()
    assert not SavedTrack.objects.exists()
    assert not SpotifyAccount.objects.linked().exists()


def test_a_full_sync_is_asked_twice_and_leads_back(
    staff: Client, user: Any, sent: list[int]
) -> None:
    account = account_of(user)

    question = act(staff, "sync_in_full", account, _from_page="1")

    assert "Sync everything in full?" in question
    assert f'<a href="{address(SpotifyAccount, "changelist")}">Spotify accounts</a>' in question
    assert not SyncRun.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', question))
    del hidden["csrfmiddlewaretoken"]
    answer = staff.post(address(SpotifyAccount, "changelist"), hidden)
    assert answer["Location"] == address(SpotifyAccount, "change", account.pk)
    assert {run.full for run in SyncRun.objects.all()} == {True}


@pytest.mark.django_db(transaction=True)
def test_a_grant_in_doubt_is_told_apart(
    staff: Client, user: Any, other_user: Any, sent: list[int]
) -> None:
    account_of(other_user)
    doubted = account_of(user, status="suspect", judge_at=timezone.now() - timedelta(minutes=1))

    page = act(staff, "sync_tracks", *SpotifyAccount.objects.all())

    run = SyncRun.objects.get(account=doubted)
    link = f'<a href="{address(SyncRun, "change", run.pk)}">'
    assert len(sent) == 2
    assert f"they have to connect again: {link}" in page
    assert f"Asked for: {link}" not in page


def test_too_many_at_once_are_refused_as_a_whole(
    staff: Client, user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_actions, "MOST_SYNCS", 1)
    accounts = [account_of(user), account_of(other_user)]

    page = act(staff, "sync_everything", *accounts)

    assert "Choose no more than 1 account at a time" in page
    assert not SyncRun.objects.exists()
