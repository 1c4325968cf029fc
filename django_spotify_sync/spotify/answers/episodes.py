"""A page of Get User's Saved Episodes."""

from __future__ import annotations

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_episode
from django_spotify_sync.spotify.answers.paging import Entry, Page, entries_page
from django_spotify_sync.spotify.answers.storable import Json, moment


def parse_episodes_page(answer: Json) -> Page[Entry]:
    """Read a page of Get User's Saved Episodes."""
    return entries_page(answer, _saved)


def _saved(item: dict[str, Json], catalog: Catalog) -> Entry:
    return Entry(parse_episode(item.get("episode"), catalog), moment(item.get("added_at")))
