"""What the list of saved tracks can be narrowed to besides words: an entry each, by its name in addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.saved_tracks import SavedTrackQuerySet

from pages.words import Words

#: A year, or with what makes it a decade behind it: 1994, 1990s, 1990-е.
_RELEASED = re.compile(r"([0-9]{4})( ?s|-?[а-я]{1,2})?", re.IGNORECASE)
_YES = "1"


@dataclass(frozen=True)
class Filter:
    """One way to narrow the list. ``read`` makes of what stands in the address what is asked of the rows.

    It raises ValueError for what it does not understand, of which people are told what it is: ``otherwise``.
    """

    label: Words
    narrow: Callable[[SavedTrackQuerySet, SpotifyAccount, Any], SavedTrackQuerySet]
    read: Callable[[str], Any]
    otherwise: Words = ""
    kind: str = "checkbox"


def _years(text: str) -> range:
    match = _RELEASED.fullmatch(text.strip())
    if not match:
        raise ValueError("neither a year nor a decade")
    year = int(match[1])
    return range(year // 10 * 10, year // 10 * 10 + 10) if match[2] else range(year, year + 1)


def _moment(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), UTC)


def _yes(text: str) -> bool:
    if text != _YES:
        raise ValueError("not ticked")
    return True


FILTERS = {
    "released": Filter(
        _("Released in"),
        lambda rows, account, years: rows.filter(
            track__album__release_year__gte=years[0], track__album__release_year__lte=years[-1]
        ),
        _years,
        otherwise=_("That is neither a year nor a decade, so it was left out."),
        kind="text",
    ),
    "since": Filter(
        _("Saved since"),
        lambda rows, account, moment: rows.filter(added_at__gte=moment),
        _moment,
        otherwise=_("That is no date, so it was left out."),
        kind="date",
    ),
    "explicit": Filter(
        _("Explicit"), lambda rows, account, yes: rows.filter(track__explicit=True), _yes
    ),
    "unavailable": Filter(_("Not available"), lambda rows, account, yes: rows.unavailable(), _yes),
    "unlisted": Filter(
        _("In no playlist"), lambda rows, account, yes: rows.in_no_playlist(account), _yes
    ),
}


@dataclass(frozen=True)
class Field:
    """A filter as a form shows it: what was asked of it, and whether that was understood."""

    name: str
    filter: Filter
    text: str
    value: Any = None

    @property
    def is_active(self) -> bool:
        return self.value is not None

    @property
    def problem(self) -> Words:
        return self.filter.otherwise if self.text and not self.is_active else ""


def fields_of(query: Mapping[str, str]) -> list[Field]:
    """Read all filters of an address."""
    return [_field(name, one, query.get(name, "")[:20]) for name, one in FILTERS.items()]


def _field(name: str, one: Filter, text: str) -> Field:
    try:
        return Field(name, one, text, one.read(text) if text else None)
    except ValueError:
        return Field(name, one, text)


def narrowed(
    rows: SavedTrackQuerySet, account: SpotifyAccount, fields: list[Field]
) -> SavedTrackQuerySet:
    """Return the rows that every active filter lets through."""
    for field in fields:
        if field.is_active:
            rows = field.filter.narrow(rows, account, field.value)
    return rows
