"""A page of Get User's Saved Shows."""

from __future__ import annotations

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_show
from django_spotify_sync.spotify.answers.paging import Entry, Page, entries_page
from django_spotify_sync.spotify.answers.storable import Json, moment


def parse_shows_page(answer: Json) -> Page[Entry]:
    """Read a page of Get User's Saved Shows."""
    return entries_page(answer, _saved)


def _saved(item: dict[str, Json], catalog: Catalog) -> Entry:
    return Entry(parse_show(item.get("show"), catalog), moment(item.get("added_at")))
