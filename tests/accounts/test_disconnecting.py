"""A disconnect: everything goes that should, at once, and nothing comes back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from django_spotify_sync import accounts, tasks
from django_spotify_sync.accounts import disconnecting
from django_spotify_sync.exceptions import LinkedElsewhere, NotConnected
from django_spotify_sync.models import (
    AccountPlaylist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    Track,
)
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import in_processes, lock_waits, wait_until
from tests.kit.connecting import connect, stored
from tests.kit.leaving import NOTHING, STALE, WHOLE, heard, rows_of, run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


by_setting = pytest.mark.parametrize("deletes", [True, False], ids=["deletes", "keeps"])


# Disconnecting


def test_all_goes_with_the_library(whole: SpotifyAccount, neighbour: SpotifyAccount) -> None:
    before = rows_of(neighbour)
    mine = AccountPlaylist.objects.filter(account=whole)
    shared = mine.earliest("position").playlist
    AccountPlaylist.objects.create(account=neighbour, playlist=shared, position=9)
    private = set(mine.exclude(playlist=shared).values_list("playlist_id", flat=True))
    tracks = Track.objects.count()

    with heard() as told:
        removed = accounts.disconnect(whole)

    assert removed == WHOLE
    assert told == [(whole.pk, removed, False)]
    assert whole.status == "disconnected"
    assert rows_of(whole) == {}
    assert not SpotifyAccount.objects.filter(pk=whole.pk).exists()
    assert private
    assert not Playlist.objects.filter(pk__in=private).exists(), "nobody else has them"
    assert not PlaylistItem.objects.filter(playlist__in=private).exists()
    assert PlaylistItem.objects.filter(playlist=shared).exists(), "she has it, too"
    assert rows_of(neighbour) == before | {"AccountPlaylist": before["AccountPlaylist"] + 1}
    assert Track.objects.count() == tracks, "the catalogue is nobody's"


def test_the_library_stays_by_setting(whole: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    before, library = rows_of(whole), stored(whole)
    begun = timezone.now()

    with heard() as told:
        removed = accounts.disconnect(whole)

    assert removed == NOTHING
    assert told == [(whole.pk, NOTHING, False)]
    kept = SpotifyAccount.objects.get(pk=whole.pk)
    assert kept.status == "disconnected"
    assert kept.status_changed_at >= begun
    del before["SpotifyToken"], before["StagedPage"]
    assert rows_of(whole) == before
    assert stored(whole) == library
    cancelled = whole.sync_runs.latest("pk")
    assert (cancelled.status, cancelled.reason, cancelled.claim) == (
        "cancelled",
        "disconnected",
        None,
    )
    with pytest.raises(NotConnected):
        accounts.client_for(kept)
    with pytest.raises(NotConnected):
        request_sync(kept, "tracks")


@by_setting
def test_disconnecting_twice(whole: SpotifyAccount, settings: Any, deletes: bool) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    accounts.disconnect(whole)
    changed_at = [one.status_changed_at for one in SpotifyAccount.objects.all()]

    with heard() as told:
        assert accounts.disconnect(whole) == NOTHING

    assert told == []
    assert [one.status_changed_at for one in SpotifyAccount.objects.all()] == changed_at, (
        "its retention begins once"
    )


def test_what_was_cut_short_is_finished(whole: SpotifyAccount) -> None:
    disconnecting._let_go(whole, "default")  # and then the process was killed

    assert accounts.disconnect(whole)["saved_tracks"] == 120
    assert not SpotifyAccount.objects.exists()


@by_setting
@pytest.mark.parametrize("status", ["suspect", "reauthorization_required"])
def test_a_grant_in_doubt_can_be_let_go_of(
    whole: SpotifyAccount, settings: Any, status: str, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    SpotifyAccount.objects.update(status=status)

    with heard() as told:
        accounts.disconnect(whole)

    assert len(told) == 1
    assert not SpotifyToken.objects.exists()
    assert list(SpotifyAccount.objects.values_list("status", flat=True)) == (
        [] if deletes else ["disconnected"]
    )


@by_setting
def test_with_the_cache_away(whole: SpotifyAccount, settings: Any, deletes: bool) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    accounts.disconnect(whole)

    assert not SpotifyToken.objects.exists()
    assert SavedTrack.objects.exists() is not deletes


def test_spotify_is_not_asked(whole: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.clear_log()

    accounts.disconnect(whole)

    assert spotify.requests == []


def test_a_receiver_s_trouble_stops_nothing(whole: SpotifyAccount) -> None:
    with heard(raising=True) as told:
        accounts.disconnect(whole)

    assert len(told) == 1
    assert not SpotifyAccount.objects.exists()


def test_what_is_rolled_back_is_not_told(whole: SpotifyAccount) -> None:
    with heard() as told, transaction.atomic():
        accounts.disconnect(whole)
        assert not SavedTrack.objects.exists()
        transaction.set_rollback(True)

    assert told == []
    assert SpotifyAccount.objects.get().status == "connected"
    assert SavedTrack.objects.count() == 120


@by_setting
def test_a_worker_that_fetches_meanwhile_writes_nothing(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    request_sync(account, "tracks")

    def leave(_: object) -> None:
        assert SyncRun.objects.get().status == "running"
        accounts.disconnect(account)
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=leave)

    [printed] = in_processes(1, STALE, **spotify.settings)

    assert printed.splitlines()[-1] == ("gone" if deletes else "cancelled")
    assert "Traceback" not in printed
    assert not SavedTrack.objects.exists()
    assert not StagedPage.objects.exists()
    assert not SpotifyToken.objects.exists()
    assert not Track.objects.exists()


@by_setting
@pytest.mark.postgres
def test_a_worker_that_writes_meanwhile_is_waited_for(
    account: SpotifyAccount, settings: Any, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    run = request_sync(account, "tracks")
    ends: dict[str, Any] = {}

    with transaction.atomic():
        with connection.cursor() as cursor:  # the write is stopped in its middle
            cursor.execute("LOCK TABLE spotify_sync_savedtrack IN SHARE MODE")
        worker = run_in_thread(ends, "worker", lambda: execute(run.pk).status)
        wait_until(lambda: lock_waits() == 1)
        leaver = run_in_thread(ends, "leaver", lambda: accounts.disconnect(account))
        wait_until(lambda: lock_waits() == 2)
        assert not SpotifyToken.objects.exists(), "gone at once, whoever is writing"
        assert SpotifyAccount.objects.get().status == "disconnected"
    for thread in (worker, leaver):
        thread.join(timeout=90)

    assert ends["worker"] == "succeeded", "it was first"
    assert ends["leaver"] == NOTHING | {"saved_tracks": 120 * deletes}
    assert SavedTrack.objects.count() == (0 if deletes else 120)


@by_setting
def test_a_refresh_under_way_brings_no_token_back(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes

    def leave(_: object) -> None:
        accounts.disconnect(account)
        connections.close_all()

    spotify.faults.add("/api/token", before=leave)

    with pytest.raises(NotConnected):
        accounts.refresh(account)

    assert not SpotifyToken.objects.exists()
    assert not SpotifyAccount.objects.linked().exists()


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_refresh_of_the_former_grant_touches_not_the_new_one(
    account: SpotifyAccount, user: Any, spotify: FakeSpotify, settings: Any, ends: str
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False

    def leave_and_return(_: object) -> None:
        accounts.disconnect(account)
        connect(user, spotify)
        connections.close_all()

    refused = {} if ends == "well" else {"status": 400, "body": b'{"error": "invalid_grant"}'}
    spotify.faults.add("/api/token", before=leave_and_return, **refused)

    accounts.refresh(account)

    token = SpotifyToken.objects.get()
    assert token.account.status == "connected"
    with accounts.client_for(token.account) as client:
        assert client.get("/me")["id"] == spotify.user.id
    assert token.version > 1, "a version that the former row never had"
    assert spotify.count("/api/token") == 1, "its access token is the new grant's"


def test_a_task_whose_account_is_gone_ends_quietly(
    whole: SpotifyAccount, caplog: pytest.LogCaptureFixture
) -> None:
    run = whole.sync_runs.live().get()
    accounts.disconnect(whole)

    assert tasks.sync_account(run_id=run.pk) is None
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("leave", [accounts.disconnect, SpotifyAccount.delete])
@by_setting
def test_no_sync_is_begun_for_who_has_left_meanwhile(
    account: SpotifyAccount, settings: Any, deletes: bool, leave: Callable[[Any], object]
) -> None:
    """Who asks for it, in a request of another tab, has read the account before it went."""
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    leave(SpotifyAccount.objects.get())

    with pytest.raises(NotConnected):
        request_sync(account, "tracks")

    assert not SyncRun.objects.exists()


def test_tokens_go_though_the_library_cannot_in_a_site_whose_requests_are_transactions(
    whole: SpotifyAccount, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    def fail(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith('DELETE FROM "spotify_sync_savedtrack"'):
            raise RuntimeError("the database has trouble")
        return execute(sql, *args)

    client = Client(raise_request_exception=False)
    client.force_login(user)
    with connection.execute_wrapper(fail):
        assert client.post("/spotify/disconnect/").status_code == 500

    assert not SpotifyToken.objects.exists()
    assert SpotifyAccount.objects.get().status == "disconnected"


# Connecting again


def test_another_user_may_take_the_spotify_account_at_once(
    whole: SpotifyAccount, other_user: Any, user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(whole)

    theirs = connect(other_user, spotify)

    assert theirs.user_id == other_user.pk
    assert not SavedTrack.objects.filter(account=theirs).exists(), "the library is the user's"
    with pytest.raises(LinkedElsewhere):
        connect(user, spotify)


@pytest.mark.parametrize("same", [True, False], ids=["same", "another"])
@by_setting
def test_connecting_again_after_a_disconnect(
    whole: SpotifyAccount,
    user: Any,
    spotify: FakeSpotify,
    settings: Any,
    deletes: bool,
    same: bool,
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    rows = set(SavedTrack.objects.values_list("pk", flat=True))
    accounts.disconnect(whole)
    who = spotify.user if same else spotify.add_user("second", tracks=5)

    again = connect(user, spotify, who)

    assert again.status == "connected"
    assert (again.pk == whole.pk) is not deletes
    kept = set(SavedTrack.objects.values_list("pk", flat=True))
    assert kept == (rows if same and not deletes else set())
    assert sync(again, "tracks").status == "succeeded"
    assert stored(again) == who.entries()
