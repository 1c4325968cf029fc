"""The journal: a line for what came and what left, with its name, written by the run itself."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import Album, LibraryChange, SyncState, Track
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import journal, sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.pruning import prune
from tests.kit.connecting import connect
from tests.kit.journal import lines, since
from tests.kit.saved import ALL, SCOPE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def who(spotify):
    """Give somebody who has a bit of everything."""
    counts = {"albums": 3, "shows": 2, "episodes": 4, "audiobooks": 3}
    return spotify.add_user("lena", tracks=6, playlists=2, artists=5, **counts)


@pytest.fixture
def lena(spotify, who, django_user_model, settings):
    """Give the account of that user, who agreed to everything."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", *ALL]
    user = django_user_model.objects.create_user(username="lena")
    return connect(user, spotify, who, scope=SCOPE)


@pytest.fixture
def heard():
    """Collect what ``sync_finished`` says of changes."""
    told = []

    def receiver(changes, **kwargs):
        told.append(changes)

    sync_finished.connect(receiver)
    yield told
    sync_finished.disconnect(receiver)


COUNTS = {"tracks": 6, "playlists": 2, "following": 5, "albums": 3, "episodes": 4, "audiobooks": 3}


@pytest.mark.parametrize(("resource", "count"), COUNTS.items())
def test_a_first_import_is_one_line_with_its_count(lena, resource, count, heard):
    run = sync(lena, resource)

    [line] = LibraryChange.objects.all()
    assert (line.kind, line.count, line.resource) == ("imported", count, resource)
    assert (line.account, line.run) == (lena, run)
    assert (line.spotify_id, line.title, line.subtitle) == ("", "", "")
    assert heard == [[line.pk]]


