"""The tracks of long albums: the list of saved albums holds the first fifty of each."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from django.db.models import Max

from django_spotify_sync.models import AlbumTrack
from django_spotify_sync.spotify.answers.albums import AlbumEntry, parse_album_tracks
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.handover import Work

LIMIT = 50


def read_further_tracks(work: Work, listing: Listing) -> None:
    """Read what is missing of the albums whose last track is not known (Spotify Web API, Get Album Tracks).

    A page that is refused or stays away leaves its album as it is: it is asked for again at the next whole listing.
    """
    long = {
        entry.spotify_id: entry
        for entry in listing.entries
        if isinstance(entry, AlbumEntry) and entry.spotify_id and entry.tracks > entry.came
    }
    last = _last_places(list(long), work.using)
    gets = [
        Get(
            f"/albums/{quote(spotify_id, safe='')}/tracks",
            partial(parse_album_tracks, album_id=spotify_id),
            {"limit": LIMIT, "offset": offset},
            failed=lambda error: None,
        )
        for spotify_id, entry in long.items()
        if last.get(spotify_id) != entry.tracks - 1
        for offset in range(entry.came, entry.tracks, LIMIT)
    ]
    for _, page in work.fetch.each(gets):
        if page is not None:
            work.catalog.update(page.catalog)


def _last_places(spotify_ids: list[str], using: str) -> dict[str, int]:
    """Return the last place that is known of each album."""
    rows = AlbumTrack.objects.using(using).filter(album__spotify_id__in=spotify_ids)
    places = rows.order_by().values_list("album__spotify_id").annotate(Max("position"))
    return dict(places)
