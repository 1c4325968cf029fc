"""The journal as a model: played back over the first export, it gives the last one, whatever happened in between.

What Spotify answers under another id (relinking) is left out: a listener has the same track, so it is no line.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    LibraryChange,
    PlaylistItem,
    SavedAlbum,
    SavedTrack,
    SpotifyAccount,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.contents import LocalFile
from tests.kit.connecting import connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

SYNCS = 30
#: Before a sync: edits, each by a seed; after which page of it others are made, if any.
steps = st.lists(
    st.tuples(
        st.lists(st.integers(0, 2**31), max_size=3),
        st.none() | st.tuples(st.integers(2, 4), st.integers(0, 2**31)),
        st.booleans(),
    ),
    min_size=SYNCS,
    max_size=SYNCS,
)


# What happens to a library


def edit_tracks(who: Any, chance: random.Random) -> None:
    count = len(who.saved)
    some = sorted(chance.sample(range(count), k=min(count, chance.randint(1, 3))))
    match chance.randrange(8):
        case 0 | 1:
            who.like(chance.randint(1, 4))
        case 2:
            who.unlike(some)
        case 3 if count:
            who.relike([at for at in some if who.saved[at].track is not None])
        case 4:
            who.null(some, bare=chance.random() < 0.2)
        case 5:
            who.restore(range(count))
        case 6:
            who.add_old(moment(chance))
        case 7 if chance.random() < 0.2:
            who.unlike(slice(0, count * 2 // 3))


def later(spotify: FakeSpotify) -> None:
    """Let time pass: a track that comes in the very second, and place, of one that went is taken for it, relinked."""
    now = spotify.clock() + 10
    spotify.clock = lambda: now


def moment(chance: random.Random) -> datetime:
    """Return a second of its own."""
    return datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**8))


def edit_artists(who: Any, chance: random.Random) -> None:
    count = len(who.following.entries)
    if chance.random() < 0.5 or not count:
        who.follow(chance.randint(1, 3), position=chance.randint(0, count))
    else:
        who.unfollow(chance.sample(range(count), k=min(count, chance.randint(1, 3))))


def edit_albums(who: Any, chance: random.Random) -> None:
    shelf = who.albums
    count = len(shelf.entries)
    some = chance.sample(range(count), k=min(count, chance.randint(1, 3)))
    match chance.randrange(6):
        case 0:
            shelf.save(chance.randint(1, 3))
        case 1:
            shelf.remove(some)
        case 2:
            shelf.save(things=shelf.remove(some))
        case 3 | 4 as way:
            shelf.null(some, null=way == 3)
        case 5:
            shelf.listen(some)


def edit_playlists(who: Any, chance: random.Random) -> None:
    count = len(who.playlists)
    if not count or chance.random() < 0.2:
        who.add_playlist(f"List {chance.randrange(999)}", tracks=chance.randrange(9))
    elif chance.random() < 0.1:
        who.listed.unfollow([chance.randrange(count)])
    else:
        edit_items(chance.choice(who.playlists), chance)


def edit_items(playlist: Any, chance: random.Random) -> None:
    count = len(playlist.items)
    some = [item.content for item in chance.choices(playlist.items, k=3)] if count else []
    match chance.randrange(7):
        case 0:
            playlist.insert(chance.randint(0, count), chance.choice([1, 3, some]))
        case 1 if count:
            start = chance.randrange(count)
            playlist.remove(slice(start, start + chance.randint(1, 4)))
        case 2 if count:
            playlist.move(chance.randrange(count), chance.randrange(count), chance.randint(1, 3))
        case 3 if count:
            playlist.null(chance.randrange(count))
            playlist.touch()
        case 4:
            playlist.restore(slice(None))
            playlist.touch()
        case 5:
            playlist.rename(f"List {chance.randrange(999)}")
        case 6:
            playlist.add(LocalFile("A", "B", f"File {chance.randrange(9)}", 5))


# What a reader of the journal holds


class Things:
    """Ids of a library: those that are ``here``, and those that are ``away``: unavailable, and in their places."""

    def __init__(self, account: SpotifyAccount, resource: str) -> None:
        """Begin with the first export."""
        self.account, self.resource = account, resource
        self.here, self.away = self.stored()

    def stored(self) -> tuple[set[str], set[str]]:
        """Return the same of the database."""
        if self.resource == "following":
            rows = FollowedArtist.objects.filter(account=self.account)
            return set(rows.values_list("artist__spotify_id", flat=True)), set()
        if self.resource == "albums":
            albums = SavedAlbum.objects.filter(account=self.account)
            ids = albums.values_list("spotify_id", flat=True)
            return set(ids.filter(is_available=True)), set(ids.filter(is_available=False))
        tracks = SavedTrack.objects.filter(account=self.account)
        here = tracks.exclude(spotify_id=None).values_list("spotify_id", flat=True)
        held = tracks.filter(spotify_id=None).exclude(track=None)
        return set(here), set(held.values_list("track__spotify_id", flat=True))

    def play(self, change: LibraryChange) -> None:
        """Do to it what a line says."""
        what = change.spotify_id
        if change.kind in ("removed", "unavailable", "returned"):
            assert what in self.here | self.away, f"{change} was not there"
        else:
            assert what not in self.here, f"{change} was there"
        self.here.discard(what)
        self.away.discard(what)
        if change.kind == "unavailable":
            self.away.add(what)
        elif change.kind != "removed":
            self.here.add(what)

    def check(self) -> None:
        here, away = self.stored()
        assert self.here == here
        assert away <= self.away  # of two nulls of one second nobody knows which is which


class Lists:
    """The names of lists, and how often each thing is in them that is available."""

    def __init__(self, account: SpotifyAccount, resource: str) -> None:
        """Begin with the first export."""
        self.account = account
        self.names = self.stored_names()
        self.items: dict[str, Counter[str]] = {}
        self.unread: set[str] = set(self.names)
        self.read_new_lists()

    def stored_names(self) -> dict[str, str]:
        """Return the names by id, of the database."""
        links = AccountPlaylist.objects.filter(account=self.account).select_related("playlist")
        return {link.spotify_id: link.name for link in links}

    def stored_items(self, spotify_id: str) -> Counter[str]:
        """Return the same of the database."""
        rows = PlaylistItem.objects.filter(playlist__spotify_id=spotify_id)
        live = rows.exclude(kind="unavailable").values_list("kind", "uri", "title")
        return Counter(
            title if kind == "local" else uri.rpartition(":")[2] for kind, uri, title in live
        )

    def read_new_lists(self) -> None:
        """Take what is in a list that was read for the first time as its first export."""
        links = AccountPlaylist.objects.filter(account=self.account).select_related("playlist")
        for link in links:
            if link.spotify_id in self.unread:
                self.items[link.spotify_id] = self.stored_items(link.spotify_id)
                if link.playlist.items_synced_at is not None:
                    self.unread.discard(link.spotify_id)

    def play(self, change: LibraryChange) -> None:
        """Do to it what a line says."""
        spotify_id = change.playlist_spotify_id
        if spotify_id:
            assert spotify_id not in self.unread, "The items of a new list are no lines."
            items, what = self.items[spotify_id], change.spotify_id or change.title
            was_away = change.kind == "removed" and change.likely_withdrawn
            if change.kind in ("added", "available"):
                items[what] += 1
            elif not was_away:
                assert items[what] > 0, f"{change} was not there"
                items[what] -= change.kind != "returned"
        elif change.kind == "removed":
            assert self.names.pop(change.spotify_id) == change.title
            self.unread.discard(change.spotify_id)
            del self.items[change.spotify_id]
        else:
            assert self.names.get(change.spotify_id, "") == change.subtitle * (
                change.kind == "renamed"
            )
            self.names[change.spotify_id] = change.title
            if change.kind == "added":
                self.unread.add(change.spotify_id)

    def check(self) -> None:
        assert self.names == self.stored_names()
        self.read_new_lists()
        assert {one: +items for one, items in self.items.items()} == {
            one: self.stored_items(one) for one in self.names
        }


EDITS: dict[str, tuple[str, Callable[[Any, random.Random], None], Any]] = {
    "tracks": ("/me/tracks", edit_tracks, Things),
    "playlists": ("/me/playlists", edit_playlists, Lists),
    "following": ("/me/following", edit_artists, Things),
    "albums": ("/me/albums", edit_albums, Things),
}


@pytest.mark.parametrize("examples", [2, pytest.param(8, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("resource", EDITS)
def test_played_back_it_gives_the_last_export(resource, examples, spotify, django_user_model):
    serial = iter(range(10_000))
    path, edit, reader = EDITS[resource]

    @settings(
        max_examples=examples,
        deadline=None,
        phases=[
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ],  # to make 30 syncs fewer takes an hour
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.large_base_example,
        ],
    )
    @given(count=st.integers(1, 60), steps=steps)
    def check(count: int, steps: Any) -> None:
        name = f"lena{next(serial)}"
        size = count // 10 + 1 if resource == "playlists" else count
        named = "artists" if resource == "following" else resource
        who = spotify.add_user(name, ties=0, **{named: size})  # see ``later``
        user = django_user_model.objects.create_user(username=name)
        account = connect(user, spotify, who)
        try:
            assert sync(account, resource).status == "succeeded"
            [imported] = LibraryChange.objects.filter(account=account)
            assert (imported.kind, imported.count) == ("imported", size)
            copy = reader(account, resource)
            for before, during, is_full in steps:
                for seed in before:
                    later(spotify)
                    edit(who, random.Random(seed))
                if during is not None:
                    nth, seed = during
                    later(spotify)
                    moves = lambda fake, seed=seed: edit(who, random.Random(seed))  # noqa: E731
                    spotify.faults.add(path, nth=nth, before=moves)
                run = sync(account, resource, full=is_full)
                spotify.faults.clear()
                assert run.status in ("succeeded", "partial"), run.error_detail
                for change in run.changes.order_by("pk"):
                    copy.play(change)
                copy.check()
        finally:
            spotify.faults.clear()

    check()
