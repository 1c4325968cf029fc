"""A library in numbers: what one user saved, counted by the database in a constant number of queries, and remembered.

Always of one account: Spotify's policy forbids to derive listening figures across users, so nothing here adds up two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Count, F, Func, Max, Min, QuerySet, Sum
from django_spotify_sync.models import Album, Artist, SavedTrack, SpotifyAccount, TrackArtist

from pages.figures import counted_from

MOST = 12  # how many artists and albums are named
STEP = 30  # seconds of a bar of lengths
LONG = 10 * 60  # seconds from which on all lengths share a bar


class MonthOf(Func):
    """The year and month of a time in UTC, as ``2026-11``. On SQLite, Django's own would call Python for each row."""

    output_field = CharField()
    arity = 1
    on_sqlite = "substr(%(expressions)s, 1, 7)"  # there a time is text, in UTC
    on_postgresql = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM')"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template=self.on_sqlite, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template=self.on_postgresql, **context)


class YearOf(MonthOf):
    """The year of a time in UTC, as ``2026``."""

    on_sqlite = "substr(%(expressions)s, 1, 4)"
    on_postgresql = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY')"


@dataclass(frozen=True)
class Summary:
    """The whole in one line."""

    tracks: int
    length: timedelta
    albums: int
    first: Any
    last: Any

    @property
    def hours(self) -> int:
        return round(self.length.total_seconds() / 3600)


def saved_by(account: SpotifyAccount) -> QuerySet[SavedTrack]:
    """The entries of one account that hold a track."""
    return SavedTrack.objects.filter(account=account, track__isnull=False)


@counted_from("tracks")
def summary(account: SpotifyAccount) -> Summary:
    """Count tracks and albums, and add up how long they last."""
    found = saved_by(account).aggregate(
        tracks=Count("pk"),
        milliseconds=Sum("track__duration_ms"),
        albums=Count("track__album", distinct=True),
        first=Min("added_at"),
        last=Max("added_at"),
    )
    length = timedelta(milliseconds=found.pop("milliseconds") or 0)
    return Summary(length=length, **found)


@counted_from("tracks")
def months(account: SpotifyAccount) -> list[tuple[date, int]]:
    """Count what was saved in each month, from the first to the last, months without any included."""
    rows = saved_by(account).filter(added_at__isnull=False).annotate(month=MonthOf("added_at"))
    counted = dict(rows.values_list("month").annotate(Count("pk")).order_by("month"))
    if not counted:
        return []
    first, last = (date.fromisoformat(f"{end(counted)}-01") for end in (min, max))
    found, month = [], first
    while month <= last:
        found.append((month, counted.get(f"{month:%Y-%m}", 0)))
        month = (month + timedelta(days=31)).replace(day=1)
    return found


@counted_from("tracks")
def decades(account: SpotifyAccount) -> list[tuple[int, int]]:
    """Count the tracks of each decade of release, decades without any included."""
    years = saved_by(account).filter(track__album__release_year__gt=0)
    counted: Counter[int] = Counter()
    for year, count in years.values_list("track__album__release_year").annotate(Count("pk")):
        counted[year // 10 * 10] += count
    return (
        [(decade, counted[decade]) for decade in range(min(counted), max(counted) + 1, 10)]
        if counted
        else []
    )


def artists(account: SpotifyAccount) -> list[tuple[Artist, int]]:
    """Name the artists of the most saved tracks, with how many."""
    most = artists_of_most(account)
    named = Artist.objects.in_bulk([pk for pk, _ in most])
    return [(named[pk], count) for pk, count in most if pk in named]


@counted_from("tracks")
def artists_of_most(account: SpotifyAccount) -> list[tuple[int, int]]:
    """Return their keys, with how many."""
    links = TrackArtist.objects.filter(track__saved_by__account=account)
    rows = links.values_list("artist").annotate(count=Count("pk"))
    return list(rows.order_by("-count", "artist__name")[:MOST])


def albums(account: SpotifyAccount) -> list[tuple[Album, int]]:
    """Name the albums of the most saved tracks, with how many."""
    most = albums_of_most(account)
    named = Album.objects.in_bulk([pk for pk, _ in most])
    return [(named[pk], count) for pk, count in most if pk in named]


@counted_from("tracks")
def albums_of_most(account: SpotifyAccount) -> list[tuple[int, int]]:
    """Return their keys, with how many."""
    saved = saved_by(account).filter(track__album__isnull=False)
    rows = saved.values_list("track__album").annotate(count=Count("pk"))
    return list(rows.order_by("-count", "track__album__name")[:MOST])


@counted_from("tracks")
def lengths(account: SpotifyAccount) -> list[tuple[int, int]]:
    """Count the tracks by length: ``(seconds from, count)`` for each half minute, the last for all that is longer."""
    bars = saved_by(account).annotate(bar=F("track__duration_ms") / (STEP * 1000))
    counted: Counter[int] = Counter()
    for bar, count in bars.values_list("bar").annotate(Count("pk")):
        counted[min(int(bar) * STEP, LONG)] += count
    return [(at, counted[at]) for at in range(0, LONG + STEP, STEP)] if counted else []