def test_a_library_that_was_empty_is_no_new_one(spotify, django_user_model, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", "albums"]
    who = spotify.add_user("lena")
    account = connect(django_user_model.objects.create_user("lena"), spotify, who, scope=SCOPE)
    for resource in settings.SPOTIFY_SYNC_RESOURCES:
        sync(account, resource)
    assert lines(account) == []
    who.like(1)
    who.add_playlist("First", tracks=2)
    who.follow(1)
    who.albums.save(1)

    for resource in settings.SPOTIFY_SYNC_RESOURCES:
        sync(account, resource)

    assert lines(account, "kind") == ["added"] * 4


def name_of(thing):
    """Return the title and the subtitle of what FakeSpotify has."""
    if hasattr(thing, "publisher") and not hasattr(thing, "authors"):
        return thing.name, thing.publisher
    if hasattr(thing, "show"):
        return thing.name, thing.show.name
    if hasattr(thing, "authors"):
        return thing.name, ", ".join(thing.authors)
    return thing.name, ", ".join(artist.name for artist in getattr(thing, "artists", ()))


def come_and_go(who, resource):
    """Let something come and something else go; return both."""
    if resource == "tracks":
        return who.like(1)[0].track, who.unlike(3)[0].track
    if resource == "following":
        return who.follow(1)[0], who.unfollow(3)[0]
    shelf = getattr(who, resource)
    return shelf.save(1)[0], shelf.remove(1)[0]


@pytest.mark.parametrize("resource", ["tracks", "following", *ALL])
def test_what_comes_and_goes_is_written_down_with_its_name(lena, who, spotify, resource, heard):
    spotify.cohort = "extended"  # which is told who publishes a show
    sync(lena, resource)
    new, old = come_and_go(who, resource)
    before = timezone.now()

    run = sync(lena, resource)

    assert run.status == "succeeded"
    rows = since(lena, "kind", "resource", "spotify_id", "title", "subtitle", "count")
    assert sorted(rows) == [
        ("added", resource, new.id, *name_of(new), 1),
        ("removed", resource, old.id, *name_of(old), 1),
    ]
    assert {line.run for line in LibraryChange.objects.exclude(kind="imported")} == {run}
    assert lines(lena, "likely_withdrawn") == [False] * 3
    assert heard[-1] == lines(lena, "pk", run=run)[::-1]
    assert all(before <= seen_at <= timezone.now() for seen_at in lines(lena, "seen_at", run=run))


def test_artists_are_named_in_their_order(lena, who, spotify):
    sync(lena, "tracks")
    track = next(
        track
        for track in spotify.catalogue.first_tracks(400)
        if len(track.artists) > 1 and track.id not in who.track_ids()
    )
    who.like(track=track)

    sync(lena, "tracks")

    assert since(lena, "title", "subtitle") == [name_of(track)]
    assert ", " in name_of(track)[1]


def test_the_name_of_what_is_gone_outlives_the_catalogue(lena, who):
    sync(lena, "tracks")
    [gone] = who.unlike(2)
    sync(lena, "tracks")

    prune()

    assert not Track.objects.filter(spotify_id=gone.id).exists()
    assert since(lena, "kind", "title", "subtitle") == [("removed", *name_of(gone.track))]


def test_the_latest_that_was_saved_is_the_latest_line(lena, who):
    sync(lena, "tracks")
    new = who.like(3)

    sync(lena, "tracks")

    assert since(lena) == [("added", entry.id) for entry in new]


def test_another_ones_journal_is_their_own(lena, account, who):
    sync(account, "tracks")
    sync(lena, "tracks")
    who.like(2)

    sync(lena, "tracks")

    assert lines(account, "kind") == ["imported"]
    assert lines(lena, "kind") == ["added", "added", "imported"]


# Off, cheap, and once


def test_it_can_be_switched_off(lena, who, settings, heard):
    settings.SPOTIFY_SYNC_JOURNAL = False
    sync(lena, "tracks")
    come_and_go(who, "tracks")

    assert sync(lena, "tracks").removed == 1

    assert lines(lena) == []
    assert heard == [[], []]


def statements(account, resource):
    with CaptureQueriesContext(connection) as queries:
        run = sync(account, resource)
    assert run.status == "succeeded"
    return len(queries)


@pytest.mark.parametrize("resource", ["tracks", "playlists", "following", *ALL])
def test_an_unchanged_sync_writes_nothing_and_costs_no_statement(lena, resource, settings):
    sync(lena, resource)
    sync(lena, resource)
    costs = {}

    for is_on in (True, False):
        settings.SPOTIFY_SYNC_JOURNAL = is_on
        costs[is_on] = statements(lena, resource)

    assert costs[True] == costs[False]
    assert len(lines(lena)) == 1


def test_25_likes_cost_one_statement_more(lena, who, settings):
    sync(lena, "tracks")
    costs = {}

    for is_on in (False, True):
        settings.SPOTIFY_SYNC_JOURNAL = is_on
        who.like(25)
        costs[is_on] = statements(lena, "tracks")

    assert costs[True] == costs[False] + 1
    assert len(since(lena)) == 25


def test_an_import_of_10_000_costs_one_statement_and_is_one_line(transactional_db, user, settings):
    with FakeSpotify(tracks=10_000) as fake:
        for name, value in fake.settings.items():
            setattr(settings, name, value)
        account = connect(user, fake)
        with CaptureQueriesContext(connection) as queries:
            sync(account, "tracks")

    said = [query["sql"] for query in queries if "librarychange" in query["sql"]]
    assert (len(said), lines(account, "kind", "count")) == (1, [("imported", 10_000)])


def test_batches_write_the_same(lena, who, settings):
    sync(lena, "tracks")
    new = who.like(25)
    settings.SPOTIFY_SYNC_BATCH_SIZE = 10

    sync(lena, "tracks")

    names = [("added", entry.id, entry.track.name) for entry in new]
    assert since(lena, "kind", "spotify_id", "title") == names


def test_a_database_that_returns_no_ids_is_asked_for_them(lena, who, heard, monkeypatch):
    sync(lena, "tracks")
    who.like(3)
    features = type(connections["default"].features)  # a property on some Djangos
    monkeypatch.setattr(features, "can_return_rows_from_bulk_insert", False)

    run = sync(lena, "tracks")

    assert len(heard[-1]) == 3
    assert heard[-1] == lines(lena, "pk", run=run)[::-1]


def test_a_run_whose_write_is_repeated_writes_its_lines_once(lena, who, heard, monkeypatch):
    sync(lena, "tracks")
    who.like(2)
    written = journal.write
    fails = [True, True, False]

    def stumbling(*args, **kwargs):
        ids = written(*args, **kwargs)
        if fails.pop(0):
            raise OperationalError("deadlock detected")
        return ids

    monkeypatch.setattr(journal, "write", stumbling)

    run = sync(lena, "tracks")

    assert (run.status, fails) == ("succeeded", [])
    assert len(since(lena)) == 2
    assert heard[-1] == lines(lena, "pk", run=run)[::-1]


def test_a_partial_run_writes_what_it_wrote(account, spotify):
    sync(account, "tracks")
    new = spotify.user.like(2)
    spotify.user.unlike(slice(12, 112))

    first = sync(account, "tracks")

    assert (first.status, first.reason) == ("partial", "large_loss")
    assert since(account) == [("added", entry.id) for entry in new]

    second = sync(account, "tracks")

    assert (second.status, second.removed) == ("succeeded", 100)
    assert lines(account, "kind", run=second) == ["removed"] * 100


# What Spotify seems to have withdrawn


def withdrawn(account):
    return {line.spotify_id for line in LibraryChange.objects.filter(likely_withdrawn=True)}


def of_one_album(spotify, count):
    album = spotify.catalogue.new_album(count)
    return spotify.catalogue.tracks_of(album)


@pytest.mark.parametrize(
    ("count", "elsewhere", "is_told"), [(5, 0, True), (4, 0, False), (5, 1, False)]
)
def test_many_of_one_album_at_once_are_likely_withdrawn(
    account, spotify, count, elsewhere, is_told
):
    tracks = of_one_album(spotify, 6)
    for track in tracks:
        spotify.user.like(track=track)
    sync(account, "tracks")
    gone = [track.id for track in tracks[:count]]
    others = [spotify.user.track_ids()[index] for index in range(50, 50 + elsewhere)]
    new = spotify.user.like(1)
    spotify.user.unlike([*gone, *others])

    sync(account, "tracks")

    assert set(lines(account, "spotify_id", kind="removed")) == {*gone, *others}
    assert withdrawn(account) == (set(gone) if is_told else set())
    assert lines(account, kind="added") == [("added", new[0].id)]


@pytest.mark.parametrize("label", ["One Records", ""])
def test_many_of_one_label_at_once_are_likely_withdrawn(lena, who, label):
    who.albums.save(7)
    sync(lena, "albums")
    Album.objects.update(label=label)
    gone = who.albums.remove(slice(2, 8))
    who.albums.save(1)

    sync(lena, "albums")

    assert withdrawn(lena) == ({album.id for album in gone} if label else set())


def test_tracks_without_an_album_are_of_none(account, spotify):
    sync(account, "tracks")
    Track.objects.update(album=None)
    spotify.user.unlike(slice(0, 6))

    sync(account, "tracks")

    assert withdrawn(account) == set()
    assert len(since(account)) == 6


def test_what_leaves_playlists_is_not_judged(account, spotify):
    playlist = spotify.user.add_playlist("Mine")
    playlist.add(of_one_album(spotify, 8))
    sync(account, "playlists")
    playlist.remove(slice(0, 6))

    sync(account, "playlists")

    assert len(since(account)) == 6
    assert withdrawn(account) == set()


# Collections


def test_unavailable_and_available_again(lena, who):
    sync(lena, "shows")
    spotify_id = who.shows.ids()[0]
    who.shows.null(0)
    sync(lena, "shows")
    who.shows.null(0, null=False)

    sync(lena, "shows")

    columns = ("kind", "spotify_id", "likely_withdrawn")
    assert since(lena, *columns) == [
        ("available", spotify_id, False),
        ("unavailable", spotify_id, True),
    ]
    assert "" not in since(lena, "title")


def test_what_was_unavailable_and_is_gone_is_likely_withdrawn(lena, who):
    sync(lena, "episodes")
    spotify_id = who.episodes.ids()[1]
    who.episodes.null(1)
    sync(lena, "episodes")
    who.episodes.remove(1)

    sync(lena, "episodes")

    assert since(lena, "kind", "spotify_id", "likely_withdrawn")[0] == ("removed", spotify_id, True)


@pytest.mark.parametrize("resource", ["albums", "shows", "episodes"])
def test_what_was_saved_again_has_returned(lena, who, resource):
    sync(lena, resource)
    shelf = getattr(who, resource)
    [thing] = shelf.remove(1)
    shelf.save(things=[thing])

    sync(lena, resource)

    assert since(lena) == [("returned", thing.id)]


def test_what_another_resource_takes_over_is_no_change(lena, who, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["shows"]
    sync(lena, "shows")
    settings.SPOTIFY_SYNC_RESOURCES = ["shows", "audiobooks"]

    for resource in ("audiobooks", "shows", "audiobooks", "shows"):
        sync(lena, resource)

    kinds = lines(lena, "resource", "kind", "count")
    assert kinds == [("audiobooks", "imported", 3), ("shows", "imported", 5)]

    [book] = who.audiobooks.save(1)
    for resource in ("shows", "audiobooks", "shows", "audiobooks"):
        sync(lena, resource)

    assert since(lena, "resource", "spotify_id") == [("shows", book.id)]


def test_a_second_import_after_an_erasure_is_one_line(lena):
    sync(lena, "tracks")
    LibraryChange.objects.all().delete()
    lena.saved_tracks.all().delete()
    SyncState.objects.update(full_at=None, full_total=None)

    sync(lena, "tracks")

    assert lines(lena, "kind", "count") == [("imported", 6)]
