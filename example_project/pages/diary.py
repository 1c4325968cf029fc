"""A library as a diary: what was saved in which month, on this day in other years, and a year in review.

Of one account and of what it saved, never of what was played: Spotify's policy forbids figures of listening. Days and
months are those of UTC, as Spotify dates what is saved.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django_spotify_sync.models import (
    Artist,
    LibraryChange,
    SavedAlbum,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.rest.keyset import KeysetPage, by_time, page_of, unpacked

from pages import pictures
from pages.figures import counted_from

MOST_ARTISTS = 12
MOST_LOST = 30
ON_THIS_DAY = 12
FURTHEST = 30  # years back that "on this day" looks
_ORDER = by_time("added_at")
_ORDERING = "-added_at"


@dataclass(frozen=True)
class Month:
    """How many tracks were saved in a month, and its share of the fullest month shown beside it, of 100."""

    day: date
    count: int
    share: int


@dataclass(frozen=True)
class Year:
    """The months of a year in which anything was saved, latest first."""

    number: int
    count: int
    months: list[Month]


def years(account: SpotifyAccount) -> list[Year]:
    """Return the years of a library, latest first."""
    counted = pictures.months(account)
    most = max((count for _, count in counted), default=0)
    found: dict[int, list[Month]] = {}
    for day, count in reversed(counted):
        if count:
            found.setdefault(day.year, []).append(Month(day, count, -(-count * 100 // most)))
    return [
        Year(number, sum(month.count for month in months), months)
        for number, months in found.items()
    ]


def bounds(year: int, month: int | None = None) -> tuple[datetime, datetime]:
    """Return where a year, or a month of it, begins, and where the next one does."""
    start = datetime(year, month or 1, 1, tzinfo=UTC)
    longer = start + timedelta(days=31 if month else 366)
    return start, longer.replace(day=1) if month else datetime(year + 1, 1, 1, tzinfo=UTC)


def saved_within(account: SpotifyAccount, start: datetime, end: datetime) -> QuerySet[SavedTrack]:
    """The tracks that were saved from ``start`` on, and before ``end``."""
    return pictures.saved_by(account).filter(added_at__gte=start, added_at__lt=end)


def on_this_day(account: SpotifyAccount, today: date) -> list[SavedTrack]:
    """Return what was saved on this day of earlier years, latest first."""
    days = Q()
    for year in range(max(today.year - FURTHEST, 2000), today.year):
        try:
            start = datetime(year, today.month, today.day, tzinfo=UTC)
        except ValueError:  # the 29th of February
            continue
        days |= Q(added_at__gte=start, added_at__lt=start + timedelta(days=1))
    if not days:
        return []
    return list(pictures.saved_by(account).filter(days).recent().with_tracks()[:ON_THIS_DAY])


def month_page(
    request: HttpRequest, account: SpotifyAccount, year: int, month: int, per_page: int
) -> KeysetPage:
    """Return a page of what was saved in a month, latest first."""
    rows = saved_within(account, *bounds(year, month)).with_tracks()
    try:
        cursor = unpacked(request.GET.get("cursor", ""), _ORDERING, _ORDER)
    except ValueError:
        cursor = None
    page = page_of(rows, _ORDERING, _ORDER, size=per_page, cursor=cursor)
    return page if page.rows else page_of(rows, _ORDERING, _ORDER, size=per_page)


@dataclass(frozen=True)
class Figures:
    """A year in numbers and keys of rows: what is remembered of it."""

    count: int
    milliseconds: int
    new_artists: int
    artists: list[tuple[int, int]]


NOTHING = Figures(0, 0, 0, [])


@dataclass(frozen=True)
class Review:
    """A year of a library. ``artists`` are the new ones of whom most was saved, each with how many tracks.

    ``left`` are the latest of the ``count_left`` things that went in it, as far back as the journal goes.
    """

    year: int
    count: int
    hours: int
    first: SavedTrack | None
    last: SavedTrack | None
    months: list[Month]
    busiest: Month | None
    new_artists: int
    artists: list[tuple[Artist, int]]
    albums: int
    left: list[LibraryChange]
    count_left: int

    @property
    def edges(self) -> list[tuple[str, SavedTrack]]:
        """The first and the last track that was saved, as far as they are there."""
        both = (("first", self.first), ("last", self.last))
        return [(which, saved) for which, saved in both if saved and saved.track]


def review(account: SpotifyAccount, year: int) -> Review:
    """Review a year, in a constant number of queries."""
    start, end = bounds(year)
    figures = figures_of(account).get(year, NOTHING)
    saved = saved_within(account, start, end).with_tracks()
    in_year = {
        month.day.month: month.count
        for one in years(account)
        if one.number == year
        for month in one.months
    }
    most = max(in_year.values(), default=0)
    months = [
        Month(date(year, number, 1), count, -(-count * 100 // most) if most else 0)
        for number in range(1, 13)
        for count in [in_year.get(number, 0)]
    ]
    artists = Artist.objects.in_bulk([pk for pk, _ in figures.artists])
    albums = SavedAlbum.objects.filter(account=account, album__isnull=False)
    went = LibraryChange.objects.filter(
        account=account,
        seen_at__gte=start,
        seen_at__lt=end,
        kind__in=(ChangeKind.REMOVED, ChangeKind.UNAVAILABLE),
    )
    return Review(
        year=year,
        count=figures.count,
        hours=round(figures.milliseconds / 3_600_000),
        first=saved.order_by("added_at", "pk").first(),
        last=saved.recent().first(),
        months=months,
        busiest=max(months, key=lambda month: month.count) if most else None,
        new_artists=figures.new_artists,
        artists=[(artists[pk], count) for pk, count in figures.artists if pk in artists],
        albums=albums.filter(added_at__gte=start, added_at__lt=end).count(),
        left=list(went.recent()[:MOST_LOST]),
        count_left=went.count(),
    )


@counted_from("tracks")
def figures_of(account: SpotifyAccount) -> dict[int, Figures]:
    """Return what is remembered of each year: one look at a library is enough for all of them."""
    saved = pictures.saved_by(account).filter(added_at__isnull=False)
    sums = saved.annotate(year=pictures.YearOf("added_at")).values_list("year")
    new = _new_artists(account)
    return {
        int(year): Figures(count, length or 0, len(new[year]), new[year][:MOST_ARTISTS])
        for year, count, length in sums.annotate(Count("pk"), Sum("track__duration_ms"))
    }


def _new_artists(account: SpotifyAccount) -> dict[str, list[tuple[int, int]]]:
    """Return by year the artists of whom nothing was saved before, those first of whom most was saved then."""
    links = TrackArtist.objects.filter(
        track__saved_by__account=account, track__saved_by__added_at__isnull=False
    )
    counted = links.annotate(year=pictures.YearOf("track__saved_by__added_at"))
    new: dict[str, list[tuple[int, int]]] = defaultdict(list)
    known: set[int] = set()
    rows = counted.values_list("artist", "year").annotate(count=Count("pk"))
    for artist, year, count in rows.order_by("year", "-count", "artist"):
        if artist not in known:
            known.add(artist)
            new[year].append((artist, count))
    return new
