"""The pages that reckon and compare say what was measured, and their sums are right."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from django_spotify_sync.conf import Conf
from tests.kit.documentation import DOCS, ROOT, sections
from tests.sync import test_economy

RESULTS = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text())
CAPACITY = sections("docs/explanation/capacity.md")
WHY = sections("docs/explanation/why-this.md")
USUAL, BULK, OURS = "spotipy + update_or_create", "spotipy, 8 threads + bulk", "ours"


def measured(table: str, subject: str, step: str) -> dict[str, Any]:
    """Return the row of a measurement on PostgreSQL."""
    row: dict[str, Any]
    [row] = [
        row
        for row in RESULTS[table]
        if (row["database"], row["subject"], row["step"]) == ("PostgreSQL", subject, step)
    ]
    return row


def cells(section: str) -> dict[str, list[str]]:
    """Return the rows of a section's tables by their first cell."""
    rows = re.findall(r"^\| (.+?) \|(.*)\|$", section, re.M)
    return {first: [cell.strip() for cell in rest.split("|")] for first, rest in rows}


# Sums

SUM = re.compile(r"((?:\(*[\d.,]+\)* [×÷+] )+\(*[\d.,]+\)*) = ([\d,]+(?:\.\d+)?)")


def value(written: str) -> float:
    signs = {"×": "*", "÷": "/", ",": ""}
    return float(eval("".join(signs.get(sign, sign) for sign in written)))


def sums() -> list[tuple[str, str]]:
    return SUM.findall((DOCS / "explanation/capacity.md").read_text().replace("\n", " "))


def test_sums_are_shown():
    assert len(sums()) > 20


@pytest.mark.parametrize(("written", "result"), sums())
def test_a_sum_is_right(written, result):
    digits = len(result.partition(".")[2])

    assert round(value(written), digits) == value(result)


def test_the_table_of_paces_goes_by_the_same_sums():
    section = CAPACITY["What Spotify's pace allows"]
    rows = re.findall(r"^\| ([\d,]+) \| (.+) \|$", section, re.M)

    assert len(rows) == 4
    for requests, rest in rows:
        a_day = value(requests) * 2_880
        expected = [a_day, *(0.8 * a_day / each for each in (105, 74, 330))]
        assert [value(cell) for cell in rest.split(" | ")] == [round(one) for one in expected]


# What was measured


def test_users_cost_what_is_counted():
    rows = cells(CAPACITY["Your users"])
    tracks = [measured("tracks", OURS, step) for step in ("first", "unchanged", "full")]
    lists = [measured("playlists", "100 of 50", step) for step in ("first", "unchanged", "full")]

    assert rows["saved tracks"][1:] == [str(row["requests"]) for row in tracks]
    assert rows["playlists of 50 items"][1:] == [str(row["requests"]) for row in lists]
    for name in ("followed artists", "saved albums", "saved shows"):
        whole = str(test_economy.COLLECTIONS[f"{name}, asked for"])
        check = str(test_economy.COLLECTIONS[f"{name}, a check"])
        assert rows[name][1:] == [whole, check, whole]


def test_the_default_pace_is_the_one_that_is_reckoned_with():
    assert Conf.REQUESTS_PER_WINDOW.default == 180
    assert Conf.WINDOW.default == timedelta(seconds=30)


def test_the_machine_does_what_was_measured():
    rows = cells(CAPACITY["What the machine can do"])
    expected = {
        "first sync": ("tracks", OURS, "first"),
        "unchanged check": ("tracks", OURS, "unchanged"),
        "read as a whole, nothing changed": ("tracks", OURS, "full"),
        "100 playlists, unchanged": ("playlists", "100 of 50", "unchanged"),
        "100 playlists, read as a whole": ("playlists", "100 of 50", "full"),
    }

    for name, which in expected.items():
        row = measured(*which)
        assert [float(cell) for cell in rows[name]] == pytest.approx(
            [row["seconds"], row["cpu"]], abs=0.0051
        )


def test_memory_and_disk_are_as_measured():
    memory = {(row["subject"], row["step"]): row for row in RESULTS["memory"]}
    rows = cells(CAPACITY["Memory"])

    for size in ("50,000", "200,000"):
        peak = memory[f"{size} tracks", "first"]["peak_mb"]
        assert rows[f"first sync of {size} tracks"] == [f"{peak} MB"]
    assert rows["unchanged, any size"] == [
        f"{max(row['peak_mb'] for (_, step), row in memory.items() if step == 'again')} MB"
    ]
    disk = CAPACITY["Disk"]
    assert f"{measured('tracks', OURS, 'first')['inserted']:,} rows" in disk
    assert f"{measured('tracks', 'floor: COPY', 'once')['wal_mb']:.1f} MB" in disk
    slower = (
        measured("big", OURS, "first")["seconds"] / measured("tracks", OURS, "first")["seconds"]
    )
    assert f"takes {slower:.2f} times" in disk


def test_the_good_day_is_as_measured():
    rows = cells(WHY["On a good day"])
    first = [measured("tracks", subject, "first") for subject in (USUAL, BULK, OURS)]
    again = [measured("tracks", subject, "unchanged") for subject in (USUAL, BULK, OURS)]

    def for_all(row: dict[str, Any], name: str) -> float:
        return float(row[name]) * 10_000 / float(row["tracks"])

    def written(row: dict[str, Any]) -> str:
        return f"{(row['inserted'] + row['updated']) * 10_000 // row['tracks']:,}"

    for name, rows_of in (("first sync", first), ("again, nothing changed", again)):
        said = [float(cell.removesuffix(" s")) for cell in rows[name]]
        assert said == pytest.approx([for_all(row, "seconds") for row in rows_of], rel=0.04)
    assert rows["requests for that"] == [f"{for_all(again[0], 'requests'):.0f}"] + [
        str(row["requests"]) for row in again[1:]
    ]
    assert rows["rows written for that"] == [written(row) for row in again]
    grown = [f"{row['grown_mb']:.0f} MB" for row in first[1:]]
    assert rows["memory of the first sync"][1:] == grown


# When what happens


def dated() -> list[tuple[str, str]]:
    """Return each time of the timeline that a setting says, with the setting."""
    page = (DOCS / "explanation/timeline.md").read_text()
    rows = re.findall(r"^\| (\d+ \w+)[^|]* \|.*\| \[`([A-Z_]+)`\]\(\S+\) \|$", page, re.M)
    return [row for row in rows if row[1] != "GRANT_NOTICE"]


def test_the_timeline_names_the_settings_that_set_it():
    assert len(dated()) > 6


@pytest.mark.parametrize(("said", "setting"), dated())
def test_the_timeline_is_that_of_the_defaults(said, setting):
    number, unit = said.split()

    assert timedelta(**{f"{unit.rstrip('s')}s": int(number)}) == vars(Conf)[setting].default
