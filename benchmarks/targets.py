"""What is aimed at, as a table: a figure of one row, alone or against one of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """Where a figure stands: table, subject, step, and the name it has there."""

    subject: str
    step: str
    name: str = "seconds"
    table: str = "tracks"

    def of(self, results: dict[str, Any], database: str) -> float | None:
        """Return it; None where it was not measured."""
        for row in results.get(self.table, []):
            at = (row.get("database"), row.get("subject"), row.get("step"))
            if at == (database, self.subject, self.step):
                value: float | None = row.get(self.name)
                return value
        return None


@dataclass(frozen=True)
class Target:
    """``figure`` divided by ``against``, or alone, is to be at most, or with ``at_least`` at least, ``limit``."""

    words: str
    figure: Figure
    limit: float
    against: Figure | None = None
    at_least: bool = False
    unit: str = "×"
    databases: tuple[str, ...] = ("PostgreSQL", "SQLite")

    def value(self, results: dict[str, Any], database: str) -> float | None:
        """Return what was reached; None where it was not measured."""
        if database not in self.databases:
            return None
        found = self.figure.of(results, database)
        base = self.against.of(results, database) if self.against else 1.0
        return found / base if found is not None and base else None

    def is_met(self, value: float) -> bool:
        """Tell whether it was reached."""
        return value >= self.limit if self.at_least else value <= self.limit


FETCH = Figure("floor: fetch and parse", "once")
FIRST = Figure("ours", "first")
RIVAL = "spotipy, 8 threads + bulk"
USUAL = Figure("spotipy + update_or_create", "first", "stretched_seconds")

TARGETS = (
    Target("first sync, times fetch and parse alone", FIRST, 1.4, FETCH),
    Target(
        "first sync, times quicker than the best rival", Figure(RIVAL, "first"), 2.2, FIRST, True
    ),
    Target("first sync, times quicker than the usual way", USUAL, 25, FIRST, True),
    Target("full again, times fetch and parse alone", Figure("ours", "full"), 1.5, FETCH),
    Target(
        "unchanged, part of the best rival's time",
        Figure("ours", "unchanged"),
        0.03,
        Figure(RIVAL, "unchanged"),
    ),
    Target(
        "what is left after Spotify's last answer, times COPY of the same rows",
        Figure("ours", "first", "after_last_answer"),
        1.6,
        Figure("floor: COPY", "once"),
        databases=("PostgreSQL",),
    ),
    Target(
        "first sync beside 500,000 tracks and 2,000,000 saved rows, times that in an empty database",
        Figure("ours", "first", table="big"),
        1.3,
        FIRST,
        databases=("PostgreSQL",),
    ),
    Target(
        "WAL of a full pass that changes nothing",
        Figure("ours", "full", "wal_mb"),
        0.1,
        unit=" MB",
        databases=("PostgreSQL",),
    ),
    Target("CPU of an unchanged check", Figure("ours", "unchanged", "cpu"), 0.06, unit=" s"),
    Target("CPU of +25", Figure("ours", "+25", "cpu"), 0.15, unit=" s"),
    Target("CPU of −1", Figure("ours", "-1", "cpu"), 0.3, unit=" s"),
    Target(
        "rows moved by one inserted into a playlist of 10,000",
        Figure("1 of 10,000", "one inserted", "updated", table="playlists"),
        60,
        unit=" rows",
        databases=("PostgreSQL",),
    ),
    *(
        Target(
            f"memory that a first sync of {tracks} tracks takes",
            Figure(f"{tracks} tracks", "first", "grown_mb", table="memory"),
            limit,
            unit=" MB",
            databases=("PostgreSQL",),
        )
        for tracks, limit in (("50,000", 60), ("200,000", 150))
    ),
)
