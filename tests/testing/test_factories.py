"""Accounts and libraries for the tests of a site: as syncs leave them, and without HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.exceptions import LinkedElsewhere, UnknownResource
from django_spotify_sync.models import (
    AlbumTrack,
    PlaylistItem,
    SavedAudiobook,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify, factories
from tests.kit.connecting import stored
from tests.kit.libraries import splits

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_http(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        pytest.fail("Nothing is asked over HTTP.")

    monkeypatch.setattr(requests.Session, "send", refuse)


SIZES = {
    "tracks": 120,
    "playlists": 10,
    "artists": 60,
    "albums": 25,
    "shows": 7,
    "episodes": 8,
    "audiobooks": 3,
}


def test_a_library_of_everything(no_http: None, user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)

    account = factories.account(user, **SIZES)

    wanted = {**SIZES, "following": SIZES["artists"]}
    assert (account.user, account.status) == (user, "connected")
    assert {name: LIBRARY[name].shown_of(account.pk).count() for name in RESOURCES} == {
        name: wanted[name] for name in RESOURCES
    }
    assert PlaylistItem.objects.readable_by(user).exists()
    assert AlbumTrack.objects.exists()
    assert not SavedAudiobook.objects.filter(audiobook=None).exists()
    runs = SyncRun.objects.filter(account=account)
    assert {run.resource for run in runs} == {*RESOURCES}
    assert {(run.status, run.mode, run.done == run.total) for run in runs} == {
        ("succeeded", "full", True)
    }
    assert not SyncState.objects.filter(account=account, checked_at=None).exists()


def test_no_more_is_there_than_was_asked_for(no_http: None, user: Any) -> None:
    account = factories.account(user, tracks=3)

    assert SavedTrack.objects.for_user(user).count() == 3
    assert [run.resource for run in SyncRun.objects.all()] == ["tracks"]
    assert account.missing_scopes == []


def test_accounts_share_their_music_unless_they_have_another_seed(
    no_http: None, user: Any, other_user: Any, django_user_model: Any
) -> None:
    eve = django_user_model.objects.create_user("eve")

    for who in (user, other_user):
        factories.account(who, tracks=10)
    assert Track.objects.count() == 10

    factories.account(eve, tracks=10, seed=2)
    assert Track.objects.count() == 20
    assert SpotifyAccount.objects.count() == 3


def test_what_the_site_does_not_sync_is_not_there(user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    with pytest.raises(UnknownResource):
        factories.account(user, albums=1)


def test_a_large_library_costs_no_more_statements(
    no_http: None, user: Any, other_user: Any
) -> None:
    def statements(who: Any, tracks: int, seed: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            factories.account(who, tracks=tracks, seed=seed)
        return len(queries)

    few = statements(user, 100, 1)

    assert statements(other_user, 700, 2) <= few + 20 + 4 * splits(700)


# fake.connect


def test_a_user_is_connected_as_by_a_browser(
    no_http: None, user: Any, spotify: FakeSpotify
) -> None:
    account = spotify.connect(user)

    assert account == SpotifyAccount.objects.get_for_user(user)
    assert (account.spotify_id, account.display_name) == ("listener", "Listener")
    assert "user-library-read" in account.scopes
    assert account.missing_scopes == []


def test_users_are_connected_to_different_people(
    user: Any, other_user: Any, spotify: FakeSpotify
) -> None:
    grace = spotify.add_user("grace")

    assert spotify.connect(other_user, grace, scope="user-library-read").spotify_id == "grace"
    assert SpotifyAccount.objects.get().scopes == ["user-library-read"]
    with pytest.raises(LinkedElsewhere):
        spotify.connect(user, grace)


@pytest.mark.django_db(transaction=True)
def test_who_was_connected_so_is_synced(user: Any, spotify: FakeSpotify) -> None:
    account = spotify.connect(user)

    assert sync(account, "tracks").created == 120
    assert stored(account) == spotify.user.entries()
