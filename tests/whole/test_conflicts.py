"""Whatever statement the database refuses since others are at work on the same, what was to be done is done, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError, connection
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.db import transactions
from django_spotify_sync.db.sealing import key_id
from django_spotify_sync.exceptions import GrantInDoubt
from django_spotify_sync.models import (
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.sync import request_sync, sync, take_due
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.keys import rotate_keys
from django_spotify_sync.upkeep.notices import warn_expiring_grants
from django_spotify_sync.upkeep.pruning import prune
from django_spotify_sync.upkeep.retention import purge_accounts
from tests.kit.connecting import ask, connect, let_expire, nothing_is_stored, stored
from tests.kit.leaving import heard
from tests.kit.saved import rows_of, truth_of
from tests.kit.truth import check_playlists

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = re.compile(r"INSERT|UPDATE|DELETE|SELECT .* FOR (NO KEY )?UPDATE", re.S)


class Refusal(Exception):
    """What PostgreSQL says of a serialization failure."""

    sqlstate = "40001"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "pauses", lambda: iter(lambda: 0.0, None))
    monkeypatch.setattr("django_spotify_sync.sync.runs.transaction.pauses", transactions.pauses)


@contextmanager
def each_write_refused_once() -> Iterator[list[str]]:
    """Refuse each statement that writes or locks the first time it comes, and give those that were refused."""
    refused: list[str] = []

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql) and sql not in refused:
            refused.append(sql)
            raise OperationalError("could not serialize access") from Refusal()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield refused


def fill(spotify: FakeSpotify) -> None:
    """Give the user something of each resource, beside the tracks that there are."""
    spotify.user.add_playlist("One", 5)
    spotify.user.follow(3)
    spotify.user.albums.save(2, tracks=3)
    spotify.user.shows.save(2)


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give an account with a library, and a run that waits with a staged page."""
    fill(spotify)
    account = connect(user, spotify)
    for resource in conf.RESOURCES:
        assert sync(account, resource).status == "succeeded"
    StagedPage.objects.create(run=request_sync(account, "tracks"), offset=0, rows=b"")
    return account


def test_connecting_and_syncing(user: Any, other_user: Any, spotify: FakeSpotify) -> None:
    fill(spotify)

    with each_write_refused_once() as refused:
        account = connect(user, spotify)
        runs = [sync(account, resource) for resource in conf.RESOURCES]
        spotify.user.unlike(7)
        runs += [sync(account, resource, full=True) for resource in conf.RESOURCES]

    assert [run.status for run in runs] == ["succeeded"] * 2 * len(conf.RESOURCES)
    assert stored(account) == spotify.user.entries()
    check_playlists(account, spotify.user)
    for resource in ("albums", "shows"):
        assert rows_of(account, resource) == truth_of(spotify.user, resource)
    assert len(refused) > 20


def test_refreshing(account: SpotifyAccount) -> None:
    let_expire(account)

    with each_write_refused_once() as refused:
        ask(account)

    assert refused
    assert SpotifyToken.objects.get().version == 2


@pytest.mark.parametrize("grants_left", [1, 0], ids=["refused", "expired"])
def test_a_grant_in_doubt_or_over(
    account: SpotifyAccount, spotify: FakeSpotify, grants_left: int
) -> None:
    spotify.revoke(spotify.user)
    let_expire(account)
    if not grants_left:
        SpotifyAccount.objects.update(reauthorize_by=timezone.now())

    with each_write_refused_once() as refused:
        if grants_left:
            with pytest.raises(GrantInDoubt):
                ask(account)
        else:
            assert warn_expiring_grants() == {"expiring": 0, "ended": 1}

    assert refused
    status = SpotifyAccount.objects.get().status
    assert status == ("suspect" if grants_left else "reauthorization_required")


def test_telling_of_a_grant_s_end(account: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_GRANT_NOTICE = [timedelta(days=7)]
    SpotifyAccount.objects.update(reauthorize_by=timezone.now() + timedelta(days=3))

    with each_write_refused_once() as refused:
        assert warn_expiring_grants() == {"expiring": 1, "ended": 0}

    assert refused


def test_the_schedule(account: SpotifyAccount) -> None:
    SyncState.objects.update(next_sync_at=timezone.now() - timedelta(hours=1))
    SyncRun.objects.filter(status="queued").update(created_at=timezone.now() - timedelta(hours=1))

    with each_write_refused_once() as refused:
        due = take_due()

    assert len(refused) > 2
    assert len(due) == len(set(due)) == len(conf.RESOURCES)


def test_lost_runs(account: SpotifyAccount, settings: Any) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    run = SyncRun.objects.get(status="queued")
    assert run.start()
    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)

    with each_write_refused_once() as refused:
        due = take_due()

    run.refresh_from_db()
    assert (run.status, len(due)) == ("lost", 1)
    assert StagedPage.objects.get().run_id == due[0]
    assert len(refused) > 3


def test_a_run_that_fails(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.faults.add("/me/tracks", status=403, times=None)

    with each_write_refused_once() as refused:
        run = sync(account, "tracks", full=True)

    assert (run.status, SyncState.objects.get(resource="tracks").failures) == ("failed", 1)
    assert refused


def test_pruning(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.user.unlike(slice(0, 10))
    spotify.user.listed.unfollow(0)
    for resource in ("tracks", "playlists"):
        sync(account, resource, full=True)
    long_ago = timezone.now() - timedelta(days=500)
    SyncRun.objects.filter(status="succeeded").update(finished_at=long_ago)
    queued = request_sync(account, "following")
    StagedPage.objects.create(run=queued, offset=0, rows=b"", created_at=long_ago)
    tracks = Track.objects.count()

    with each_write_refused_once() as refused:
        removed = prune()

    assert removed["tracks"] == tracks - Track.objects.count() > 0
    assert removed["staged_pages"] == 1
    assert removed["sync_runs"] >= 3
    assert len(refused) > 6
    assert sum(prune().values()) == 0


def test_rotating_keys(account: SpotifyAccount, settings: Any) -> None:
    new = Fernet.generate_key().decode()
    settings.SPOTIFY_SYNC_FERNET_KEYS = [new, *settings.SPOTIFY_SYNC_FERNET_KEYS]

    with each_write_refused_once() as refused:
        assert rotate_keys().rotated == 1

    assert refused
    assert SpotifyToken.objects.get().key_id == key_id(new)


def test_disconnecting(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    with heard() as told, each_write_refused_once() as refused:
        counts = accounts.disconnect(account)

    assert counts["saved_tracks"] == len(spotify.user.saved)
    assert nothing_is_stored()
    assert len(told) == 1
    assert len(refused) > 10


def test_purging(account: SpotifyAccount, spotify: FakeSpotify, settings: Any) -> None:
    settings.SPOTIFY_SYNC_GRANT_LOST_RETENTION = timedelta(days=30)
    SpotifyAccount.objects.update(
        status="reauthorization_required", status_changed_at=timezone.now() - timedelta(days=31)
    )

    with heard() as told, each_write_refused_once() as refused:
        counts = purge_accounts()

    assert (counts["accounts"], counts["saved_tracks"]) == (1, len(spotify.user.saved))
    assert nothing_is_stored()
    assert len(told) == 1
    assert len(refused) > 10
