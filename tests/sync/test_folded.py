"""What search looks for is written with the names, and with nothing else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Album, Artist, Playlist, PlaylistItem, Track
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists.items.writing import write_items
from django_spotify_sync.testing import LocalFile, invent_episode
from tests.kit.truth import wrongly_folded


@pytest.mark.parametrize("resource", ["tracks", "following", "playlists"])
def test_a_renamed_thing_is_found_by_its_new_name(account, spotify, resource):
    owned = spotify.user.add_playlist("Eigene", 3)
    sync(account, resource)
    rename, things = spotify.catalogue.rename, spotify.catalogue.by_id.values()
    for thing in things:
        rename(thing, f"ТЫСЯЧА É {thing.name}")
    owned.rename("Für ÖÖ")

    sync(account, resource, full=True)

    for model in {
        "tracks": (Artist, Album, Track),
        "following": (Artist,),
        "playlists": (Artist, Album, Track),
    }[resource]:
        stored = model.objects.all()
        assert stored.exists()
        assert stored.filter(folded__contains="тысяча e").count() == stored.count(), model
    if resource == "playlists":
        assert Playlist.objects.get(folded__contains="für öö").owner_name


def test_an_owner_who_is_renamed_is_found(account, spotify):
    playlist = spotify.user.add_playlist("Für", 1)
    sync(account, "playlists")
    place = [one.id for one in spotify.user.playlists].index(playlist.id)
    spotify.user.listed.patch(place, owner={"id": spotify.user.id, "display_name": "Zoë"})

    sync(account, "playlists")

    row = Playlist.objects.get(spotify_id=playlist.id)
    assert (row.owner_name, row.folded) == ("Zoë", "fur zoe")


def test_what_has_no_track_is_found_by_both_of_its_names(account, spotify):
    playlist = spotify.user.add_playlist("Tapes")
    playlist.add([LocalFile("Zoë", "", "Für", 5), invent_episode("one")])
    sync(account, "playlists")
    assert list(PlaylistItem.objects.filter(folded__contains="fur zoe")) != []

    playlist.patch(0, content={"name": "Spät"})
    playlist.patch(1, content={"show": {"name": "Die Größten"}})
    sync(account, "playlists", full=True)

    tape, episode = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).in_order()
    assert tape.folded == "spat zoe"
    assert episode.folded.endswith("die grossten")


@pytest.mark.django_db
def test_of_what_changes_by_half_the_other_half_is_read():
    """A file whose place is said to hold nothing any more, under another title, and no word of its artist."""
    playlist = Playlist.objects.create(spotify_id="p")

    def write(*entries):
        counts, *_ = write_items(
            playlist.pk, entries, {}, whole=True, same_reader=True, using="default"
        )
        return counts

    write(ItemRow("local", "spotify:local:a", title="Für", subtitle="Zoë"))
    assert PlaylistItem.objects.get().folded == "fur zoe"

    write(ItemRow("unavailable", "", title="Spät"))

    item = PlaylistItem.objects.get()
    assert (item.title, item.subtitle, item.folded) == ("Spät", "Zoë", "spat zoe")
    assert wrongly_folded() == []


@pytest.mark.parametrize("resource", ["tracks", "following", "playlists"])
def test_what_is_unchanged_is_not_written_again(account, spotify, resource):
    sync(account, resource)

    with CaptureQueriesContext(connection) as captured:
        sync(account, resource, full=True)

    assert not [one for one in captured if "UPDATE" in one["sql"][:6] and "folded" in one["sql"]]
