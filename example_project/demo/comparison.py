"""Whether the site's copy is Spotify's library, to the last row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django_spotify_sync.models import (
    AccountPlaylist,
    AlbumTrack,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.models.library import LIBRARY

from demo.spotify import Library, Row


def library_here(account: SpotifyAccount) -> Library:
    """Return all that is stored of an account's library, in order; by id where Spotify's order does not last."""
    return {
        "saved track": _tracks_here(account),
        "playlist": _playlists_here(account),
        "playlist item": _items_here(account),
        "followed artist": _artists_here(account),
        "saved album": _albums_here(account),
        "saved show": _things_here(account, "shows", "added_at", "show__name"),
        "saved episode": _things_here(account, "episodes", "added_at", "episode__name"),
        "saved audiobook": _things_here(
            account, "audiobooks", "audiobook__name", "audiobook__authors"
        ),
    }


def differences(here: Library, there: Library) -> list[str]:
    """Compare all that there is; return what differs in words, nothing if nothing does."""
    return [words for kind in there for words in _differences(kind, here[kind], there[kind])]


def _differences(kind: str, here: Sequence[Row], there: Sequence[Row]) -> Iterator[str]:
    if len(here) != len(there):
        yield f"{kind}s: {len(here)} here, {len(there)} at Spotify"
    for number, (mine, theirs) in enumerate(zip(here, there, strict=False), 1):
        if mine != theirs:
            yield f"{kind} {number}: {mine} here, {theirs} at Spotify"


def _tracks_here(account: SpotifyAccount) -> list[Row]:
    artists: dict[int, list[str]] = {}
    links = TrackArtist.objects.filter(track__saved_by__account=account)
    for track, name in links.order_by("track", "position").values_list("track", "artist__name"):
        artists.setdefault(track, []).append(name)
    saved = SavedTrack.objects.filter(account=account).in_order()
    return [
        (spotify_id, added_at, name, artists.get(track, []))
        for spotify_id, added_at, name, track in saved.values_list(
            "spotify_id", "added_at", "track__name", "track"
        )
    ]


def _links(account: SpotifyAccount) -> list[AccountPlaylist]:
    links = AccountPlaylist.objects.filter(account=account).order_by("position")
    return list(links.select_related("playlist"))


def _playlists_here(account: SpotifyAccount) -> list[Row]:
    return [
        (
            link.playlist.spotify_id,
            link.playlist.name,
            link.playlist.owner_id,
            link.playlist.total,
            link.can_read_items,
        )
        for link in _links(account)
    ]


def _items_here(account: SpotifyAccount) -> list[Row]:
    return [
        (link.playlist.spotify_id, *item)
        for link in _links(account)
        for item in link.playlist.items.order_by("position").values_list(
            "uri", "added_at", "added_by"
        )
    ]


def _artists_here(account: SpotifyAccount) -> list[Row]:
    rows = FollowedArtist.objects.filter(account=account).order_by("position")
    return list(rows.values_list("artist__spotify_id", "artist__name"))


def _albums_here(account: SpotifyAccount) -> list[Row]:
    tracks: dict[int, list[str]] = {}
    rows = AlbumTrack.objects.filter(album__saved_by__account=account).order_by("album", "position")
    for album, spotify_id in rows.values_list("album", "track__spotify_id"):
        tracks.setdefault(album, []).append(spotify_id)
    return [
        (spotify_id, added_at, name, tracks.get(album, []))
        for spotify_id, added_at, name, album in _things_here(
            account, "albums", "added_at", "album__name", "album"
        )
    ]


def _things_here(account: SpotifyAccount, resource: str, *columns: str) -> list[Row]:
    return sorted(LIBRARY[resource].of(account.pk).values_list("spotify_id", *columns))
