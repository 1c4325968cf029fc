"""The tracks of long albums: the list of saved albums holds the first fifty of each."""

from __future__ import annotations

from collections import Counter
from functools import partial

from django_spotify_sync.db.row_sets import Row
from django_spotify_sync.db.upsert import look_up
from django_spotify_sync.models import Album
from django_spotify_sync.spotify.answers.albums import AlbumEntry, parse_album_tracks
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.handover import Work

LIMIT = 50


def read_further_tracks(work: Work, listing: Listing) -> None:
    """Read what is missing of albums that are not known as they are listed (Spotify Web API, Get Album Tracks).

    An album of which a page is refused, stays away, or states another number of tracks is asked for again at the next
    whole listing.
    """
    long = {
        entry.spotify_id: entry
        for entry in listing.entries
        if isinstance(entry, AlbumEntry)
        and entry.spotify_id is not None
        and entry.spotify_id.isalnum()  # it becomes part of an address
        and entry.tracks > entry.came > 0
    }
    known: dict[str, str] = dict(_versions(sorted(long), work.using))
    gets = [
        Get(
            f"/albums/{spotify_id}/tracks",
            partial(parse_album_tracks, album_id=spotify_id),
            {"limit": LIMIT, "offset": offset},
            failed=lambda error: None,
        )
        for spotify_id, entry in long.items()
        if known.get(spotify_id) != entry.version
        for offset in range(entry.came, entry.tracks, LIMIT)
    ]
    missing = Counter(get.path for get in gets)
    for get, page in work.fetch.each(gets):
        spotify_id = get.path.split("/")[2]
        entry = long[spotify_id]
        if page is None or page.total != entry.tracks or len(page.entries) < page.wanted:
            continue
        work.catalog.update(page.catalog)
        missing[get.path] -= 1
        if not missing[get.path]:
            work.catalog.update(Catalog(album_versions={spotify_id: entry.version}))


def _versions(spotify_ids: list[str], using: str) -> list[Row]:
    """Return (Spotify id, version of the tracks that are known) of each album that is stored."""
    if not spotify_ids:
        return []
    return look_up(Album, ("spotify_id", "tracks_version"), spotify_ids, using=using)
