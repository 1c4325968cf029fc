"""Rows that are ordered by a ``position`` → their new places, in few statements. Knows nothing of Spotify.

Where positions are dense, an insertion in the middle of a list moves all that stand behind it by the same distance:
that is one UPDATE over a range, not one row after the other. Where they are sparse (see ``ranks``), each row that is
written has its own (``upsert.overwrite``). There must be no unique key over the position.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from typing import Any

from django.db import connections, models
from django.db.models import Case, F, Q, Value, When

from django_spotify_sync.db.rising import rising
from django_spotify_sync.db.upsert import update

_SHORT = 4  # rows that go the same way, below which a range is not worth its place in the statement
_RANGES = 50  # ranges that one statement carries at most


@dataclass(frozen=True, slots=True)
class Move:
    """A row that stays, and where it stands before and after."""

    pk: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Range:
    """Rows from position ``start`` to before ``end`` that all go ``by`` places."""

    start: int
    end: int
    by: int


def move(rows: models.QuerySet[Any], moves: Sequence[Move], *, batch_size: int) -> None:
    """Bring the rows to their new positions. Rows of ``rows`` that are not among ``moves`` end up anywhere.

    Call it before new rows are put in between: they
    would be moved, too.
    """
    ranges, single = plan(moves)
    if ranges:
        whens = [
            When(position__gte=part.start, position__lt=part.end, then=Value(part.by))
            for part in ranges
        ]
        touched = Q()
        for part in ranges:
            touched |= Q(position__gte=part.start, position__lt=part.end)
        # one statement: each row is judged by the position it had before any was moved
        rows.filter(touched).update(position=F("position") + Case(*whens, default=Value(0)))
    changes = [(one.pk, {"position": one.new}) for one in single]
    update(rows.model, changes, using=rows.db, batch_size=batch_size)


def places(rows: models.QuerySet[Any], pks: Sequence[int], *, group: str) -> dict[int, int]:
    """Return how many rows of its ``group``, a foreign key, stand before each of these, by primary key: in one query.

    From each to the next one the rows between are counted, so that a group's index is gone through once, however many
    of its rows are asked for. What is gone is left out.
    """
    if not pks:
        return {}
    connection, meta = connections[rows.db], rows.model._meta
    names = (meta.db_table, meta.pk.column, meta.get_field(group).column)
    table, key, owner = map(connection.ops.quote_name, names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT asked.{key}, asked.{owner}, (
                SELECT COUNT(*) FROM {table} AS counted
                WHERE counted.{owner} = asked.{owner}
                AND counted.position BETWEEN asked.last_position AND asked.position
                AND (counted.position, counted.{key}) >= (asked.last_position, asked.last_key)
                AND (counted.position, counted.{key}) < (asked.position, asked.{key})
            )
            FROM (
                SELECT {key}, {owner}, position,
                    LAG(position, 1, 0) OVER in_order AS last_position,
                    LAG({key}, 1, 0) OVER in_order AS last_key
                FROM {table} WHERE {key} IN ({", ".join(["%s"] * len(pks))})
                WINDOW in_order AS (PARTITION BY {owner} ORDER BY position, {key})
            ) AS asked
            ORDER BY asked.{owner}, asked.position, asked.{key}
            """,  # noqa: S608 - names of ours
            list(pks),
        )
        found = cursor.fetchall()
    counted: dict[int, int] = {}
    for _, of_group in groupby(found, key=itemgetter(1)):
        steps = list(of_group)
        sums = accumulate(step for _, _, step in steps)
        counted |= {pk: place for (pk, _, _), place in zip(steps, sums, strict=True)}
    return counted


def out_of_order(moves: Iterable[Move]) -> set[int]:
    """Return the primary keys of the rows that do not stand in their old order any more, as few as can be."""
    ordered = _in_old_order(moves)
    kept = {ordered[index].pk for index in rising([one.new for one in ordered])}
    return {one.pk for one in ordered} - kept


def plan(moves: Iterable[Move]) -> tuple[list[Range], list[Move]]:
    """Part the moves into ranges and into rows that are to be placed one by one, after the ranges were moved."""
    ordered = _in_old_order(moves)
    if any(one.old == after.old for one, after in pairwise(ordered)):
        # a range would not tell them apart
        return [], [one for one in ordered if one.old != one.new]
    runs: list[list[Move]] = []
    strays = out_of_order(ordered)
    for one in ordered:
        if one.pk in strays:
            continue
        if runs and one.new - one.old == runs[-1][-1].new - runs[-1][-1].old:
            runs[-1].append(one)
        else:
            runs.append([one])
    long = [run for run in runs if len(run) >= _SHORT and run[0].new != run[0].old]
    long = sorted(long, key=len, reverse=True)[:_RANGES]
    ranges = sorted(
        (Range(run[0].old, run[-1].old + 1, run[0].new - run[0].old) for run in long),
        key=lambda part: part.start,
    )
    return ranges, [one for one in ordered if one.old + _by(ranges, one.old) != one.new]


def _in_old_order(moves: Iterable[Move]) -> list[Move]:
    return sorted(moves, key=lambda one: (one.old, one.pk))


def _by(ranges: Sequence[Range], position: int) -> int:
    """Return how far the ranges carry what stands at ``position``."""
    index = bisect_left(ranges, position + 1, key=lambda part: part.start) - 1
    return ranges[index].by if index >= 0 and position < ranges[index].end else 0
