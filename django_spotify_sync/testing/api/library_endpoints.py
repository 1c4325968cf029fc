"""The endpoints of saved albums, shows, episodes and audiobooks, and of albums by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_spotify_sync.testing.api.calls import ApiError, Call, Room
from django_spotify_sync.testing.api.library_shapes import LibraryShapes, dated, patched
from django_spotify_sync.testing.api.pages import OffsetPage, dump
from django_spotify_sync.testing.api.shapes import Json
from django_spotify_sync.testing.music.catalog import Album, Track
from django_spotify_sync.testing.music.library import Entry
from django_spotify_sync.testing.music.podcasts import Audiobook, Episode, Show
from django_spotify_sync.testing.wire.server import Body

EMBEDDED = 50
MOST_URIS = 40
# What asking whether a thing of a kind is there needs.
CONTAINS_SCOPES = {
    **dict.fromkeys(("track", "album", "episode", "show"), "user-library-read"),
    **dict.fromkeys(("artist", "user"), "user-follow-read"),
    "playlist": "playlist-read-private",
}


def albums(room: Room, call: Call) -> Body:
    """GET /me/albums: what was listened to last first, then newest first; some may be null."""
    call.need("user-library-read")
    page = call.page(f"{room.shapes.api_url}/me/albums")
    serial, entries = call.user.albums.history.behind(call.twist.lag)

    def make(entry: Entry[Album]) -> Json | None:
        if entry.null:
            return None
        return dated(entry, "album", whole_album(room, call, entry.thing, entry))

    def text(entry: Entry[Album]) -> str:
        return room.text(call, entry, lambda: make(entry), call.echoed)

    return room.render(call, page, entries, text, ("albums", call.user.key, serial))


def shows(room: Room, call: Call) -> Body:
    """GET /me/shows: shows and audiobooks, newest first; some may be null."""
    call.need("user-library-read")
    page = call.page(f"{room.shapes.api_url}/me/shows")
    serial, own = call.user.shows.history.behind(call.twist.lag)
    books_serial, books = call.user.audiobooks.history.behind(call.twist.lag)
    shapes = LibraryShapes(room.shapes)
    entries: list[Entry[Show] | Entry[Audiobook]] = [*own, *books]
    entries.sort(key=lambda entry: entry.added_at, reverse=True)

    def make(entry: Entry[Show] | Entry[Audiobook]) -> Json | None:
        if entry.null:
            return None
        if isinstance(entry.thing, Audiobook):  # a patch of it is one of /me/audiobooks
            return {"added_at": entry.added_at, "show": shapes.book_as_show(entry.thing)}
        return dated(entry, "show", shapes.show(entry.thing))

    def text(entry: Entry[Show] | Entry[Audiobook]) -> str:
        return room.text(call, entry, lambda: make(entry), "show")

    return room.render(call, page, entries, text, ("shows", call.user.key, serial, books_serial))


def episodes(room: Room, call: Call) -> Body:
    """GET /me/episodes, newest first; what was deleted comes as an object of nulls with its date."""
    call.need("user-library-read", "user-read-playback-position")
    page = call.page(f"{room.shapes.api_url}/me/episodes")
    serial, entries = call.user.episodes.history.behind(call.twist.lag)
    shapes = LibraryShapes(room.shapes)

    def make(entry: Entry[Episode]) -> Json:
        answer = shapes.gone_episode() if entry.null else shapes.episode(entry.thing)
        return dated(entry, "episode", answer)

    def text(entry: Entry[Episode]) -> str:
        return room.text(call, entry, lambda: make(entry))

    return room.render(call, page, entries, text, ("episodes", call.user.key, serial))


def audiobooks(room: Room, call: Call) -> Body:
    """GET /me/audiobooks: bare audiobooks without dates, where the market has any."""
    call.need("user-library-read")
    page = call.page(f"{room.shapes.api_url}/me/audiobooks")
    absent = call.user.audiobooks.absent
    if absent == 404:
        raise ApiError(404, "Resource not found")
    if absent == 403:
        raise ApiError(403, "Forbidden")
    serial, entries = call.user.audiobooks.history.behind(call.twist.lag)
    shapes = LibraryShapes(room.shapes)

    def make(entry: Entry[Audiobook]) -> Json | None:
        return None if entry.null else patched(shapes.audiobook(entry.thing), entry.raw)

    def text(entry: Entry[Audiobook]) -> str:
        return room.text(call, entry, lambda: make(entry))

    key = ("audiobooks", call.user.key, serial, absent)
    return room.render(call, page, () if absent == 200 else entries, text, key)


def album_tracks(room: Room, call: Call, album_id: str) -> Body:
    """GET /albums/{id}/tracks: by disc and number, with the ids this user is answered."""
    album = room.site.catalogue.by_id.get(album_id)
    if not isinstance(album, Album):
        raise ApiError(404, "Resource not found")
    page = call.page(_tracks_address(room, album))
    shapes, tracks = LibraryShapes(room.shapes), _tracks(room, album, saved_entry(call, album))

    def text(track: Track) -> str:
        return dump(shapes.album_track(track, native=call.native, market=call.market))

    serial, _ = call.user.albums.history.behind(call.twist.lag)
    return room.render(call, page, tracks, text, ("album", album.id, call.user.key, serial))


def saved_entry(call: Call, album: Album) -> Entry[Album] | None:
    """Find the entry of an album that the caller has saved."""
    _, entries = call.user.albums.history.behind(call.twist.lag)
    return next((entry for entry in entries if entry.thing is album), None)


def whole_album(room: Room, call: Call, album: Album, entry: Entry[Album] | None) -> Json:
    """Write an album with the first of its tracks; *entry* is the caller's, where they saved it."""
    shapes, tracks = LibraryShapes(room.shapes), _tracks(room, album, entry)
    page = OffsetPage(_tracks_address(room, album), 0, EMBEDDED, call.echoed)
    embedded = {
        "href": page.url(0),
        "items": [
            shapes.album_track(track, native=call.native, market=call.market)
            for track in tracks[:EMBEDDED]
        ],
        "limit": EMBEDDED,
        "next": page.url(EMBEDDED) if len(tracks) > EMBEDDED else None,
        "offset": 0,
        "previous": None,
        "total": len(tracks),
    }
    relinked = entry is not None and entry.relinked is not None
    answer = shapes.album(album, embedded, native=call.native, relinked=relinked)
    if call.market:
        answer["is_playable"] = True
    return answer


