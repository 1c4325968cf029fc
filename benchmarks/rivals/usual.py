"""The usual way: spotipy, a page after the other, and ``update_or_create`` for each row."""

from __future__ import annotations

from typing import Any

import spotipy

from benchmarks.rivals.bulk import album_fields, track_fields
from benchmarks.rivals.models import Album, AlbumArtist, Artist, SavedTrack, Track, TrackArtist


def sync(token: str, api_url: str, account: int) -> None:
    """Bring the account's saved tracks up to date."""
    client = spotipy.Spotify(auth=token)
    client.prefix = f"{api_url}/"
    kept = []
    page = client.current_user_saved_tracks(limit=50)
    while page:
        for item in page["items"]:
            track = _store(item["track"])
            SavedTrack.objects.update_or_create(
                account=account,
                track=track,
                defaults={"added_at": item["added_at"], "position": len(kept)},
            )
            kept.append(track.pk)
        page = client.next(page)
    for gone in SavedTrack.objects.filter(account=account).exclude(track__in=kept):
        gone.delete()


def _store(track: dict[str, Any]) -> Track:
    album, _ = Album.objects.update_or_create(
        spotify_id=track["album"]["id"], defaults=album_fields(track["album"])
    )
    row, _ = Track.objects.update_or_create(
        spotify_id=track["id"], defaults={**track_fields(track), "album": album}
    )
    for position, one in enumerate(track["album"]["artists"]):
        AlbumArtist.objects.update_or_create(
            album=album, artist=_artist(one), defaults={"position": position}
        )
    for position, one in enumerate(track["artists"]):
        TrackArtist.objects.update_or_create(
            track=row, artist=_artist(one), defaults={"position": position}
        )
    return row


def _artist(one: dict[str, Any]) -> Artist:
    artist, _ = Artist.objects.update_or_create(
        spotify_id=one["id"], defaults={"name": one["name"]}
    )
    return artist
