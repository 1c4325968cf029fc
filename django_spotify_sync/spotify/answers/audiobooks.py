"""A page of Get User's Saved Audiobooks."""

from __future__ import annotations

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_audiobook
from django_spotify_sync.spotify.answers.paging import Entry, Page, entries_page
from django_spotify_sync.spotify.answers.storable import Json


def parse_audiobooks_page(answer: Json) -> Page[Entry]:
    """Read a page of Get User's Saved Audiobooks: bare audiobooks, which say no date."""
    return entries_page(answer, _saved)


def _saved(item: dict[str, Json], catalog: Catalog) -> Entry:
    wrapped = item.get("audiobook")  # not seen in answers; two clients read it
    return Entry(parse_audiobook(wrapped if isinstance(wrapped, dict) else item, catalog))
