"""What one library has twice: found and shown, and never removed. Only its owner can say which is one too many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import models
from django.db.models import Count, F, Window

from django_spotify_sync.models.catalog import TrackArtist

#: Tracks whose artists are asked for at once; every database takes so many parameters.
_TOGETHER = 10_000


@dataclass(frozen=True, slots=True)
class Double:
    """Rows that hold the same: their primary keys, in the order of the library. ``reason`` is what is the same:
    ``isrc`` (the recording), ``names`` (title, artists and length), or ``list`` (the same thing in one playlist).
    """

    reason: str
    rows: tuple[int, ...]


def doubles_among(rows: models.QuerySet[Any]) -> list[Double]:
    """Return the doubles among saved tracks, in the order of the queryset: by recording, and then by names.

    Lengths are the same if they are so to the second. Tracks that are one recording are not named a second time. In
    three queries, however many rows there are; 20,000 tracks that look alike take one more.
    """
    ordered = rows.filter(track__isnull=False)
    recordings = _alike(ordered.exclude(track__isrc=""), "track__isrc")
    by_isrc = _grouped((isrc, pk) for pk, _, isrc in recordings)
    second = (F("track__duration_ms") + 500) / 1000
    candidates = _alike(ordered.annotate(second=second), "track__folded", "second")
    artists = _artists({track for _, track, *_ in candidates})
    by_names = _grouped(
        ((*names, tuple(artists[track])), pk) for pk, track, *names in candidates if any(names)
    )
    known = [set(group) for group in by_isrc]
    of_recording = {pk: number for number, group in enumerate(known) for pk in group}
    return [
        *(Double("isrc", group) for group in by_isrc),
        *(
            Double("names", group)
            for group in by_names
            if len({of_recording.get(pk, -pk) for pk in group}) > 1
        ),
    ]


def doubles_in_lists(items: models.QuerySet[Any]) -> list[Double]:
    """Return what stands twice in one playlist among items, list by list. In one query."""
    alike = _alike(items.exclude(uri="").order_by("playlist", "position"), "playlist", "uri")
    return [Double("list", group) for group in _grouped((of, pk) for pk, _, *of in alike)]


def _alike(rows: models.QuerySet[Any], *same: str) -> list[tuple[Any, ...]]:
    """Return primary key, track and the columns ``same`` of each row that shares these with another one."""
    counted = rows.annotate(alike=Window(Count("pk"), partition_by=[F(name) for name in same]))
    return list(counted.filter(alike__gt=1).values_list("pk", "track", *same))


def _artists(tracks: set[int]) -> dict[int, list[int]]:
    """Return the keys of the artists of each track, in their order."""
    artists: dict[int, list[int]] = defaultdict(list)
    for together in batched(sorted(tracks), _TOGETHER):
        links = TrackArtist.objects.filter(track__in=together).order_by("track", "position")
        for track, artist in links.values_list("track", "artist"):
            artists[track].append(artist)
    return artists


def _grouped(rows: Iterable[tuple[Any, int]]) -> list[tuple[int, ...]]:
    """Return the keys that share something, two or more of them together."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for same, pk in rows:
        groups[tuple(same) if isinstance(same, list) else same].append(pk)
    return [tuple(group) for group in groups.values() if len(group) > 1]
