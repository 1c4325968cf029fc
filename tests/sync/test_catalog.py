from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from django_spotify_sync.models import Album, AlbumArtist, Artist, Track, TrackArtist
from django_spotify_sync.spotify.answers.catalog import AlbumRow, ArtistRow, Catalog, TrackRow
from django_spotify_sync.sync import catalog as catalog_module
from django_spotify_sync.sync.catalog import hold_catalog, write_catalog
from django_spotify_sync.upkeep.pruning import prune

ARTISTS = {name: ArtistRow(name, name.title()) for name in ("ada", "bob", "cleo")}
ALBUM = AlbumRow("lp", "LP", "album", "1999-12", "month", 1999, 10, "https://a/640", "", ("ada",))
TRACK = TrackRow("song", "Song", "lp", ("ada", "bob"), 1000, True, "ISRC1", 1, 2)


def catalog(track: TrackRow = TRACK, album: AlbumRow = ALBUM) -> Catalog:
    return Catalog(artists=dict(ARTISTS), albums={"lp": album}, tracks={"song": track})


def write(*args) -> dict[str, int]:
    with transaction.atomic():
        return write_catalog(catalog(*args), using="default")["track"]


def credited() -> list[str]:
    links = TrackArtist.objects.order_by("position").select_related("artist")
    return [link.artist.spotify_id for link in links]


pytestmark = pytest.mark.django_db


def test_rows_and_links_are_written():
    ids = write()

    track = Track.objects.select_related("album").get()
    assert ids == {"song": track.pk}
    assert (track.name, track.duration_ms, track.explicit, track.isrc) == (
        "Song",
        1000,
        True,
        "ISRC1",
    )
    assert (track.album.name, track.album.release_year) == ("LP", 1999)
    assert credited() == ["ada", "bob"]
    assert [link.artist.spotify_id for link in AlbumArtist.objects.select_related("artist")] == [
        "ada"
    ]


def test_what_is_there_is_only_read():
    write()

    with CaptureQueriesContext(connection) as queries:
        write()

    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}


@pytest.mark.parametrize("after", [("bob", "ada"), ("bob",), ("cleo", "ada"), (), ("bob", "cleo")])
def test_artists_change_and_keep_their_order(after):
    write()

    write(replace(TRACK, artist_ids=after))

    assert credited() == list(after)


def test_what_was_not_said_wipes_nothing():
    write()
    silent = replace(
        TRACK, name=None, album_id=None, artist_ids=None, duration_ms=None, explicit=None, isrc=None
    )

    write(silent, replace(ALBUM, name=None, image_url=None, artist_ids=None, release_date=None))

    track, album = Track.objects.get(), Album.objects.get()
    assert (track.name, track.album_id, track.duration_ms, track.isrc) == (
        "Song",
        album.pk,
        1000,
        "ISRC1",
    )
    assert (album.name, album.image_url, album.release_date) == ("LP", "https://a/640", "1999-12")
    assert credited() == ["ada", "bob"]


def test_what_was_never_said_has_a_default():
    silent = replace(TRACK, name=None, album_id=None, duration_ms=None, explicit=None, isrc=None)

    write(silent)

    track = Track.objects.get()
    assert (track.name, track.duration_ms, track.explicit, track.isrc) == ("", 0, False, "")


def test_empty_is_said():
    with transaction.atomic():
        write_catalog(
            Catalog(artists={"ada": ArtistRow("ada", "Ada", "https://a", ("pop",))}),
            using="default",
        )
        write_catalog(Catalog(artists={"ada": ArtistRow("ada", "Ada", "", ())}), using="default")

    artist = Artist.objects.get()
    assert (artist.image_url, artist.genres) == ("", [])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Artist, Album, Track])
def test_what_is_pruned_before_it_is_locked_is_written_again(model, monkeypatch):
    write_catalog(catalog(), using="default")
    stored = model.objects.count()
    lock = catalog_module.lock_in_order
    removed: list[dict[str, int]] = []

    def lock_after_prune(kind, key, values, **options):
        if kind is model and not removed:
            removed.append(prune_elsewhere())
        return lock(kind, key, values, **options)

    monkeypatch.setattr(catalog_module, "lock_in_order", lock_after_prune)
    with transaction.atomic():
        keys = hold_catalog(catalog(), using="default")

    kind = model._meta.model_name
    assert removed[0][f"{kind}s"] == stored
    assert keys[kind] == dict(model.objects.values_list("spotify_id", "pk"))
    assert credited() == ["ada", "bob"]


def prune_elsewhere() -> dict[str, int]:
    """Prune on another connection; return what went."""
    removed = {}

    def work():
        removed.update(prune())
        connection.close()

    pruner = threading.Thread(target=work)
    pruner.start()
    pruner.join(60)
    return removed
