"""How long accounts are kept that are not connected any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from django_spotify_sync import tasks
from django_spotify_sync.accounts import disconnect
from django_spotify_sync.accounts.disconnecting import purge
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.signals import account_disconnected
from django_spotify_sync.sync import sync
from django_spotify_sync.upkeep.pruning import prune
from tests.kit.connecting import connect
from tests.kit.leaving import NOTHING
from tests.kit.libraries import account_of


@pytest.fixture
def disconnections():
    """Hear of accounts that are no longer connected."""
    told = []

    def listen(sender, account, counts, **kwargs):
        told.append((account.pk, counts))

    account_disconnected.connect(listen)
    yield told
    account_disconnected.disconnect(listen)


def let_pass(account, days):
    """Let so many days pass since the account's status changed."""
    changed_at = timezone.now() - timedelta(days=days)
    SpotifyAccount.objects.filter(pk=account.pk).update(status_changed_at=changed_at)


@pytest.mark.parametrize(("days", "gone"), [(4.9, False), (5.1, True)])
def test_a_disconnected_account_is_kept_for_a_while(account, settings, disconnections, days, gone):
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    sync(account, "tracks")
    disconnect(account)
    del disconnections[:]
    let_pass(account, days)

    removed = prune()

    assert (removed["accounts"], removed["saved_tracks"]) == ((1, 120) if gone else (0, 0))
    assert SpotifyAccount.objects.exists() is not gone
    assert SavedTrack.objects.exists() is not gone
    assert SyncRun.objects.exists() is not gone
    assert disconnections == [], "that was told when it happened"


@pytest.mark.parametrize(("hours", "gone"), [(118.9, False), (119.1, True)])
def test_an_hourly_look_keeps_to_the_five_days_of_spotifys_terms(account, settings, hours, gone):
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    disconnect(account)
    let_pass(account, hours / 24)

    tasks.purge_accounts()

    assert SpotifyAccount.objects.exists() is not gone


@pytest.mark.parametrize(("days", "gone"), [(29.9, False), (30.1, True)])
def test_a_grant_that_was_lost_and_not_renewed_is_kept_for_a_while(
    account, disconnections, days, gone
):
    sync(account, "tracks")
    sync(account, "following")
    SpotifyAccount.objects.update(status="reauthorization_required")
    let_pass(account, days)

    removed = prune()

    counts = NOTHING | {"saved_tracks": 120, "followed_artists": 60}
    assert disconnections == ([(account.pk, counts)] if gone else [])
    assert (removed["accounts"], removed["followed_artists"]) == ((1, 60) if gone else (0, 0))
    assert SpotifyToken.objects.exists() is not gone
    assert SpotifyAccount.objects.exists() is not gone
    assert SavedTrack.objects.exists() is not gone


@pytest.mark.parametrize("status", ["connected", "suspect"])
def test_a_grant_that_serves_or_is_judged_is_kept_for_good(account, status):
    SpotifyAccount.objects.update(status=status)
    let_pass(account, 400)

    assert prune()["accounts"] == 0
    assert SpotifyAccount.objects.exists()


def test_who_connects_again_in_that_moment_is_kept(account, user, spotify):
    """Between the look at what is past and its purge the user is faster."""
    sync(account, "tracks")
    SpotifyAccount.objects.update(status="reauthorization_required")
    let_pass(account, 31)
    past = Q(status="reauthorization_required")
    connect(user, spotify)

    assert purge(account, "default", past) is None
    assert SpotifyAccount.objects.get().status == "connected"
    assert SavedTrack.objects.count() == 120


def test_accounts_are_purged_by_batches(db, settings, django_user_model):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 2
    for number in range(5):
        owner = django_user_model.objects.create(username=f"user-{number}")
        let_pass(account_of(owner, status="disconnected"), 6)

    assert prune()["accounts"] == 5
    assert not SpotifyAccount.objects.exists()
