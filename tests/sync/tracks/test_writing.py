"""What is stored of saved tracks, and what is left as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SavedTrack, Track, TrackArtist
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import REMOVED
from tests.kit.libraries import splits
from tests.kit.queries import tables_written


def test_the_whole_library_arrives(account, spotify, is_true):
    run = sync(account, "tracks")

    assert (run.status, run.mode, run.error_detail) == ("succeeded", "full", "")
    assert (run.created, run.updated, run.removed) == (120, 0, 0)
    assert (run.done, run.total) == (120, 120)
    assert run.requests == spotify.count("/v1/me/tracks") == 4
    assert is_true()


def test_every_field_arrives(account, spotify):
    sync(account, "tracks")

    for saved in spotify.user.saved:
        track = Track.objects.select_related("album").get(spotify_id=saved.id)
        assert (track.name, track.duration_ms, track.explicit, track.isrc) == (
            saved.track.name,
            saved.track.duration_ms,
            saved.track.explicit,
            saved.track.isrc,
        )
        album = saved.track.album
        assert (track.album.name, track.album.release_date, track.album.release_date_precision) == (
            album.name,
            album.release_date,
            album.release_date_precision,
        )
        assert track.album.release_year == int(album.release_date[:4])
        assert track.album.image_url.startswith(spotify.url)
        assert track.album.thumbnail_url.startswith(spotify.url)


def test_artists_keep_their_order(account, spotify):
    sync(account, "tracks")

    for saved in spotify.user.saved:
        links = TrackArtist.objects.filter(track__spotify_id=saved.id).order_by("position")
        assert [link.artist.spotify_id for link in links.select_related("artist")] == [
            artist.id for artist in saved.track.artists
        ]


@pytest.mark.parametrize("full", [False, True])
def test_a_second_sync_writes_no_row_of_library_or_catalogue(account, full):
    sync(account, "tracks")

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "tracks", full=full)

    assert (run.status, run.unchanged) == ("succeeded", 120)
    assert run.mode == ("full" if full else "probe")
    assert tables_written(queries) <= {
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
        "spotify_sync_hour",
    }


def test_queries_grow_by_batch_and_not_by_row(account, spotify, settings):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 1000
    with CaptureQueriesContext(connection) as few:
        sync(account, "tracks")
    spotify.user.like(700)
    with CaptureQueriesContext(connection) as many:
        run = sync(account, "tracks")

    assert run.created == 700
    assert len(of_the_library(many)) <= len(of_the_library(few)) + 5 + splits(700)


def of_the_library(queries: CaptureQueriesContext) -> list[str]:
    """Leave out progress and staged pages, which go by the clock."""
    clocked = ("spotify_sync_syncrun", "spotify_sync_stagedpage", "BEGIN", "COMMIT")
    return [query["sql"] for query in queries if not any(word in query["sql"] for word in clocked)]


@pytest.mark.parametrize("total", [0, 1, 49, 50, 51, 99, 100, 101])
def test_libraries_of_every_size_around_a_page(account, spotify, is_true, total):
    spotify.user.unlike(slice(total, None))

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


@pytest.mark.parametrize("index", [0, 1, 48, 49, 50, 51, 99, 100, 118, 119])
def test_an_unlike_is_removed_wherever_it_was(account, spotify, is_true, index):
    sync(account, "tracks")
    spotify.user.unlike(index)

    run = sync(account, "tracks")

    assert (run.status, run.removed, run.created, run.updated) == ("succeeded", 1, 0, 0)
    assert is_true()


def test_removing_the_oldest_of_full_pages_reads_the_end(account, spotify, is_true):
    spotify.user.unlike(slice(101, None))
    sync(account, "tracks")
    spotify.user.unlike(100)

    run = sync(account, "tracks", full=True)

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()


def test_new_likes_move_no_stored_row(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.like(3)

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (3, 0, 0)
    assert is_true()


def test_a_relike_moves_one_row(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.relike(70)

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (0, 1, 0)
    assert is_true()


def test_an_old_dated_save_goes_to_its_place(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.add_old(at=spotify_time(spotify, 60))

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (1, 0, 0)
    assert is_true()


def spotify_time(spotify, index):
    added_at = spotify.user.entries()[index][1]
    return datetime.strptime(added_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_ties_that_are_shuffled_lose_nothing(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.shuffle_ties(seed=5)

    run = sync(account, "tracks")

    assert (run.created, run.removed) == (0, 0)
    assert is_true()


def test_a_track_that_became_null_keeps_its_row_and_its_track(account, spotify, is_true):
    sync(account, "tracks")
    before = SavedTrack.objects.get(spotify_id=spotify.user.track_ids()[10])
    spotify.user.null(10)

    run = sync(account, "tracks")

    after = SavedTrack.objects.get(pk=before.pk)
    assert (after.spotify_id, after.track_id) == (None, before.track_id)
    assert (run.created, run.updated, run.removed, run.skipped) == (0, 1, 0, 1)
    assert run.skipped_reasons == {"null_track": 1}
    assert is_true()


def test_a_null_that_was_never_a_track_is_an_entry(account, spotify, is_true):
    spotify.user.null(10)
    spotify.user.null(20, bare=True)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert SavedTrack.objects.filter(account=account, track=None).count() == 2
    assert is_true()
    assert (sync(account, "tracks").updated, is_true()) == (0, True)


def test_a_relinked_track_keeps_its_row(account, spotify, is_true):
    sync(account, "tracks")
    pk = SavedTrack.objects.get(spotify_id=spotify.user.track_ids()[10]).pk
    spotify.user.relink(10)

    run = sync(account, "tracks")

    saved = SavedTrack.objects.select_related("track").get(pk=pk)
    assert saved.spotify_id == saved.track.spotify_id == spotify.user.track_ids()[10]
    assert (run.created, run.removed) == (0, 0)
    assert is_true()


def test_two_entries_answered_with_one_id_are_two_rows(account, spotify, is_true):
    ids = spotify.user.track_ids()
    sync(account, "tracks")
    spotify.user.relink(10, to=ids[30])

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    rows = SavedTrack.objects.filter(account=account, spotify_id=ids[30]).order_by("-rank")
    assert [row.track_id is None for row in rows] == [True, False]
    assert is_true()


def test_two_entries_may_exchange_their_tracks(account, spotify, is_true):
    ids = spotify.user.track_ids()
    sync(account, "tracks")
    spotify.user.relink(10, to=ids[30])
    spotify.user.relink(30, to=ids[10])

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    assert is_true()


def test_a_renamed_track_is_renamed(account, spotify):
    sync(account, "tracks")
    spotify.user.rename_track(5, "Another name")

    sync(account, "tracks", full=True)

    assert Track.objects.get(spotify_id=spotify.user.track_ids()[5]).name == "Another name"


@pytest.mark.parametrize(
    "name", ["NUL\x00 inside", "lone \ud800 surrogate", "x" * 5000, "emoji 🎧", "", "%s {} '\""]
)
def test_any_name_can_be_stored(account, spotify, is_true, name):
    spotify.user.patch(3, track={"name": name})

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    stored_name = Track.objects.get(spotify_id=spotify.user.track_ids()[3]).name
    assert stored_name == name.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert is_true()


@pytest.mark.parametrize(
    "raw",
    [
        {"duration_ms": 3.5e11},
        {"duration_ms": -1},
        {"duration_ms": "long"},
        {"duration_ms": 201000.0},
        {"artists": None},
        {"artists": []},
        {"album": None},
        {"external_ids": None},
        {"explicit": None},
        {"name": None},
        {"id": None},
        {"id": "x" * 400},
        {"disc_number": None},
    ],
)
def test_no_odd_field_stops_an_account(account, spotify, raw):
    spotify.user.patch(3, track=raw)

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    assert SavedTrack.objects.filter(account=account).count() == 120


def test_a_field_that_is_omitted_wipes_nothing(account, spotify):
    sync(account, "tracks")
    track = Track.objects.get(spotify_id=spotify.user.track_ids()[3])
    fields = ("external_ids", "artists", "album", "duration_ms", "name", "explicit")
    spotify.user.patch(3, track=dict.fromkeys(fields, REMOVED))

    sync(account, "tracks", full=True)

    after = Track.objects.get(pk=track.pk)
    assert (after.isrc, after.duration_ms, after.name, after.album_id) == (
        track.isrc,
        track.duration_ms,
        track.name,
        track.album_id,
    )
    assert after.track_artists.exists()
