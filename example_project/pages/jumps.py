"""Where in a list a page begins: at a cursor, behind so many pages, at a month, or so that it ends with the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.rest.keyset import Cursor, Order, unpacked

LAST = "last"  # stands in an address where other pages have their cursor
MOST_MONTHS = 600  # fifty years, which is more than Spotify has


@dataclass(frozen=True)
class Start:
    """Where a page begins, and its ``number``, as far as that is known. By itself it is the beginning of the list."""

    cursor: Cursor | None = None
    skip: int = 0
    from_end: bool = False
    number: int = 1

    @property
    def is_backwards(self) -> bool:
        return self.from_end or (self.cursor is not None and self.cursor.backwards)


def start_of(
    request: HttpRequest, ordering: str, order: Order, *, per_page: int, pages: int
) -> Start:
    """Return where the page that the address asks for begins, of so many ``pages`` as were counted.

    A cursor that is none of this order, as that of an address from before, is the beginning.
    """
    asked, number = request.GET.get("cursor", ""), _number(request)
    if asked == LAST:
        return Start(from_end=True, number=number)
    if asked:
        try:
            return Start(unpacked(asked, ordering, order), number=number)
        except ValueError:
            return Start()
    number = max(1, min(number, pages))
    return Start(skip=(number - 1) * per_page, number=number)


def start_of_month(month: date, rows: QuerySet[Any], *, downwards: bool, per_page: int) -> Start:
    """Return where a month begins among rows in the order of their ``added_at``, which are counted up to there."""
    if downwards:
        month = (month + timedelta(days=31)).replace(day=1)
    edge = datetime(month.year, month.month, 1, tzinfo=UTC)
    before = rows.order_by().filter(**{f"added_at__{'gte' if downwards else 'lt'}": edge}).count()
    return Start(Cursor(edge, 0), number=before // per_page + 1) if before else Start()


def months_of(account: SpotifyAccount) -> list[date]:
    """Return all months from that of the account's latest saved track to that of its first."""
    dated = SavedTrack.objects.filter(account=account, added_at__isnull=False)
    found = dated.aggregate(first=Min("added_at"), last=Max("added_at"))
    if found["first"] is None:
        return []
    first, month = (found[end].astimezone(UTC).date().replace(day=1) for end in ("first", "last"))
    months = []
    while month >= first and len(months) < MOST_MONTHS:
        months.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return months


def month_asked(request: HttpRequest, months: list[date]) -> date | None:
    """Return the month that the address jumps to, if it is one of these."""
    asked = request.GET.get("month", "")
    if request.GET.get("cursor"):  # one went on from there
        return None
    return next((month for month in months if f"{month:%Y-%m}" == asked), None)


def _number(request: HttpRequest) -> int:
    number = request.GET.get("page", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1
