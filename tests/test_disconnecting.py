"""A disconnect and a deletion: everything goes that should, at once, and nothing comes back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.db.models import Q
from django.db.models.signals import post_init, pre_delete
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone

from django_spotify_sync import accounts, tasks
from django_spotify_sync.accounts import disconnecting
from django_spotify_sync.accounts.disconnecting import purge
from django_spotify_sync.exceptions import LinkedElsewhere, NotConnected
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.signals import account_disconnected
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.concurrency import in_processes, lock_waits, wait_until
from tests.connecting import connect, stored

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = {"saved_tracks": 0, "playlists": 0, "followed_artists": 0}
OWNED = (SavedTrack, AccountPlaylist, FollowedArtist, SyncRun, SyncState, SpotifyToken)

by_setting = pytest.mark.parametrize("deletes", [True, False], ids=["deletes", "keeps"])


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    return connect(user, spotify)


@pytest.fixture
def whole(account: SpotifyAccount) -> SpotifyAccount:
    """Give Ada's account with its library, and a run that waits with a staged page."""
    for resource in ("tracks", "playlists", "following"):
        assert sync(account, resource).status == "succeeded"
    run = request_sync(account, "tracks")
    StagedPage.objects.create(run=run, offset=0, rows=b"")
    return account


@pytest.fixture
def neighbour(other_user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Grace's account with a library, which nobody may touch."""
    account = connect(other_user, spotify, spotify.add_user("grace", tracks=30, playlists=2))
    for resource in ("tracks", "playlists"):
        sync(account, resource)
    return account


def rows_of(account: SpotifyAccount) -> dict[str, int]:
    """Count what points at an account, by model."""
    rows = {model.__name__: model.objects.filter(account=account.pk).count() for model in OWNED}
    rows["StagedPage"] = StagedPage.objects.filter(run__account=account.pk).count()
    return {name: count for name, count in rows.items() if count}


def run_in_thread(ends: dict[str, Any], name: str, act: Callable[[], Any]) -> threading.Thread:
    """Let another thread act, with a connection of its own; keep what it gives, or raises, under its name."""

    def do() -> None:
        try:
            ends[name] = act()
        except Exception as error:
            ends[name] = error
        finally:
            connections.close_all()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


@contextmanager
def heard(*, raising: bool = False) -> Iterator[list[tuple[int, dict[str, int], bool]]]:
    """Hear of disconnects: which account, the counts, and whether a transaction was open."""
    told: list[tuple[int, dict[str, int], bool]] = []

    def listen(sender: Any, account: Any, counts: Any, **kwargs: Any) -> None:
        told.append((account.pk, counts, connection.in_atomic_block))
        if raising:
            raise RuntimeError("a receiver's own trouble")

    account_disconnected.connect(listen)
    yield told
    account_disconnected.disconnect(listen)


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

    assert removed == {"saved_tracks": 120, "playlists": 3, "followed_artists": 60}
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


# By batches


def test_it_goes_by_batches(whole: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_BATCH_SIZE = 50

    with CaptureQueriesContext(connection) as queries:
        assert accounts.disconnect(whole)["saved_tracks"] == 120

    deletes = [
        query["sql"]
        for query in queries
        if query["sql"].startswith('DELETE FROM "spotify_sync_savedtrack"')
    ]
    assert len(deletes) == 3


@pytest.mark.postgres
@pytest.mark.parametrize("same", [True, False], ids=["same", "another"])
def test_who_connects_again_between_two_batches_is_left_alone(
    whole: SpotifyAccount, user: Any, spotify: FakeSpotify, settings: Any, same: bool
) -> None:
    settings.SPOTIFY_SYNC_BATCH_SIZE = 50
    who = spotify.user if same else spotify.add_user("second", tracks=7)
    deleted: list[str] = []

    def connect_after_the_first(
        execute: Any, sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if deleted and "FOR NO KEY UPDATE" in sql:  # the next batch is about to be begun
            deleted.clear()
            run_in_thread({}, "", lambda: connect(user, spotify, who)).join(timeout=90)
        if sql.startswith('DELETE FROM "spotify_sync_savedtrack"'):
            deleted.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(connect_after_the_first):
        removed = accounts.disconnect(whole)

    assert removed["saved_tracks"] == 50, "and no further"
    again = SpotifyAccount.objects.get(user=user)
    assert again.pk == whole.pk
    assert again.status == "connected"
    assert again.token.unseal()
    assert SavedTrack.objects.count() == (70 if same else 0)
    assert sync(again, "tracks").status == "succeeded"
    assert stored(again) == who.entries()


@pytest.mark.postgres
def test_who_connects_again_while_the_account_is_purged_is_left_alone(
    whole: SpotifyAccount, user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_BATCH_SIZE = 50
    SpotifyAccount.objects.update(status="reauthorization_required")
    deleted: list[str] = []

    def connect_after_the_first(execute: Any, sql: str, *args: Any) -> Any:
        if deleted and "FOR NO KEY UPDATE" in sql:
            deleted.clear()
            run_in_thread({}, "", lambda: connect(user, spotify)).join(timeout=90)
        if sql.startswith('DELETE FROM "spotify_sync_savedtrack"'):
            deleted.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(connect_after_the_first), heard() as told:
        purge(whole, "default", Q(status="reauthorization_required"))

    again = SpotifyAccount.objects.get()
    assert (again.pk, again.status) == (whole.pk, "connected")
    assert SavedTrack.objects.count() == 70
    assert not SyncState.objects.exclude(full_at=None).exists(), "what is left proves nothing"
    assert [counts["saved_tracks"] for _, counts, _ in told] == [50]
    assert whole.status == "disconnected", "as receivers are told"


# Nothing comes back


STALE = """
from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import execute
run = execute(SyncRun.objects.get().pk)
print(run.status if SyncRun.objects.exists() else "gone")
"""


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


# Deleting


def delete_user(user: Any) -> None:
    user.delete()


def delete_users(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).delete()


def delete_account(user: Any) -> None:
    SpotifyAccount.objects.get(user=user).delete()


def delete_accounts(user: Any) -> None:
    SpotifyAccount.objects.filter(user=user).delete()


class HostAdmin(admin.AdminSite):
    """A host's own admin, which shows its users beside what the package registered."""

    def __init__(self) -> None:
        super().__init__()
        self._registry.update(admin.site._registry)
        self.register(get_user_model())


urlpatterns = [path("admin/", HostAdmin().urls)]


def boss() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(username="boss", password="boss"))
    return client


def delete_in_admin(user: Any) -> None:
    address = reverse("admin:host_user_delete", args=[user.pk])
    assert boss().post(address, {"post": "yes"}).status_code == 302


ways = pytest.mark.parametrize(
    "delete", [delete_user, delete_users, delete_account, delete_accounts, delete_in_admin]
)


@ways
@pytest.mark.urls(__name__)
def test_deletion_takes_all_along(
    whole: SpotifyAccount, neighbour: SpotifyAccount, user: Any, delete: Any
) -> None:
    before = rows_of(neighbour)

    with heard() as told:
        delete(user)

    assert told == [
        (whole.pk, {"saved_tracks": 120, "playlists": 3, "followed_artists": 60}, False)
    ]
    assert rows_of(whole) == {}
    assert not SpotifyAccount.objects.filter(pk=whole.pk).exists()
    assert rows_of(neighbour) == before


@ways
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("listens", [False, True], ids=["", "somebody listens to every deletion"])
def test_deletion_loads_no_library(
    whole: SpotifyAccount, user: Any, settings: Any, delete: Any, listens: bool
) -> None:
    """A host may listen to each deletion, as audit logs do; Django then loads whatever cascades."""
    loaded: list[object] = []

    def note(instance: object, **kwargs: Any) -> None:
        if isinstance(instance, SavedTrack | AccountPlaylist | FollowedArtist | SyncRun):
            loaded.append(instance)

    post_init.connect(note)
    if listens:
        pre_delete.connect(note)
    try:
        delete(user)
    finally:
        post_init.disconnect(note)
        pre_delete.disconnect(note)

    assert loaded == []
    assert rows_of(whole) == {}


def test_deletion_asks_no_more_for_more(
    account: SpotifyAccount, neighbour: SpotifyAccount, user: Any, other_user: Any
) -> None:
    counts = []
    for who, number in ((user, 10), (other_user, 900)):
        mine = SpotifyAccount.objects.get(user=who)
        SavedTrack.objects.filter(account=mine).delete()
        SavedTrack.objects.bulk_create(SavedTrack(account=mine, rank=n) for n in range(number))
        FollowedArtist.objects.filter(account=mine).delete()
        AccountPlaylist.objects.filter(account=mine).delete()
        with CaptureQueriesContext(connection) as queries:
            who.delete()
        counts.append(len(queries))

    assert counts[0] == counts[1] < 50


@pytest.mark.urls(__name__)
def test_the_admin_asks_before_without_listing_the_library(
    whole: SpotifyAccount, user: Any
) -> None:
    page = boss().get(reverse("admin:host_user_delete", args=[user.pk]))

    asked = {str(name): count for name, count in page.context["model_count"]}
    assert asked["Spotify accounts"] == 1
    assert max(asked.values()) <= 3, "the states of its syncs"


def test_a_user_without_an_account_is_deleted_as_ever(user: Any, neighbour: SpotifyAccount) -> None:
    with heard() as told:
        user.delete()

    assert told == []


def test_who_disconnected_before_is_not_told_of_twice(
    whole: SpotifyAccount, user: Any, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(whole)

    with heard() as told:
        user.delete()

    assert told == []
    assert rows_of(whole) == {}


def test_a_deletion_that_is_rolled_back_is_none(whole: SpotifyAccount, user: Any) -> None:
    with heard() as told, transaction.atomic():
        user.delete()
        transaction.set_rollback(True)

    assert told == []
    assert SavedTrack.objects.count() == 120


def test_a_worker_whose_user_is_deleted_ends_quietly(
    account: SpotifyAccount, user: Any, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    request_sync(account, "tracks")

    def leave(_: object) -> None:
        get_user_model().objects.get(pk=user.pk).delete()
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=leave)

    assert in_processes(1, STALE, **spotify.settings) == ["gone"]

    for model in OWNED:
        assert not model._default_manager.exists()


@pytest.mark.postgres
def test_a_deletion_and_a_sync_that_writes_do_not_wait_for_each_other(
    account: SpotifyAccount, user: Any, spotify: FakeSpotify
) -> None:
    for _ in range(5):
        spotify.user.like(3)
        run = request_sync(SpotifyAccount.objects.get(user=user), "tracks")
        ends: dict[str, Any] = {}
        worker = run_in_thread(ends, "worker", partial(execute, run.pk))
        wait_until(lambda: not SyncRun.objects.filter(pk=run.pk, status="queued").exists())  # noqa: B023
        delete_accounts(user)
        worker.join(timeout=90)
        assert ends == {"worker": run}
        assert not SavedTrack.objects.exists()
        connect(user, spotify)
