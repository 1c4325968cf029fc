"""Saved tracks as Spotify answers them, into the tables with one ``bulk_create(update_conflicts=True)`` for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction

from benchmarks.rivals.models import Album, AlbumArtist, Artist, SavedTrack, Track, TrackArtist

ALBUM = ("name", "album_type", "release_date", "release_date_precision", "total_tracks")
TRACK = ("name", "duration_ms", "explicit", "disc_number", "track_number")


def write(items: Iterable[dict[str, Any]], account: int) -> None:
    """Make the account's saved tracks these, in one transaction."""
    items = list(items)
    tracks = {item["track"]["id"]: item["track"] for item in items}
    albums = {track["album"]["id"]: track["album"] for track in tracks.values()}
    artists = {
        artist["id"]: artist
        for thing in (*tracks.values(), *albums.values())
        for artist in thing["artists"]
    }
    with transaction.atomic():
        artist_rows = _upsert(
            Artist, [Artist(spotify_id=key, name=one["name"]) for key, one in artists.items()]
        )
        album_rows = _upsert(
            Album, [Album(spotify_id=key, **album_fields(one)) for key, one in albums.items()]
        )
        track_rows = _upsert(
            Track,
            [
                Track(spotify_id=key, album=album_rows[one["album"]["id"]], **track_fields(one))
                for key, one in tracks.items()
            ],
        )
        _upsert(
            AlbumArtist,
            [
                AlbumArtist(album=album_rows[key], artist=artist_rows[by["id"]], position=position)
                for key, one in albums.items()
                for position, by in enumerate(one["artists"])
            ],
            "album",
            "artist",
        )
        _upsert(
            TrackArtist,
            [
                TrackArtist(track=track_rows[key], artist=artist_rows[by["id"]], position=position)
                for key, one in tracks.items()
                for position, by in enumerate(one["artists"])
            ],
            "track",
            "artist",
        )
        _upsert(
            SavedTrack,
            [
                SavedTrack(
                    account=account,
                    track=track_rows[item["track"]["id"]],
                    added_at=item["added_at"],
                    position=position,
                )
                for position, item in enumerate(items)
            ],
            "account",
            "track",
        )
        kept = {row.pk for row in track_rows.values()}
        saved = SavedTrack.objects.filter(account=account)
        gone = [pk for pk, track in saved.values_list("pk", "track") if track not in kept]
        saved.filter(pk__in=gone).delete()


def _upsert(model: type[models.Model], rows: list[Any], *key: str) -> dict[str, Any]:
    key = key or ("spotify_id",)
    names = [field.name for field in model._meta.concrete_fields if field.name not in (*key, "id")]
    made = model._default_manager.bulk_create(
        rows, batch_size=2_000, update_conflicts=True, unique_fields=key, update_fields=names
    )
    return {row.spotify_id: row for row in made} if key == ("spotify_id",) else {}


def album_fields(album: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an album but its id."""
    image = max(album["images"], key=lambda image: image["width"] or 0, default={"url": ""})
    return {**{name: album[name] for name in ALBUM}, "image_url": image["url"]}


def track_fields(track: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a track but its id and its album."""
    return {name: track[name] for name in TRACK}
