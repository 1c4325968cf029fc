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
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    Hour,
    LargeLoss,
    LibraryChange,
    LostRow,
    Playlist,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    Show,
    StagedPage,
    SyncRun,
    Track,
    TrackArtist,
)
from django_spotify_sync.models.hours import hour_of
from django_spotify_sync.sync import sync
from django_spotify_sync.upkeep.pruning import prune
from tests.host.models import Review
from tests.kit.connecting import connect, stored
from tests.kit.losing import loss_of
from tests.kit.saved import rows_of, tracks_of, truth_of


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


def album_of(spotify_id: str, tracks: int = 3) -> Album:
    """Make an album that lists tracks of its own."""
    album = Album.objects.create(spotify_id=spotify_id)
    for place in range(tracks):
        track = Track.objects.create(spotify_id=f"{spotify_id} {place}", album=album)
        AlbumTrack.objects.create(album=album, track=track, position=place)
    return album


def test_an_album_keeps_its_tracks_as_long_as_somebody_has_saved_it(account):
    kept, let_go = album_of("kept"), album_of("let go")
    for album in (kept, let_go):
        SavedAlbum.objects.create(account=account, album=album, spotify_id=album.spotify_id)
    assert sum(prune().values()) == 0
    SavedAlbum.objects.filter(album=let_go).delete()

    removed = prune()

    assert (removed["tracks"], removed["albums"]) == (3, 1)
    assert list(Album.objects.all()) == [kept]
    assert AlbumTrack.objects.filter(album=kept).count() == Track.objects.count() == 3
    assert sum(prune().values()) == 0


def test_a_track_that_is_liked_outlives_the_list_of_its_album(account):
    album = album_of("let go")
    liked = album.tracks.latest("pk")
    SavedTrack.objects.create(account=account, track=liked, spotify_id=liked.spotify_id, rank=1)

    removed = prune()

    assert removed["tracks"] == 2
    assert list(Track.objects.all()) == [liked]
    assert list(Album.objects.all()) == [album]
    assert not AlbumTrack.objects.exists()


def test_an_album_loses_all_its_tracks_or_none(account, settings):
    """Whether an album was read whole is told from its last place, so a part may not be missing."""
    settings.SPOTIFY_SYNC_BATCH_SIZE = 2
    album_of("album")
    with CaptureQueriesContext(connection) as queries:
        prune()

    deletes = [sql for sql in queries if sql["sql"].startswith('DELETE FROM "spotify_sync_albumtr')]
    assert len(deletes) == 1
    assert not AlbumTrack.objects.exists()


def test_tracks_that_went_while_somebody_saved_their_album_come_back(account, spotify):
    [entry] = spotify.user.albums.save(1, tracks=60)
    sync(account, "albums")
    listed = tracks_of(entry.id)
    assert len(listed) == 60
    AlbumTrack.objects.all().delete()  # as prune does, which did not see yet that it is saved
    Album.objects.update(tracks_version="")
    assert prune()["tracks"] > 0

    sync(account, "albums")

    assert tracks_of(entry.id) == listed


def test_lists_of_tracks_go_by_batches_of_albums(account, settings):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 2
    kept = album_of("album 0")
    SavedAlbum.objects.create(account=account, album=kept, spotify_id="album 0")
    for number in range(1, 6):
        album_of(f"album {number}")

    assert prune()["albums"] == 5
    assert AlbumTrack.objects.count() == 3


def test_shows_episodes_and_audiobooks_that_nobody_has_go(account):
    for name in ("kept", "orphan"):
        show = Show.objects.create(spotify_id=name)
        other = Show.objects.create(spotify_id=f"{name} of an episode")
        episode = Episode.objects.create(spotify_id=name, show=other)
        book = Audiobook.objects.create(spotify_id=name)
        if name == "kept":
            whose = {"account": account, "spotify_id": name}
            SavedShow.objects.create(show=show, **whose)
            SavedEpisode.objects.create(episode=episode, **whose)
            SavedAudiobook.objects.create(audiobook=book, **whose)

    removed = prune()

    assert (removed["shows"], removed["episodes"], removed["audiobooks"]) == (2, 1, 1)
    assert {show.spotify_id for show in Show.objects.all()} == {"kept", "kept of an episode"}
    assert [one.spotify_id for one in Episode.objects.all()] == ["kept"]
    assert [one.spotify_id for one in Audiobook.objects.all()] == ["kept"]
    assert sum(prune().values()) == 0


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


