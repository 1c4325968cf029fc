"""Edits of one list, at every edge of a page, and what they cost the database."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Playlist, PlaylistItem
from django_spotify_sync.spotify.answers import playlist_items
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists.items import writing
from django_spotify_sync.testing import LocalFile, invent_episode
from tests.kit.truth import check_playlists, item_ids, stored_items, true_items

#: From the end on, so that one list can be edited at each in turn.
EDGES = [150, 149, 130, 129, 101, 100, 99, 98, 51, 50, 49, 48, 1, 0]


@pytest.fixture
def playlist(account, spotify):
    """Give a list of 151 tracks that is stored."""
    playlist = spotify.user.add_playlist("Edited", 151)
    sync(account, "playlists")
    return playlist


def written(queries, verb):
    return [query["sql"] for query in queries if query["sql"].startswith(verb)]


@pytest.mark.parametrize("size", [0, 1, 49, 50, 51, 99, 100, 101, 149, 150, 151, 200, 201])
@pytest.mark.parametrize("cohort", ["new", "extended"])
def test_lists_of_every_size_around_a_page(account, spotify, size, cohort):
    spotify.cohort = cohort
    playlist = spotify.user.add_playlist("Sized", size)

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert stored_items(playlist) == true_items(playlist)


def test_an_insertion_keeps_every_row(account, playlist):
    for at in EDGES:
        before = item_ids(playlist)
        playlist.insert(at, 2)

        run = sync(account, "playlists")

        assert (run.created, run.updated, run.removed) == (2, 1, 0), at  # it has another total
        after = item_ids(playlist)
        assert after[:at] + after[at + 2 :] == before, at
        assert stored_items(playlist) == true_items(playlist), at


def test_a_removal_takes_one_row(account, playlist):
    for at in EDGES:
        before = item_ids(playlist)
        playlist.remove(at)

        run = sync(account, "playlists")

        assert (run.created, run.updated, run.removed) == (0, 1, 1), at
        assert item_ids(playlist) == before[:at] + before[at + 1 :], at
        assert stored_items(playlist) == true_items(playlist), at


@pytest.mark.parametrize("to", [0, 75, 148])
def test_what_moved_keeps_its_row(account, playlist, to):
    for at in sorted({min(at, 148) for at in EDGES}):
        before = item_ids(playlist)
        playlist.move(at, to, count=3)

        run = sync(account, "playlists")

        expected = before[:at] + before[at + 3 :]
        expected[to:to] = before[at : at + 3]
        assert (run.created, run.removed) == (0, 0), at
        assert run.updated == min(3, abs(at - to)), at
        assert item_ids(playlist) == expected, at
        assert stored_items(playlist) == true_items(playlist), at


def test_a_double_is_an_item_of_its_own(account, playlist):
    for at in EDGES:
        before = item_ids(playlist)
        playlist.insert(at, [playlist.items[70].content] * 2)

        run = sync(account, "playlists")

        assert (run.created, run.removed) == (2, 0), at
        assert set(before) < set(item_ids(playlist)), at
        assert stored_items(playlist) == true_items(playlist), at


def test_what_spotify_takes_away_keeps_its_row_and_its_track(account, playlist):
    before = item_ids(playlist)
    row = PlaylistItem.objects.get(pk=before[60])
    playlist.null(60)

    run = sync(account, "playlists", full=True)

    after = PlaylistItem.objects.get(pk=before[60])
    assert (after.kind, after.uri, after.track_id) == ("unavailable", "", row.track_id)
    assert (run.created, run.updated, run.removed) == (0, 1, 0)
    playlist.restore(60)
    sync(account, "playlists", full=True)
    assert item_ids(playlist) == before
    assert stored_items(playlist) == true_items(playlist)


def test_what_is_answered_with_another_id_keeps_its_row(account, playlist):
    before = item_ids(playlist)
    playlist.relink(60)

    run = sync(account, "playlists", full=True)

    assert (run.created, run.updated, run.removed) == (0, 1, 0)
    assert item_ids(playlist) == before
    assert stored_items(playlist) == true_items(playlist)


def test_a_list_that_was_emptied_is_empty(account, spotify, playlist):
    playlist.remove(slice(None))

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 151)
    check_playlists(account, spotify.user)


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_come_out_true(account, spotify, seed):
    rng = random.Random(seed)
    spotify.cohort = rng.choice(["new", "legacy", "extended"])
    playlist = spotify.user.add_playlist("Random", rng.randrange(160))
    sync(account, "playlists")
    for _ in range(8):
        for _ in range(rng.randrange(1, 4)):
            edit(rng, playlist)

        run = sync(account, "playlists")

        assert run.status == "succeeded"
        assert stored_items(playlist) == true_items(playlist)


def edit(rng, playlist):
    count = len(playlist.items)
    some = [item.content for item in rng.choices(playlist.items, k=3)] if count else []
    talk = [invent_episode(str(rng.random())), LocalFile("A", "B", str(rng.random()), 9)]
    match rng.randrange(6):
        case 0:
            playlist.insert(rng.randrange(count + 1), rng.choice([1, 5, some, talk]))
        case 1 if count:
            at = rng.randrange(count)
            playlist.remove(slice(at, at + rng.randrange(1, 60)))
        case 2 if count:
            playlist.move(rng.randrange(count), rng.randrange(count), count=rng.randrange(1, 30))
        case 3 if count:
            playlist.null(rng.randrange(count))
            playlist.touch()
        case 4:
            playlist.add(rng.choice([some, talk]))
        case 5 if count:
            playlist.restore(slice(None))
            playlist.touch()


@pytest.fixture
def long_list(account, spotify):
    """Give a list of 3,000 items that is stored: tracks, and a few files and episodes."""
    playlist = spotify.user.add_playlist("Long", 2_960)
    playlist.insert(1_000, [LocalFile("Artist" * 99, "Album", f"{n}", n) for n in range(25)])
    playlist.insert(2_000, [invent_episode(f"talk {number}") for number in range(15)])
    sync(account, "playlists")
    return playlist


def test_an_insertion_in_the_middle_of_a_long_list_rewrites_nothing(account, spotify, long_list):
    before = item_ids(long_list)
    assert len(before) == 3_000
    new = [long_list._fresh(2)[0], LocalFile("New", "File", "here", 3), invent_episode("new")]
    long_list.insert(1_500, new)

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "playlists")

    assert (run.created, run.updated, run.removed) == (3, 1, 0)
    after = item_ids(long_list)
    assert after[:1_500] + after[1_503:] == before
    assert stored_items(long_list) == true_items(long_list)
    of_items = [query for query in queries if '"spotify_sync_playlistitem"' in query["sql"]]
    assert len(written(of_items, "UPDATE")) == 0
    assert len(written(of_items, "INSERT")) == 1
    assert len(written(of_items, "DELETE")) == 0
    # one counts, one loads what is narrow, one looks up what has no track
    look_ups = [sql for sql in written(of_items, "SELECT") if "spotify:local:" in sql]
    assert (len(written(of_items, "SELECT")), len(look_ups)) == (3, 1)


@pytest.mark.postgres
def test_what_has_no_track_is_found_by_the_hash_index(account, long_list):
    one = PlaylistItem.objects.filter(kind="local").in_order()[10]
    playlist_id = Playlist.objects.get(spotify_id=long_list.id).pk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE spotify_sync_playlistitem")
    entries = [entry_of(one.uri)]

    with CaptureQueriesContext(connection) as queries:
        texts = writing._texts(
            PlaylistItem.objects.filter(playlist_id=playlist_id), playlist_id, entries
        )

    assert list(texts) == [one.pk]
    [look_up] = queries
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + look_up["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "spotify_sync_item_hash" in plan


def entry_of(uri):
    return playlist_items.ItemRow("local", uri)


def test_many_files_are_read_at_once(account, spotify):
    playlist = spotify.user.add_playlist("Tapes")
    playlist.add([LocalFile("A", "B", f"{number}", number) for number in range(300)])
    sync(account, "playlists")
    before = item_ids(playlist)
    playlist.move(10, 250, count=20)

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "playlists")

    assert (run.created, run.removed, set(item_ids(playlist))) == (0, 0, set(before))
    assert stored_items(playlist) == true_items(playlist)
    of_items = [query for query in queries if '"spotify_sync_playlistitem"' in query["sql"]]
    assert len(written(of_items, "SELECT")) == 3
