"""What the journal is told of saved tracks: of tracks, and not of entries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import Track
from django_spotify_sync.spotify.answers.saved import SavedRow
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.tracks.changes import changes_of
from django_spotify_sync.sync.tracks.stored import StoredEntry
from tests.kit.journal import lines, since


@pytest.fixture
def library(account, spotify):
    """Give the account with its saved tracks stored."""
    sync(account, "tracks")
    return account


def test_unliked_and_liked_again_between_two_syncs_is_one_line(library, spotify):
    [entry] = spotify.user.relike(60)

    sync(library, "tracks")

    assert since(library) == [("returned", entry.id)]


@pytest.mark.parametrize("index", [0, 70, 119])
def test_a_null_in_its_place_is_unavailable_and_a_track_there_is_available_again(
    library, spotify, index
):
    entry = spotify.user.saved[index]
    spotify.user.null(index)
    sync(library, "tracks", full=True)
    spotify.user.restore(index)

    sync(library, "tracks", full=True)

    assert since(library, "kind", "spotify_id", "title", "likely_withdrawn") == [
        ("available", entry.id, entry.track.name, False),
        ("unavailable", entry.id, entry.track.name, True),
    ]


def test_a_null_without_a_date_stands_for_no_track(library, spotify):
    """So the track is gone, as it is from the library."""
    entry = spotify.user.saved[70]
    spotify.user.null(70, bare=True)
    sync(library, "tracks", full=True)
    spotify.user.restore(70)

    sync(library, "tracks", full=True)

    assert since(library) == [("added", entry.id), ("removed", entry.id)]


def test_what_was_null_and_is_gone_is_named_by_the_track_it_held(library, spotify):
    entry = spotify.user.saved[40]
    spotify.user.null(40)
    sync(library, "tracks", full=True)
    spotify.user.unlike(40)

    sync(library, "tracks", full=True)

    columns = ("kind", "spotify_id", "title", "likely_withdrawn")
    assert since(library, *columns)[0] == ("removed", entry.id, entry.track.name, True)


def test_a_null_that_never_was_a_track_is_nothing(library, spotify):
    spotify.user.like(1)
    spotify.user.null(0)
    sync(library, "tracks")
    spotify.user.unlike(0)
    assert sync(library, "tracks").removed == 1

    assert since(library) == []


def test_a_track_whose_null_was_there_before_any_sync_is_available(account, spotify):
    spotify.user.null(30)
    sync(account, "tracks")
    assert lines(account, "kind", "count") == [("imported", 119)]
    spotify.user.restore(30)

    sync(account, "tracks", full=True)

    assert since(account) == [("available", spotify.user.saved[30].id)]


def test_what_is_null_and_saved_anew_has_returned(library, spotify):
    entry = spotify.user.saved[20]
    spotify.user.null(20)
    sync(library, "tracks", full=True)
    spotify.user.unlike(20)
    spotify.user.like(track=entry.track)

    sync(library, "tracks", full=True)

    assert since(library)[0] == ("returned", entry.id)
    assert len(since(library)) == 2


def test_another_id_at_the_same_place_is_no_line(library, spotify):
    before = spotify.user.saved[50].id
    spotify.user.relink(50)

    assert sync(library, "tracks", full=True).updated == 1

    assert spotify.user.saved[50].id != before
    assert since(library) == []


def test_a_track_that_stands_there_twice_is_one_track(library, spotify):
    track = spotify.user.saved[10].track
    spotify.user.like(at=timezone.now() - timedelta(days=900), track=track)
    sync(library, "tracks", full=True)
    assert since(library) == []
    spotify.user.unlike(10)

    assert sync(library, "tracks", full=True).removed == 1

    assert since(library) == []
    spotify.user.unlike([entry.id for entry in spotify.user.saved].index(track.id))
    sync(library, "tracks", full=True)
    assert since(library, "kind", "spotify_id", "title") == [("removed", track.id, track.name)]


def test_one_of_two_that_became_null_leaves_the_other(library, spotify):
    track = spotify.user.saved[10].track
    spotify.user.like(at=timezone.now() - timedelta(days=900), track=track)
    sync(library, "tracks", full=True)
    spotify.user.null(10)

    assert sync(library, "tracks", full=True).updated

    assert since(library) == []


def test_what_was_kept_beside_the_list_and_is_listed_again_has_returned():
    """Such an entry is none of those before, and is matched all the same."""
    kept = StoredEntry(1, 5, "one", None, 0, None)
    pairs = [(SavedRow("one", None), kept)]

    told = changes_of([], pairs, [], {"one"}, {"one": 5}, using="default")

    assert [(change.kind, change.spotify_id) for change in told] == [("returned", "one")]


def test_what_plays_otherwise_or_is_called_otherwise_is_no_line(library, spotify):
    spotify.user.make_unavailable(5)
    spotify.user.rename_track(6, "Other")

    sync(library, "tracks", full=True)

    assert Track.objects.filter(name="Other").exists()
    assert since(library) == []