def line(account, age, **values):
    """Write a line of the journal that was seen so many days ago."""
    values |= {"seen_at": timezone.now() - timedelta(days=age)}
    return LibraryChange.objects.create(account=account, resource="tracks", kind="added", **values)


def test_old_lines_of_the_journal_go_by_batches(account, settings):
    recent = line(account, 399)
    for _ in range(5):
        line(account, 401)
    settings.SPOTIFY_SYNC_BATCH_SIZE = 2

    with CaptureQueriesContext(connection) as queries:
        assert prune()["changes"] == 5

    deletes = [sql for sql in queries if sql["sql"].startswith('DELETE FROM "spotify_sync_library')]
    assert len(deletes) == 3
    assert list(LibraryChange.objects.all()) == [recent]
    settings.SPOTIFY_SYNC_CHANGES_RETENTION = timedelta(days=398)
    assert prune()["changes"] == 1


def test_lines_outlive_their_run(account):
    now = timezone.now()
    old, recent = (
        SyncRun.objects.create(
            account=account,
            resource="tracks",
            trigger="user",
            finished_at=now - timedelta(days=age),
        )
        for age in (91, 89)
    )
    lines = [line(account, 91, run=run) for run in (old, old, recent)]

    removed = prune()

    assert (removed["sync_runs"], removed["changes"]) == (1, 0)
    runs = dict(LibraryChange.objects.values_list("pk", "run"))
    assert runs == {one.pk: run for one, run in zip(lines, (None, None, recent.pk), strict=True)}


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


@pytest.mark.parametrize(("looked", "left"), [(None, [29]), (1, [1, 29]), (40, [29, 31, 40])])
def test_old_hours_go_but_for_the_last_look(db, looked, left):
    now = timezone.now()
    for age in (29, 31, 41):
        Hour.objects.create(at=hour_of(now - timedelta(days=age)), resource="tracks")
    if looked:
        looked_at = now - timedelta(days=looked)
        Hour.objects.create(at=hour_of(looked_at), looked_at=looked_at)

    assert prune()["hours"] == (1 if looked == 40 else 2)

    kept = [(now - hour.at).days for hour in Hour.objects.order_by("-at")]
    assert kept == left


def test_a_loss_goes_with_its_run(account):
    now = timezone.now()
    losses = [loss_of(account), loss_of(account)]
    SyncRun.objects.filter(pk=losses[0].run_id).update(finished_at=now - timedelta(days=91))
    SyncRun.objects.filter(pk=losses[1].run_id).update(finished_at=now - timedelta(days=89))

    assert prune()["sync_runs"] == 1

    assert list(LargeLoss.objects.all()) == losses[1:]
    assert set(LostRow.objects.values_list("loss", flat=True)) == {losses[1].pk}


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
def test_syncs_of_albums_and_prune_beside_them(account, spotify):
    """Twenty times: albums come and go, while orphans are pruned."""
    person, done = spotify.user, threading.Event()

    def keep_pruning():
        while not done.is_set():
            prune()
        connection.close()

    person.albums.save(8, tracks=5)
    pruner = threading.Thread(target=keep_pruning)
    pruner.start()
    try:
        for _ in range(20):
            person.albums.remove(slice(0, 3))
            person.albums.save(3, tracks=5)
            run = sync(account, "albums")
            assert run.status == "succeeded", (run.reason, run.error_detail)
    finally:
        done.set()
        pruner.join()

    sync(account, "albums")
    assert rows_of(account, "albums") == truth_of(person, "albums")
    for entry in person.albums.entries:
        assert tracks_of(entry.id) == [track.id for track in person.albums.tracks(entry.id)]


@pytest.mark.postgres
def test_an_album_that_somebody_else_holds_keeps_all_its_tracks(account):
    album = album_of("album")
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:  # as it is held by who points at it
            cursor.execute("SELECT id FROM spotify_sync_album FOR KEY SHARE")

        assert prune()["tracks"] == 0
        assert AlbumTrack.objects.filter(album=album).count() == 3
    finally:
        other.rollback()
        other.close()

    assert prune()["tracks"] == 3


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
