"""What of a library is lost: no longer at Spotify, not to be played, or kept here alone; its name, and since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    LibraryChange,
    LostRow,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    SpotifyAccount,
)
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.models.playlists import ItemKind
from django_spotify_sync.models.runs import Resource

from pages import words
from pages.collections import ALBUM_ARTISTS
from pages.figures import counted_from
from pages.words import Words

#: Items of playlists, beside the resources of a library.
ITEMS = "items"

GONE = _("No longer at Spotify")
UNPLAYABLE = _("At Spotify, but not to be played where you are")
KEPT = _("Gone at Spotify, and kept here because you said so")

type Key = tuple[str, int]


@dataclass(frozen=True)
class Read:
    """What a row says of itself. ``playlist`` is the key of the one in which it stands, 0 for none."""

    title: str
    subtitle: str
    cover: str
    url: str
    spotify_id: str
    why: Words
    playlist: int = 0


@dataclass(frozen=True)
class Lost:
    """One thing that is lost, with its name last known. ``since`` is when a sync saw that, None if it always was so."""

    of: str
    read: Read
    since: datetime | None
    playlist: AccountPlaylist | None

    @property
    def icon(self) -> str:
        return "tracks" if self.of == ITEMS else self.of


@dataclass(frozen=True)
class Shelf:
    """How many are lost of one kind."""

    name: str
    title: Words
    count: int


@counted_from()
def keys_of(account: SpotifyAccount) -> list[Key]:
    """Return what is lost, by table and primary key, in the order of the shelves and of each of them."""
    tables: dict[str, QuerySet[Any]] = {
        Resource.TRACKS: _either(SavedTrack, account).filter(track__isnull=False).in_order(),
        ITEMS: PlaylistItem.objects.unavailable_to(account.user).order_by("playlist", "position"),
        Resource.PLAYLISTS: AccountPlaylist.objects.filter(account=account).kept().in_order(),
        Resource.FOLLOWING: FollowedArtist.objects.filter(account=account).kept().in_order(),
        Resource.ALBUMS: _either(SavedAlbum, account).filter(album__isnull=False).recent(),
        Resource.SHOWS: _either(SavedShow, account).filter(show__isnull=False).recent(),
        Resource.EPISODES: _either(SavedEpisode, account).filter(episode__isnull=False).recent(),
        Resource.AUDIOBOOKS: _either(SavedAudiobook, account)
        .filter(audiobook__isnull=False)
        .recent(),
    }
    return [(name, pk) for name, rows in tables.items() for pk in rows.values_list("pk", flat=True)]


def _either(model: Any, account: SpotifyAccount) -> Any:
    mine = model.objects.filter(account=account)
    return mine.unavailable() | mine.kept()


def shelves(keys: Sequence[Key]) -> list[Shelf]:
    """Count what is lost of each kind of which there is any."""
    counted: dict[str, int] = defaultdict(int)
    for name, _pk in keys:
        counted[name] += 1
    return [Shelf(name, _title(name), count) for name, count in counted.items()]


def _title(name: str) -> Words:
    return _("In playlists") if name == ITEMS else words.SHELVES[name]


def page_of(
    account: SpotifyAccount, keys: Sequence[Key], number: str | None, per_page: int
) -> Page[Any]:
    """Return one page of what is lost, each as ``Lost``; what came back meanwhile is left out."""
    page = Paginator(keys, per_page).get_page(number)
    wanted: dict[str, list[int]] = defaultdict(list)
    for name, pk in page.object_list:
        wanted[name].append(pk)
    found = {
        (name, row.pk): _READ[name](row)
        for name, pks in wanted.items()
        for row in _rows(account, name).filter(pk__in=pks)
    }
    shown = {key: found[key] for key in page.object_list if key in found}
    since = _since(account, shown)
    links = _links(account, {one.playlist for one in shown.values() if one.playlist})
    page.object_list = [
        Lost(of=key[0], read=read, since=since[key], playlist=links.get(read.playlist))
        for key, read in shown.items()
    ]
    return page


def _rows(account: SpotifyAccount, name: str) -> QuerySet[Any]:
    match name:
        case Resource.TRACKS:
            return SavedTrack.objects.filter(account=account).with_tracks()
        case "items":
            return PlaylistItem.objects.readable_by(account.user).with_tracks()
        case Resource.PLAYLISTS:
            return AccountPlaylist.objects.filter(account=account).select_related("playlist")
        case Resource.FOLLOWING:
            return FollowedArtist.objects.filter(account=account).select_related("artist")
        case Resource.ALBUMS:
            albums = SavedAlbum.objects.filter(account=account).select_related("album")
            return albums.prefetch_related(ALBUM_ARTISTS)
        case Resource.SHOWS:
            return SavedShow.objects.filter(account=account).select_related("show")
        case Resource.EPISODES:
            return SavedEpisode.objects.filter(account=account).select_related("episode__show")
    return SavedAudiobook.objects.filter(account=account).select_related("audiobook")


def _why(row: Any) -> Words:
    return KEPT if row.is_kept else GONE


def _entry(row: SavedTrack) -> Read:
    is_unplayable = row.spotify_id is not None and row.is_playable is False
    return _of_track(row.track, UNPLAYABLE if is_unplayable and not row.is_kept else _why(row))


def _item(row: Any) -> Read:
    why = GONE if row.kind == ItemKind.UNAVAILABLE else UNPLAYABLE
    if row.track:
        return _of_track(row.track, why, row.playlist_id)
    spotify_id = row.uri.rpartition(":")[2]
    return Read(row.title, row.subtitle, "", "", spotify_id, why, row.playlist_id)


def _of_track(track: Any, why: Words, playlist: int = 0) -> Read:
    album = track.album
    return Read(
        title=str(track),
        subtitle=", ".join(str(link.artist) for link in track.track_artists.all()),
        cover=(album.thumbnail_url or album.image_url) if album else "",
        url=track.get_absolute_url(),
        spotify_id=track.spotify_id,
        why=why,
        playlist=playlist,
    )


def _playlist(row: AccountPlaylist) -> Read:
    url = row.get_absolute_url()
    return Read(str(row), row.owner_name, row.image_url, url, row.spotify_id, _why(row))


def _thing(held: str, below: Callable[[Any], str]) -> Callable[[Any], Read]:
    """Return what reads a row that holds one thing of the catalogue."""

    def read(row: Any) -> Read:
        thing = getattr(row, held)
        url = thing.get_absolute_url()
        return Read(str(thing), below(thing), thing.image_url, url, thing.spotify_id, _why(row))

    return read


_READ: dict[str, Callable[[Any], Read]] = {
    Resource.TRACKS: _entry,
    ITEMS: _item,
    Resource.PLAYLISTS: _playlist,
    Resource.FOLLOWING: _thing("artist", lambda artist: ""),
    Resource.ALBUMS: _thing(
        "album",
        lambda album: ", ".join(str(link.artist) for link in album.album_artists.all()),
    ),
    Resource.SHOWS: _thing("show", lambda show: show.publisher),
    Resource.EPISODES: _thing("episode", lambda episode: str(episode.show or "")),
    Resource.AUDIOBOOKS: _thing("audiobook", lambda audiobook: ", ".join(audiobook.authors)),
}


def _since(account: SpotifyAccount, shown: dict[Key, Read]) -> dict[Key, datetime | None]:
    """Return when a sync saw of each that it is lost, None where none did. In two queries.

    The journal says it of what became null, and the list of a large loss of what was kept.
    """
    ids = {read.spotify_id for read in shown.values() if read.spotify_id}
    changes = LibraryChange.objects.filter(account=account, kind=ChangeKind.UNAVAILABLE)
    columns = ("resource", "playlist_spotify_id", "spotify_id", "seen_at")
    nulls = {
        (ITEMS if playlist else resource, spotify_id): moment
        for resource, playlist, spotify_id, moment in changes.filter(spotify_id__in=ids)
        .order_by("seen_at")
        .values_list(*columns)
    }
    losses = LostRow.objects.filter(loss__account=account, loss__decision=Decision.KEEP)
    kept = {
        (resource, row): moment
        for resource, row, moment in losses.filter(row_id__in={pk for _, pk in shown})
        .order_by("loss__created_at")
        .values_list("loss__resource", "row_id", "loss__created_at")
    }
    return {
        (name, pk): kept.get((name, pk)) or nulls.get((name, read.spotify_id))
        for (name, pk), read in shown.items()
    }


def _links(account: SpotifyAccount, playlists: set[int]) -> dict[int, AccountPlaylist]:
    links = AccountPlaylist.objects.filter(account=account, playlist__in=playlists)
    return {link.playlist_id: link for link in links.select_related("playlist")}
