"""Playlists, in every shape that is live at once: see ``playlist_items``."""

from __future__ import annotations

from html import unescape

from msgspec import Struct

from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.paging import Page, paging
from django_spotify_sync.spotify.answers.playlist_items import ItemRow, parse_items_page
from django_spotify_sync.spotify.answers.storable import (
    Json,
    Malformed,
    an_object,
    flag,
    identifier,
    number,
    text,
    widest_image,
)


class PlaylistRow(Struct, frozen=True):
    """A playlist as listings and single answers describe it alike.

    ``has_tracks_address`` tells apps that may still ask ``/tracks``, of which the answer speaks, from newer ones.
    """

    spotify_id: str
    name: str | None
    description: str | None
    owner_id: str | None
    owner_name: str | None
    collaborative: bool | None
    public: bool | None
    image_url: str | None
    snapshot_id: str | None
    total: int | None
    has_tracks_address: bool

    @property
    def is_spotifys(self) -> bool:
        """Whether Spotify itself owns the list: each answer names another snapshot then (web-api#858)."""
        return self.owner_id == "spotify"


class PlaylistAnswer(Struct, frozen=True, tag=True):
    """One playlist, with the first page of its items where the answer embeds it."""

    playlist: PlaylistRow
    items: Page[ItemRow] | None


_CONTENTS = ("items", "tracks")  # what a playlist calls its contents


def parse_playlists_page(answer: Json) -> Page[PlaylistRow | None]:
    """Read a page of Get Current User's Playlists; null entries, which count in ``total``, stay as None."""
    offset, limit, total, items = paging(answer)
    entries = tuple(_playlist(item) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=Catalog())


def parse_playlist(answer: Json) -> PlaylistAnswer:
    """Read Get Playlist: what it is and, where the answer embeds them, its first items (100 in recorded answers).

    :raises Malformed: if it has no id.
    """
    playlist = an_object(answer)
    row = _playlist(playlist)
    if row is None:
        raise Malformed("a playlist without an id")
    pages = (playlist.get(name) for name in _CONTENTS)
    page = next((page for page in pages if _holds_items(page)), None)
    return PlaylistAnswer(row, None if page is None else parse_items_page(page))


def _playlist(item: Json) -> PlaylistRow | None:
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    owner = item["owner"] if isinstance(item.get("owner"), dict) else {}
    contents = [item[name] for name in _CONTENTS if isinstance(item.get(name), dict)]
    totals = (number(page.get("total")) for page in contents)
    return PlaylistRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        description=_description(item),
        owner_id=identifier(owner.get("id")),
        owner_name=text(owner.get("display_name")),
        collaborative=flag(item.get("collaborative")),
        public=flag(item.get("public")),
        image_url=_cover(item),
        snapshot_id=text(item.get("snapshot_id")) or None,
        total=next((total for total in totals if total is not None), None),
        has_tracks_address="tracks" in item,
    )


def _description(item: dict[str, Json]) -> str | None:
    """Return what the owner typed, of which the answer has HTML entities. Null is said of lists that have none."""
    said = item.get("description", 0)
    return "" if said is None else text(unescape(said)) if isinstance(said, str) else None


def _cover(item: dict[str, Json]) -> str | None:
    """Return the widest picture. Null is said of new lists that never had a cover; a missing key says nothing."""
    return "" if item.get("images", 0) is None else widest_image(item.get("images"))


def _holds_items(page: Json) -> bool:
    return isinstance(page, dict) and isinstance(page.get("items"), list)
