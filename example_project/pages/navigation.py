"""Where the navigation leads: one table. A new page is one line of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from pages.words import SPOKEN, Words


class Place(StrEnum):
    """Where an entry stands. What has no room beside the others is under "More"."""

    TAB = "tab"  # always in sight; a phone has room for four of these
    WIDE = "wide"  # in sight on a wide screen, under "More" on a phone
    MORE = "more"  # under "More" everywhere
    ACCOUNT = "account"  # in the menu of the visitor's account


@dataclass(frozen=True)
class Entry:
    """A page by the name of its address, with the symbol of ``icons.svg`` that stands for it.

    The pages of ``within`` are a part of it. One with a ``resource`` is there only if the site has that shelf.
    """

    page: str
    label: Words
    icon: str
    place: Place = Place.MORE
    within: tuple[str, ...] = ()
    resource: str = ""


ENTRIES = (
    Entry("home", _("Overview"), "shelf", Place.TAB),
    Entry("tracks", _("Tracks"), "tracks", Place.TAB, within=("track",)),
    Entry("albums", _("Albums"), "albums", Place.WIDE, within=("album",), resource="albums"),
    Entry("playlists", _("Playlists"), "playlists", Place.TAB, within=("playlist", "overlap")),
    Entry("artists", _("Artists"), "following", Place.WIDE, within=("artist",)),
    Entry("shows", SPOKEN["shows"], "shows", Place.WIDE, resource="shows"),
    Entry("episodes", SPOKEN["episodes"], "episodes", resource="episodes"),
    Entry("audiobooks", SPOKEN["audiobooks"], "audiobooks", resource="audiobooks"),
    Entry("changes", _("What came, what left"), "changes", within=("loss",)),
    Entry("lost", _("Lost and unavailable"), "gone"),
    Entry("duplicates", _("Duplicates"), "doubles"),
    Entry("diary", _("Diary"), "diary", within=("diary_year", "diary_month")),
    Entry("pictures", _("Statistics"), "pictures"),
    Entry("take", _("Take it with you"), "take"),
    Entry("connection", _("Connection to Spotify"), "link", Place.ACCOUNT, within=("leave",)),
    Entry("runs", _("History of syncs"), "clock", Place.ACCOUNT),
    Entry("privacy", _("Privacy and terms"), "shield", Place.ACCOUNT),
)


@dataclass(frozen=True)
class Navigation:
    """The entries of this site, by where they stand."""

    entries: Sequence[Entry]

    @property
    def tabs(self) -> list[Entry]:
        """What is in sight on a wide screen."""
        return self._at(Place.TAB, Place.WIDE)

    @property
    def more(self) -> list[Entry]:
        """What is under "More" on a phone; on a wide screen it is without those that are in sight there."""
        return self._at(Place.WIDE, Place.MORE)

    @property
    def account(self) -> list[Entry]:
        return self._at(Place.ACCOUNT)

    def _at(self, *places: Place) -> list[Entry]:
        return [entry for entry in self.entries if entry.place in places]


def navigation() -> Navigation:
    """Return the navigation for the shelves that the site has."""
    shelves = settings.SPOTIFY_SYNC_RESOURCES
    return Navigation([one for one in ENTRIES if not one.resource or one.resource in shelves])
