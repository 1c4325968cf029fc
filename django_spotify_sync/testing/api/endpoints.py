"""The endpoints of a person's own library, and the look-up of single things."""

from __future__ import annotations

from typing import Any, NoReturn

from django_spotify_sync.testing.api.calls import ApiError, Call, Room
from django_spotify_sync.testing.api.library_endpoints import saved_entry, whole_album
from django_spotify_sync.testing.api.pages import cursor_page
from django_spotify_sync.testing.music.catalog import Album, Artist, Track
from django_spotify_sync.testing.music.following import Followed
from django_spotify_sync.testing.music.saved import Saved
from django_spotify_sync.testing.wire.server import Body


def me(room: Room, call: Call) -> Any:
    """GET /me."""
    return room.shapes.me(call.user, call.scopes)


def saved_tracks(room: Room, call: Call) -> Body:
    """GET /me/tracks, newest first."""
    call.need("user-library-read")
    page = call.page(f"{room.shapes.api_url}/me/tracks")
    serial, entries = call.user.history.behind(call.twist.lag)
    native, market, shapes = call.native, call.market, room.shapes

    def text(entry: Saved) -> str:
        return room.text(call, entry, lambda: shapes.saved(entry, native=native, market=market))

    return room.render(call, page, entries, text, ("saved", call.user.key, serial))


def following(room: Room, call: Call) -> Body:
    """GET /me/following: by cursor; ``offset`` is ignored (Spotty-Plugin#83)."""
    call.need("user-follow-read")
    if call.query.get("type") != "artist":
        raise ApiError(400, "Missing or invalid type")
    _, entries = call.user.following.history.behind(call.twist.lag)
    native, shapes = call.native, room.shapes

    def text(entry: Followed) -> str:
        return room.text(call, entry, lambda: shapes.followed(entry, native=native))

    return Body(
        cursor_page(
            f"{shapes.api_url}/me/following?type=artist&limit={call.limit()}",
            entries,
            [entry.artist.id for entry in entries],
            text,
            limit=call.limit(),
            after=call.query.get("after"),
            twist=call.twist,
        ).encode()
    )


def one(room: Room, call: Call, kind: str, spotify_id: str) -> Any:
    """GET /tracks/{id}, /albums/{id} or /artists/{id}."""
    found = room.site.catalogue.by_id.get(spotify_id)
    answer = _describe(room, call, kind, found)
    if answer is None:
        raise ApiError(404, "Resource not found")
    return answer


def several(room: Room, call: Call, kind: str) -> Any:
    """GET /tracks, /albums or /artists with ``ids``: taken from the new cohort."""
    if room.shapes.new:
        raise ApiError(403, "Forbidden")
    ids = call.query.get("ids", "").split(",")
    if not 1 <= len(ids) <= (20 if kind == "albums" else 50):
        raise ApiError(400, "Too many ids requested")
    known = room.site.catalogue.by_id
    return {kind: [_describe(room, call, kind, known.get(spotify_id)) for spotify_id in ids]}


def _describe(room: Room, call: Call, kind: str, found: object) -> Any:
    match kind, found:
        case "tracks", Track():
            return room.shapes.track(found, native=call.native, market=call.market)
        case "albums", Album():
            return whole_album(room, call, found, saved_entry(call, found))
        case "artists", Artist():
            return room.shapes.artist(found, native=call.native)
    return None


def person(room: Room, call: Call, user_id: str) -> Any:
    """GET /users/{id}: taken from the new cohort."""
    if room.shapes.new:
        raise ApiError(403, "Forbidden")
    for user in room.site.users:
        if user.id == user_id:
            public = room.shapes.me(user, set())
            public.pop("account_id", None)
            return public
    raise ApiError(404, "Resource not found")


def removed(room: Room, call: Call) -> NoReturn:
    """Answer for what the new cohort lost; to the others it is only not modelled."""
    if room.shapes.new:
        raise ApiError(403, "Forbidden")
    not_modelled(room, call)


def not_modelled(_: Room, call: Call) -> NoReturn:
    """Say that Spotify has this endpoint and the fake has not, rather than invent an answer."""
    raise ApiError(501, f"FakeSpotify does not model {call.request.path}")
