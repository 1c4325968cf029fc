"""Rows of the catalogue that nobody has, old runs and forgotten pages go."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    StagedPage,
    SyncRun,
    Track,
    TrackArtist,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.upkeep.pruning import prune
from tests.host.models import Review
from tests.kit.connecting import connect, stored


def test_what_is_used_stays(account):
    sync(account, "tracks")

    assert sum(prune().values()) == 0


def test_orphans_go_and_nothing_else(account, spotify):
    sync(account, "tracks")
    spotify.user.unlike(slice(40, 60))
    sync(account, "tracks")
    kept = set(SavedTrack.objects.values_list("track_id", flat=True))

    removed = prune()

    assert removed["tracks"] == 20
    assert set(Track.objects.values_list("pk", flat=True)) == kept
    assert set(Album.objects.values_list("pk", flat=True)) == set(
        Track.objects.values_list("album_id", flat=True)
    )
    assert not Artist.objects.filter(track_artists=None, album_artists=None).exists()
    assert sum(prune().values()) == 0


@pytest.mark.parametrize("used", ["track", "album", "playlist", "artists"])
def test_what_the_host_points_at_stays(account, used):
    kinds = {"track": Track, "album": Album, "playlist": Playlist, "artists": Artist}
    row, other = (kinds[used].objects.create(spotify_id=f"{used} {at}", name="") for at in "ab")
    review = Review.objects.create(**({} if used == "artists" else {used: row}))
    if used == "artists":
        review.artists.add(row)

    prune()

    assert kinds[used].objects.filter(pk=row.pk).exists()
    assert not kinds[used].objects.filter(pk=other.pk).exists()
    review.delete()
    prune()
    assert not kinds[used].objects.filter(pk=row.pk).exists()


def test_a_playlist_that_nobody_has_goes_with_its_items(account):
    mine, nobodys = (Playlist.objects.create(spotify_id=name) for name in ("mine", "nobodys"))
    AccountPlaylist.objects.create(account=account, playlist=mine, position=0)
    track = Track.objects.create(spotify_id="played")
    for playlist in (mine, nobodys):
        PlaylistItem.objects.create(playlist=playlist, position=0, kind="track", track=track)

    removed = prune()

    assert removed["playlists"] == 1
    assert list(Playlist.objects.all()) == [mine]
    assert PlaylistItem.objects.count() == 1
    assert Track.objects.filter(pk=track.pk).exists()


def test_old_runs_and_forgotten_pages_go(account):
    now = timezone.now()
    ages = {"old": timedelta(days=91), "recent": timedelta(days=89)}
    runs = {
        name: SyncRun.objects.create(
            account=account, resource="tracks", trigger="user", finished_at=now - age
        )
        for name, age in ages.items()
    }
    for run, age in ((runs["old"], 1), (runs["recent"], 1), (runs["recent"], 4)):
        StagedPage.objects.create(
            run=run, offset=age, rows=b"", created_at=now - timedelta(days=age)
        )

    removed = prune()

    assert (removed["sync_runs"], removed["staged_pages"]) == (1, 1)
    assert list(SyncRun.objects.all()) == [runs["recent"]]
    assert StagedPage.objects.count() == 1


def test_it_goes_by_batches(account, settings):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 10
    Track.objects.bulk_create(Track(spotify_id=f"t{number}") for number in range(35))
    with CaptureQueriesContext(connection) as queries:
        assert prune()["tracks"] == 35

    assert len(queries) < 60


def test_the_command_says_what_went(account):
    Track.objects.create(spotify_id="orphan")
    out = StringIO()

    call_command("spotify_prune", stdout=out)

    assert "tracks: 1 removed" in out.getvalue()


@pytest.mark.postgres
def test_syncs_of_overlapping_libraries_and_prune_beside_them(account, other_user, spotify):
    """Twenty times: two accounts that share tracks sync at once, while orphans are pruned."""
    grace = spotify.add_user("grace", tracks=120)
    people = {account: spotify.user, connect(other_user, spotify, grace): grace}
    failures: list[object] = []
    done = threading.Event()

    def keep_pruning():
        while not done.is_set():
            prune()
        connection.close()

    def keep_syncing(mine, person):
        try:
            for round_ in range(20):
                person.unlike(slice(round_, round_ + 15))
                person.like(10)
                run = sync(mine, "tracks", full=round_ % 3 == 0)
                if run.status != "succeeded":
                    failures.append((run, run.reason, run.error_detail))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=keep_syncing, args=item) for item in people.items()]
    pruner = threading.Thread(target=keep_pruning)
    for thread in (*threads, pruner):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    pruner.join()

    assert failures == []
    for mine, person in people.items():
        assert stored(mine) == person.entries()
        for saved in person.saved:
            links = TrackArtist.objects.filter(track__spotify_id=saved.id).order_by("position")
            assert [link.artist.spotify_id for link in links.select_related("artist")] == [
                artist.id for artist in saved.track.artists
            ]


@pytest.mark.postgres
def test_what_somebody_else_holds_is_left_to_the_next_time(account):
    Artist.objects.create(spotify_id="a", name="")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM spotify_sync_artist FOR UPDATE")

        assert prune()["artists"] == 0
    finally:
        other.rollback()
        other.close()

    assert prune()["artists"] == 1


@pytest.mark.postgres
def test_two_users_do_not_rewrite_each_others_rows(account, other_user, spotify):
    grace = spotify.add_user("grace", tracks=120)
    other = connect(other_user, spotify, grace)
    sync(account, "tracks")
    sync(other, "tracks")
    shared = set(spotify.user.track_ids()) & set(grace.track_ids())
    assert shared

    with CaptureQueriesContext(connection) as queries:
        sync(account, "tracks", full=True)
        sync(other, "tracks", full=True)

    written = [sql["sql"] for sql in queries if '"spotify_sync_track"' in sql["sql"][:40]]
    assert not [sql for sql in written if sql.startswith(("UPDATE", "INSERT", "DELETE"))]
