"""Whose the slots of a window are: a reserve for each class of callers, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django_spotify_sync.pace.window import leading

SCHEDULED_SHARE = 0.8  # of the pace is what the schedule may use at most
RESERVED = 1 / 8  # of that is for the schedule alone: a tenth of the whole


class Caller(StrEnum):
    """For whom a request is made: the classes, the first one first."""

    DOOR = "door"  # somebody who has just come back from Spotify's consent page
    PERSON = "person"  # somebody who asked for a sync, or whose page is waited for
    SCHEDULE = "schedule"

    @property
    def those_before(self) -> list[Caller]:
        """The classes for which this one makes way in what is not its own."""
        return list(Caller)[: list(Caller).index(self)]


class Part(StrEnum):
    """A part of the window's slots."""

    SCHEDULE = "schedule"
    COMMON = "common"
    PEOPLE = "people"
    DOOR = "door"


OWN = {Caller.DOOR: Part.DOOR, Caller.PERSON: Part.PEOPLE, Caller.SCHEDULE: Part.SCHEDULE}


@dataclass(frozen=True, slots=True)
class Shares:
    """The slots of each part, and how many requests each slot holds."""

    slots: dict[Part, range]
    sizes: list[int]

    def usable(self, part: Part, share: float) -> range:
        """Return the slots of a part that may be used at this share of the pace: the first ones."""
        slots = self.slots[part]
        return slots[: leading(self.sizes[slots.start : slots.stop], share)]

    def part_of(self, slot: int) -> Part:
        return next(part for part, slots in self.slots.items() if slot in slots)


def dealt(sizes: Sequence[int]) -> Shares:
    """Deal the slots: a tenth each for the schedule, for people and for the door, and seven tenths for all of them.

    Of few slots the door has one as soon as there are two, the schedule of four, people of six.
    """
    most_scheduled = leading(sizes, SCHEDULED_SHARE)
    scheduled = leading(sizes[:most_scheduled], RESERVED) if most_scheduled > 2 else 0
    people = (len(sizes) - most_scheduled) // 2
    ends = [0, scheduled, most_scheduled, most_scheduled + people, len(sizes)]
    slots = {part: range(*ends[at : at + 2]) for at, part in enumerate(Part)}
    return Shares(slots, list(sizes))
