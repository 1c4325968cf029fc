"""What is read from the database: one account's library in Spotify's order, chunk by chunk.

However long it is, a few hundred rows are in memory at a time, and each chunk costs the same few queries. No cursor of
the database stays open in between, so that a pool of connections may sit before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Count, Model, Prefetch, QuerySet

from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.models import (
    AccountPlaylist,
    AlbumArtist,
    Artist,
    FollowedArtist,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource

#: Rows in memory at a time. Their keys fit into one statement of every database.
CHUNK = 500

type Watch = Callable[[int], None]
type List = tuple[AccountPlaylist, Iterator[PlaylistItem]]
type Lists = Iterator[List]


@dataclass(frozen=True, slots=True)
class _Reader:
    """The account's user, by the key alone: the row of the user may live in another database."""

    pk: Any


@dataclass(frozen=True, slots=True)
class Library:
    """What is to be exported: the rows of some ``resources`` of one account or, of its playlists, one alone.

    ``watch`` is told of each chunk how many rows it had. ``under_way`` is a playlist that is read already, and then the
    only one. ``saved`` are those of the saved tracks that are wanted, without it all of them.
    """

    account: SpotifyAccount
    resources: tuple[str, ...]
    playlist: AccountPlaylist | None = None
    watch: Watch = lambda rows: None
    under_way: List | None = None
    saved: QuerySet[SavedTrack] | None = None

    def total(self) -> int:
        """Return how many rows there are, the items of playlists included."""
        counts = [
            LIBRARY[resource].of(self.account.pk).count()
            for resource in self.resources
            if resource != Resource.PLAYLISTS
        ]
        if Resource.PLAYLISTS in self.resources:
            links = self._links()
            counts += [links.count(), self._items(links.values("playlist")).count()]
        return sum(counts)

    def tracks(self) -> Iterator[SavedTrack]:
        wanted = SavedTrack.objects.all() if self.saved is None else self.saved
        rows = wanted.filter(account=self.account)
        return self._watched(in_chunks(_with_music(rows, "track__"), size=CHUNK, by="-rank"))

    def followed(self) -> Iterator[FollowedArtist]:
        rows = FollowedArtist.objects.filter(account=self.account).select_related("artist")
        return self._watched(in_chunks(rows, size=CHUNK, by="position"))

    def albums(self) -> Iterator[SavedAlbum]:
        rows = SavedAlbum.objects.filter(account=self.account).select_related("album")
        return self._recent(rows.prefetch_related(_links(AlbumArtist, "album__album")))

    def shows(self) -> Iterator[SavedShow]:
        return self._recent(SavedShow.objects.filter(account=self.account).select_related("show"))

    def episodes(self) -> Iterator[SavedEpisode]:
        rows = SavedEpisode.objects.filter(account=self.account)
        return self._recent(rows.select_related("episode__show"))

    def audiobooks(self) -> Iterator[SavedAudiobook]:
        rows = SavedAudiobook.objects.filter(account=self.account)
        return self._recent(rows.select_related("audiobook"))

    def lists(self) -> Lists:
        """Give the playlists, each with its items, which are to be gone through before the next one is asked for.

        A playlist that the user may not read, or that others have changed since the user's own last sync, is empty.
        """
        if self.under_way:
            yield self.under_way
            return
        for links in in_chunks(self._links(), size=CHUNK, by="position"):
            items = self._items([link.playlist_id for link in links])
            counted = items.values_list("playlist").annotate(Count("pk")).order_by()
            for together in _packed(links, dict(counted)):
                self.watch(len(together))
                if len(together) == 1:
                    yield together[0], self._long(together[0])
                else:
                    yield from self._short(together)

    def _long(self, link: AccountPlaylist) -> Iterator[PlaylistItem]:
        items = _with_music(self._items([link.playlist_id]), "track__")
        return self._watched(in_chunks(items, size=CHUNK, by="position"))

    def _short(self, links: list[AccountPlaylist]) -> Lists:
        """Give lists that are read together, so that hundreds of short ones cost no query each."""
        items: dict[int, list[PlaylistItem]] = {link.playlist_id: [] for link in links}
        for item in _with_music(self._items(list(items)), "track__").in_order():
            items[item.playlist_id].append(item)
        for link in links:
            yield link, self._watched([items.pop(link.playlist_id)])

    def _links(self) -> QuerySet[AccountPlaylist]:
        links = AccountPlaylist.objects.filter(account=self.account).select_related("playlist")
        return links.filter(pk=self.playlist.pk) if self.playlist else links

    def _items(self, playlists: Any) -> Any:
        items = PlaylistItem.objects.filter(playlist__in=playlists)
        return items.readable_by(_Reader(self.account.user_id))

    def _recent[Row: Model](self, rows: QuerySet[Row]) -> Iterator[Row]:
        """Give rows latest saved first, and in the end those without a date."""
        dated = in_chunks(rows.filter(added_at__isnull=False), size=CHUNK, by="-added_at")
        undated = in_chunks(rows.filter(added_at__isnull=True), size=CHUNK, by="-pk")
        return self._watched(chain(dated, undated))

    def _watched[Row](self, chunks: Iterable[list[Row]]) -> Iterator[Row]:
        for chunk in chunks:
            yield from chunk
            self.watch(len(chunk))


def playlist_of(account: SpotifyAccount, spotify_id: str) -> AccountPlaylist | None:
    """Return the playlist of this id as it is in the account's library; None if it is not there."""
    if "\0" in spotify_id:
        return None
    links = AccountPlaylist.objects.filter(account=account).select_related("playlist")
    return links.filter(playlist__spotify_id=spotify_id).first()


def _packed(
    links: Iterable[AccountPlaylist], lengths: dict[int, int]
) -> Iterator[list[AccountPlaylist]]:
    """Part links into runs that have no more items together than a chunk has; one with more is by itself."""
    together: list[AccountPlaylist] = []
    held = 0
    for link in links:
        length = lengths.get(link.playlist_id, 0)
        if together and held + length > CHUNK:
            yield together
            together, held = [], 0
        together.append(link)
        held += length
    if together:
        yield together


def artists_of(row: Any) -> list[Artist]:
    """Return the artists of a track or an album out of a library, in Spotify's order."""
    return [link.artist for link in row.links]


def _with_music(rows: Any, path: str) -> Any:
    """With the track that ``path`` leads to, its artists, its album, and the album's artists."""
    artists = (_links(TrackArtist, f"{path}track"), _links(AlbumArtist, f"{path}album__album"))
    return rows.select_related(f"{path}album").prefetch_related(*artists)


def _links(model: type[Model], path: str) -> Prefetch[Any]:
    """Fetch links to artists into a list: to make a queryset for each row takes longer than all else."""
    links = model._default_manager.select_related("artist").order_by("position")
    return Prefetch(f"{path}_artists", queryset=links, to_attr="links")
