"""A page of 50 tracks in a library of 10,000 and in one of 100,000: first and deep, in every order, and by search.

Both stand beside a catalogue of 500,000 tracks, of which theirs are a part, and are read by the same indexes. A page is
timed as a client has it, from the request to the rendered JSON; its queries are explained as they were made. QUICK=1 in
the environment measures a tenth of it, with fewer rounds.
"""

from __future__ import annotations

import os
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
from django_spotify_sync.sync.tracks.sorting import refresh_sort_keys

TRACKS = "/spotify/tracks/"
QUICK = bool(os.environ.get("QUICK"))
SMALL, LARGE, CATALOGUE = (1_000, 10_000, 20_000) if QUICK else (10_000, 100_000, 500_000)
ROUNDS, WARM = (3, 1) if QUICK else (9, 2)
WORDS = ["blue", "rain", "night", "road", "love", "glass", "river", "gold", "stone", "paper"]
RARE = "zanzibar"  # in one name of each library
CONTAINED = (1, 50, 1_000)  # ids that contains() is asked about

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
    "search, by name": {"search": "blue", "ordering": "name"},
    "artist=": {"artist": "artist-7"},
    "added_since=": {"added_since": "2020-06-01T00:00:00Z"},
}


def main() -> None:
    with site.database(), override_settings(ALLOWED_HOSTS=["testserver"]):
        catalogue = _catalogue()
        clients = {tracks: _library(catalogue, tracks) for tracks in (SMALL, LARGE)}
        with connection.cursor() as cursor:  # as autovacuum does
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        rows = [
            _row(name, query, depth, clients)
            for name, query in QUERIES.items()
            for depth in ("first", "deep")
        ]
        site.table(f"A page of 50 in {SMALL:,} and in {LARGE:,} tracks, median of {ROUNDS}", rows)
        contained = [_contained(ids) for ids in CONTAINED]
        site.table(f"SavedTrack.objects.contains(), {LARGE:,} tracks", contained)
        if connection.vendor == "postgresql":
            for depth in ("first", "deep"):
                print(f"\nThe {depth} page in the default order, {LARGE:,} tracks:")
                print(_plan(_address(clients[LARGE], {}, depth), clients[LARGE]))
        print(site.versions())


def _catalogue() -> list[int]:
    """Make the tracks of which those of both libraries are, a third with two artists; return their keys."""
    artists = Artist.objects.bulk_create(
        [
            Artist(spotify_id=f"artist-{n}", name=f"{_words(n * 7)} {n}")
            for n in range(CATALOGUE // 5)
        ],
        batch_size=5_000,
    )
    albums = Album.objects.bulk_create(
        [Album(spotify_id=f"album-{n}", name=f"Volume {n}") for n in range(CATALOGUE // 2)],
        batch_size=5_000,
    )
    keys: list[int] = []
    for numbers in batched(range(CATALOGUE), 5_000):
        tracks = Track.objects.bulk_create(
            Track(
                spotify_id=f"track-{n}",
                # the number in an order of its own, so that a page of names is not one of neighbours
                name=RARE if n == SMALL // 2 else f"{_words(n)} {n * 7919 % CATALOGUE}",
                album=albums[n % len(albums)],
                duration_ms=120_000 + n * 7919 % 240_000,
            )
            for n in numbers
        )
        TrackArtist.objects.bulk_create(
            TrackArtist(
                track=track, artist=artists[(n * 31 + place) % len(artists)], position=place
            )
            for n, track in zip(numbers, tracks, strict=True)
            for place in range(1 + (n % 3 == 0))
        )
        keys += [track.pk for track in tracks]
    return keys


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
    refresh_sort_keys(account, is_whole=True, using=connection.alias)
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
        f"ms in {SMALL:,}": round(small, 1),
        f"ms in {LARGE:,}": round(large, 1),
        "times": round(large / small, 2),
    }


def _contained(number: int) -> dict[str, Any]:
    """Ask for so many ids, scattered over the catalogue, of which the library has a part."""
    account = SpotifyAccount.objects.get(spotify_id=f"user-{LARGE}")
    ids = [f"track-{n * 197 % CATALOGUE}" for n in range(number)]
    taken = []
    for _ in range(WARM + ROUNDS):
        started = time.perf_counter()
        found = SavedTrack.objects.contains(account, ids)
        taken.append((time.perf_counter() - started) * 1000)
    return {
        "ids": number,
        "saved": len(found),
        "ms": round(statistics.median(taken[WARM:]), 1),
    }


def _address(client: Client, query: dict[str, str], depth: str) -> str:
    """Return the address of the first page, or of the one that begins at nine tenths of the list."""
    request = Request(APIRequestFactory().get(TRACKS, query))
    request.user = get_user(client)
    view = SavedTrackViewSet(request=request)
    rows = view.filter_queryset(view.get_queryset())
    if depth == "deep" and (at := rows.count() * 9 // 10):
        ordering = query.get("ordering", view.default_order)
        key = view.order_of(ordering.removeprefix("-")).key
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
