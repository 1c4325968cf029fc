"""A page of 50 tracks in a library of 1,000 and in one of 100,000: first and deep, in every order, and by search.

One database holds both libraries, so that both are read by the same indexes. A page is timed as a client has it, from
the request to the rendered JSON; its queries are explained as they were made.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user, get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from benchmarks import site
from django_spotify_sync.models import Album, Artist, SavedTrack, SpotifyAccount, Track, TrackArtist
from django_spotify_sync.rest.keyset import packed
from django_spotify_sync.rest.tracks import SavedTrackViewSet

TRACKS = "/spotify/tracks/"
SMALL, LARGE = 1_000, 100_000
ROUNDS, WARM = 25, 5
WORDS = ["blue", "rain", "night", "road", "love", "glass", "river", "gold", "stone", "paper"]
RARE = "zanzibar"  # in one name of each library

#: What is asked for.
QUERIES: dict[str, dict[str, str]] = {
    "-added_at (default)": {},
    "added_at": {"ordering": "added_at"},
    "name": {"ordering": "name"},
    "artist": {"ordering": "artist"},
    "duration": {"ordering": "duration"},
    "search, 1 in 10": {"search": "blue"},
    "search, 2 words, 1 in 50": {"search": "blue rain"},
    "search, 1 row": {"search": RARE},
    "search, no row": {"search": "no-such-word"},
    "artist=": {"artist": "artist-7"},
    "added_since=": {"added_since": "2020-06-01T00:00:00Z"},
}


def main() -> None:
    with site.database(), override_settings(ALLOWED_HOSTS=["testserver"]):
        catalogue = _catalogue()
        clients = {tracks: _library(catalogue, tracks) for tracks in (SMALL, LARGE)}
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        rows = [
            _row(name, query, depth, clients)
            for name, query in QUERIES.items()
            for depth in ("first", "deep")
        ]
        site.table(f"A page of 50 in {SMALL:,} and in {LARGE:,} tracks, median of {ROUNDS}", rows)
        for depth in ("first", "deep"):
            print(f"\nThe {depth} page in the default order, {LARGE:,} tracks:")
            print(_plan(_address(clients[LARGE], {}, depth), clients[LARGE]))
        print(site.versions())


def _catalogue() -> list[int]:
    """Make the tracks that both libraries share, a third with two artists; return their keys."""
    artists = Artist.objects.bulk_create(
        [Artist(spotify_id=f"artist-{n}", name=f"{_words(n * 7)} {n}") for n in range(20_000)],
        batch_size=5_000,
    )
    albums = Album.objects.bulk_create(
        [Album(spotify_id=f"album-{n}", name=f"Volume {n}") for n in range(50_000)],
        batch_size=5_000,
    )
    tracks = Track.objects.bulk_create(
        [
            Track(
                spotify_id=f"track-{n}",
                name=RARE if n == SMALL // 2 else f"{_words(n)} {n}",
                album=albums[n % len(albums)],
                duration_ms=120_000 + n * 7919 % 240_000,
            )
            for n in range(LARGE)
        ],
        batch_size=5_000,
    )
    links = (
        TrackArtist(track=track, artist=artists[(n * 31 + place) % len(artists)], position=place)
        for n, track in enumerate(tracks)
        for place in range(1 + (n % 3 == 0))
    )
    for batch in batched(links, 5_000):
        TrackArtist.objects.bulk_create(batch)
    return [track.pk for track in tracks]


def _words(number: int) -> str:
    """Return two words, each pair as often as any other."""
    return f"{WORDS[number % 10]} {WORDS[number // 10 % 10]}"


def _library(catalogue: list[int], tracks: int) -> Client:
    """Save the first so many tracks for a new user; return a client of theirs."""
    user = get_user_model().objects.create_user(username=f"user-{tracks}")
    now = timezone.now()
    account = SpotifyAccount.objects.create(
        user=user, spotify_id=f"user-{tracks}", authorized_at=now, reauthorize_by=now
    )
    since = datetime(2015, 1, 1, tzinfo=UTC)
    step = timedelta(days=3650) / tracks
    saved = (
        SavedTrack(
            account=account,
            track_id=key,
            spotify_id=f"track-{n}",
            added_at=(since + n * step).replace(microsecond=0),
            rank=n,
        )
        for n, key in enumerate(catalogue[:tracks])
    )
    for batch in batched(saved, 5_000):
        SavedTrack.objects.bulk_create(batch)
    client = Client()
    client.force_login(user)
    return client


def _row(
    name: str, query: dict[str, str], depth: str, clients: dict[int, Client]
) -> dict[str, Any]:
    """Measure one page of each library in turns, so that what else the machine does meets both."""
    addresses = {tracks: _address(client, query, depth) for tracks, client in clients.items()}
    taken: dict[int, list[float]] = {tracks: [] for tracks in clients}
    for round_ in range(WARM + ROUNDS):
        for tracks, client in clients.items():
            started = time.perf_counter()
            response = client.get(addresses[tracks])
            seconds = time.perf_counter() - started
            assert response.status_code == 200, response.content
            if round_ >= WARM:
                taken[tracks].append(seconds * 1000)
    small, large = (statistics.median(taken[tracks]) for tracks in (SMALL, LARGE))
    return {
        "order or query": name,
        "page": depth,
        "ms in 1,000": round(small, 1),
        "ms in 100,000": round(large, 1),
        "times": round(large / small, 2),
    }


def _address(client: Client, query: dict[str, str], depth: str) -> str:
    """Return the address of the first page, or of the one that begins at nine tenths of the list."""
    request = Request(APIRequestFactory().get(TRACKS, query))
    request.user = get_user(client)
    view = SavedTrackViewSet(request=request)
    rows = view.filter_queryset(view.get_queryset())
    if depth == "deep" and (at := rows.count() * 9 // 10):
        ordering = query.get("ordering", view.default_order)
        key = view.orders[ordering.removeprefix("-")].key
        sign = "-" if ordering.startswith("-") else ""
        edge = rows.annotate(key=key).order_by(f"{sign}key", f"{sign}pk")[at - 1]
        query = {**query, "cursor": packed(ordering, edge.key, edge.pk)}
    return f"{TRACKS}?{urlencode(query)}"


def _plan(address: str, client: Client) -> str:
    """Return how PostgreSQL finds the rows of a page, of the query as it was made."""
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    [page] = [one["sql"] for one in queries if f'FROM "{SavedTrack._meta.db_table}"' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {page}")
        return "\n".join(line for (line,) in cursor.fetchall())
