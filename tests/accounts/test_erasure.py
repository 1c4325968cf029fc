"""An account's rows go by batches, and never those of who connects again meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.accounts.disconnecting import purge
from django_spotify_sync.accounts.erasure import forget_states
from django_spotify_sync.models import LibraryChange, SavedTrack, SpotifyAccount, SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect, stored
from tests.kit.leaving import heard, run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_the_journal_goes_by_batches(whole: SpotifyAccount, settings: Any) -> None:
    now = timezone.now()
    LibraryChange.objects.bulk_create(
        LibraryChange(account=whole, resource="tracks", kind="added", seen_at=now)
        for _ in range(117)
    )
    settings.SPOTIFY_SYNC_BATCH_SIZE = 50

    with CaptureQueriesContext(connection) as queries:
        assert "changes" not in accounts.disconnect(whole)

    sent = [query["sql"].partition(" WHERE")[0] for query in queries]
    assert sent.count('DELETE FROM "spotify_sync_librarychange"') == 3 + 1  # and what came since
    assert not LibraryChange.objects.exists()


def test_who_disconnects_and_keeps_the_library_keeps_its_journal(
    whole: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False

    accounts.disconnect(whole)

    kept = LibraryChange.objects.values_list("resource", "count")
    assert dict(kept) == {"tracks": 120, "playlists": 3, "following": 60}


def test_the_next_sync_of_each_resource_knows_nothing(account: SpotifyAccount) -> None:
    now = timezone.now()
    known = {
        "checked_at": now,
        "interval": timedelta(hours=9),
        "failures": 2,
        "full_at": now,
        "full_due": False,
        "hidden": 1,
        "full_total": 5,
        "full_entries": 4,
        "nulls": 3,
        "absent_until": now + timedelta(days=3),
        "suspected_shrink": 1,
    }
    SyncState.objects.filter(account=account).delete()
    SyncState.objects.create(account=account, resource="audiobooks", **known)

    forget_states(account.pk, "default")

    state, fresh = SyncState.objects.get(), SyncState()
    assert {name: getattr(state, name) for name in known} == {
        name: getattr(fresh, name) for name in known
    }
    assert state.next_sync_at is not None
    assert state.next_sync_at >= now, "due now"
    columns = {field.attname for field in SyncState._meta.concrete_fields}
    assert columns - set(known) == {"id", "account_id", "resource", "next_sync_at"}


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
