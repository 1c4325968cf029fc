"""The playlist endpoints: the list of lists, one list, and its contents."""

from __future__ import annotations

import json
from typing import Any

from django_spotify_sync.testing.api.calls import ApiError, Call, Room
from django_spotify_sync.testing.api.fields import parse, select
from django_spotify_sync.testing.api.pages import OffsetPage, dump
from django_spotify_sync.testing.api.playlist_shapes import PlaylistShapes
from django_spotify_sync.testing.music.contents import PlaylistItem
from django_spotify_sync.testing.music.following import Listed
from django_spotify_sync.testing.music.pictures import period_of
from django_spotify_sync.testing.music.playlists import ListState, Playlist
from django_spotify_sync.testing.wire.server import Body

EMBEDDED = 100


def playlists(room: Room, call: Call, user_id: str | None = None) -> Body:
    """GET /me/playlists, and /users/{id}/playlists, which its ``next`` points at.

    Following ``next`` fails in the new cohort, where the other address was removed.
    """
    if user_id is not None and room.shapes.new:
        raise ApiError(403, "Forbidden")
    if user_id not in (None, call.user.id):
        raise ApiError(404, "Resource not found")
    call.need("playlist-read-private")
    page = call.page(f"{room.shapes.api_url}/users/{call.user.id}/playlists")
    _, listed = call.user.listed.history.behind(call.twist.lag)
    entries = [entry for entry in listed if _shown(room, call, entry)]
    shapes, period = PlaylistShapes(room.shapes), period_of(room.site.clock())

    def text(entry: Listed) -> str:
        _, state = entry.playlist.history.behind(call.twist.lag)
        if entry.playlist.spotify_owned and room.shapes.cohort != "extended":
            return "null"
        return dump(shapes.listed(entry, state, _snapshot(room, entry.playlist, state), period))

    owned = any(entry.playlist.spotify_owned for entry in entries)
    serial = room.site.world.serial - call.twist.lag
    # A list of Spotify's own has another snapshot at every reading, so nothing is kept then.
    fresh = len(room.site.requests) if owned else 0
    scope = "playlist-read-collaborative" in call.scopes
    key = ("lists", call.user.key, call.user.id, serial, period, scope, fresh)
    return room.render(call, page, entries, text, key)


def _shown(room: Room, call: Call, entry: Listed) -> bool:
    """Tell whether a list is in the listing: some need a scope, some are filtered out."""
    if entry.playlist.spotify_owned and room.shapes.new:
        return False
    collaborative = entry.playlist.state.collaborative
    return not collaborative or "playlist-read-collaborative" in call.scopes


def playlist(room: Room, call: Call, playlist_id: str) -> Any:
    """GET /playlists/{id}: what it is, and its first 100 entries where the cohort has them."""
    found = _find(room, call, playlist_id)
    _, state = found.history.behind(call.twist.lag)
    shapes = PlaylistShapes(room.shapes)
    answer = shapes.playlist(
        found, state, _snapshot(room, found, state), period_of(room.site.clock())
    )
    answer["followers"] = {"href": None, "total": found.followers}
    echoed = call.echoed
    if echoed:
        answer["href"] += "?" + OffsetPage("", 0, 0, echoed).extra_text.removeprefix("&")
    if may_read_items(room, call, found):
        for name in shapes.contents_names:
            page = OffsetPage(f"{shapes.address(found)}/{name}", 0, EMBEDDED, echoed)
            text = _writer(room, call, shapes)
            answer[name] = json.loads(page.render(state.items, text, call.twist))
    return _selected(call, answer)


def playlist_items(room: Room, call: Call, playlist_id: str, name: str) -> Any:
    """GET /playlists/{id}/items (at most 50 a page) and /tracks (100; gone from new)."""
    if name == "tracks" and room.shapes.new:
        raise ApiError(403, "Forbidden")
    call.need("playlist-read-private")
    found = _find(room, call, playlist_id)
    if found.state.collaborative:
        call.need("playlist-read-collaborative")
    if not may_read_items(room, call, found):
        raise ApiError(403, "Forbidden")
    shapes = PlaylistShapes(room.shapes)
    page = call.page(f"{shapes.address(found)}/{name}", EMBEDDED if name == "tracks" else 50)
    serial, state = found.history.behind(call.twist.lag)
    key = ("items", found.id, serial)
    body = room.render(call, page, state.items, _writer(room, call, shapes), key)
    if "fields" in call.query:
        return _selected(call, json.loads(body.plain))
    return body


def may_read_items(room: Room, call: Call, playlist: Playlist) -> bool:
    """Tell whether the contents come: to owner and collaborators, outside ``new`` to all."""
    if not room.shapes.new:
        return True
    return playlist.owner is call.user or call.user in playlist.collaborators


def _find(room: Room, call: Call, playlist_id: str) -> Playlist:
    """Find a list the caller may see; curated, deleted and private lists are all 404 alike."""
    found: Playlist | None = room.site.catalogue.playlists.get(playlist_id)
    missing = ApiError(404, "Resource not found")
    if found is None or (found.spotify_owned and room.shapes.cohort != "extended"):
        raise missing
    own = found.owner is call.user or call.user in found.collaborators
    if found.state.public is False:
        if not own:
            raise missing
        call.need("playlist-read-private")
    return found


def _writer(room: Room, call: Call, shapes: PlaylistShapes) -> Any:
    native, market = call.native, call.market
    episodes = "episode" in call.query.get("additional_types", "").split(",")

    def text(item: PlaylistItem) -> str:
        return room.text(
            call,
            item,
            lambda: shapes.item(item, native=native, market=market, episodes=episodes),
            episodes,
        )

    return text


def _snapshot(room: Room, playlist: Playlist, state: ListState) -> str:
    if playlist.spotify_owned:
        state = ListState("", "", None, False, None, revision=1_000 + len(room.site.requests))
    return playlist.snapshot(state)


def _selected(call: Call, answer: Any) -> Any:
    wanted = call.query.get("fields")
    return answer if wanted is None else select(answer, parse(wanted))
