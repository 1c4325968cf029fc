"""A catalogue and libraries of other people, as a large site has them; PostgreSQL makes them up by itself."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import connection

from benchmarks.measuring import name_database
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    SavedTrack,
    SpotifyAccount,
    Track,
    TrackArtist,
)

LIBRARY = 2_000  # tracks that each of the others has saved

_ROWS = (
    "INSERT INTO {artist} (spotify_id, name, image_url, genres, folded) "
    "SELECT 'artist' || n, 'Artist ' || n, '', '[]', 'artist ' || n FROM generate_series(1, %(tracks)s / 5) n",
    "INSERT INTO {album} (spotify_id, name, album_type, release_date, release_date_precision, image_url, "
    "thumbnail_url, folded) SELECT 'album' || n, 'Album ' || n, 'album', '2001', 'year', '', '', 'album ' || n "
    "FROM generate_series(1, %(tracks)s / 2) n",
    "INSERT INTO {track} (spotify_id, name, album_id, duration_ms, explicit, isrc, folded) "
    "SELECT 'track' || n, 'Track ' || n, (n + 1) / 2, 200000, false, '', 'track ' || n "
    "FROM generate_series(1, %(tracks)s) n",
    "INSERT INTO {albumartist} (album_id, artist_id, position) "
    "SELECT n, 1 + n %% (%(tracks)s / 5), 0 FROM generate_series(1, %(tracks)s / 2) n",
    "INSERT INTO {trackartist} (track_id, artist_id, position) "
    "SELECT n, 1 + n %% (%(tracks)s / 5), 0 FROM generate_series(1, %(tracks)s) n",
    "INSERT INTO {account} (user_id, spotify_id, display_name, image_url, status, status_changed_at, authorized_at, "
    "reauthorize_by, created_at, updated_at) SELECT id, username, '', '', 'connected', now(), now(), "
    "now() + interval '180 days', now(), now() FROM {user} WHERE username LIKE 'other%%'",
    "INSERT INTO {saved} (account_id, track_id, spotify_id, added_at, rank) "
    "SELECT account.id, 1 + (account.id * 997 + n) %% %(tracks)s, "
    "'track' || 1 + (account.id * 997 + n) %% %(tracks)s, now() - n * interval '1 hour', -n "
    "FROM {account} account, generate_series(1, %(library)s) n",
)


def fill(name: str, tracks: int, saved: int) -> None:
    """Fill the database of that name: so many tracks, and so many saved rows of other people's."""
    name_database(name)
    models = {
        "artist": Artist,
        "album": Album,
        "track": Track,
        "albumartist": AlbumArtist,
        "trackartist": TrackArtist,
        "user": get_user_model(),
        "account": SpotifyAccount,
        "saved": SavedTrack,
    }
    tables = {short: model._meta.db_table for short, model in models.items()}
    numbers = {"tracks": tracks, "library": LIBRARY}
    users = get_user_model()
    users.objects.bulk_create(users(username=f"other{n}") for n in range(saved // LIBRARY))
    with connection.cursor() as cursor:
        for statement in _ROWS:
            cursor.execute(statement.format(**tables), numbers)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