def contains(room: Room, call: Call) -> list[bool]:
    """GET /me/library/contains with at most 40 URIs; those of audiobooks are refused."""
    uris = call.query.get("uris", "").split(",")
    kinds = {uri.split(":")[1] if uri.count(":") == 2 else "" for uri in uris}
    if len(uris) > MOST_URIS or not kinds <= CONTAINS_SCOPES.keys():
        raise ApiError(400, "Invalid uris")
    call.need(*(CONTAINS_SCOPES[kind] for kind in kinds))
    user = call.user
    things: Iterable[Any] = (
        *(entry.track for entry in user.saved if entry.track is not None),
        *(entry.thing for entry in user.albums.entries),
        *(entry.thing for entry in user.shows.entries),
        *(entry.thing for entry in user.episodes.entries),
        *(entry.thing for entry in user.audiobooks.entries),
    )
    have = {thing.uri for thing in things}
    have.update(f"spotify:artist:{artist_id}" for artist_id in user.following.ids())
    have.update(f"spotify:playlist:{playlist_id}" for playlist_id in user.listed.ids())
    return [uri in have for uri in uris]


def _tracks_address(room: Room, album: Album) -> str:
    return f"{room.shapes.api_url}/albums/{album.id}/tracks"


def _tracks(room: Room, album: Album, entry: Entry[Album] | None) -> list[Track]:
    if entry is not None and entry.relinked is not None:
        return list(entry.relinked)
    return room.site.catalogue.tracks_of(album)
