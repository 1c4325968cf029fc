"""Tables and plots of the documentation, from a file of results: ``python -m benchmarks.report [FILE]``.

They stand in ``docs/explanation/speed.md`` between two comments each, and replace what stood there. With ``--check``
nothing is written, and the command fails if the page is not what the committed results make of it.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.targets import TARGETS, Row

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "speed.md"
RESULTS = ROOT / "benchmarks" / "results" / "speed.json"

#: Columns of the tables of costs: their heads, and how a figure is written.
COSTS: dict[str, Callable[[Row], str]] = {
    "seconds": lambda row: _seconds(row),
    "CPU s": lambda row: _number(row["cpu"]),
    "after the last answer": lambda row: _number(row.get("after_last_answer")),
    "requests": lambda row: f"{row['requests']:,.0f}",
    "statements": lambda row: f"{row['statements']:,.0f}",
    "rows inserted / updated / deleted": lambda row: _rows(row),
    "WAL MB": lambda row: _number(row.get("wal_mb")),
    "MB grown": lambda row: f"{row['grown_mb']:.0f}",
    "right": lambda row: {True: "yes", False: "**no**", None: ""}[row["right"]],
}


def text(file: Path) -> str:
    """Return all tables of a file of results."""
    results = json.loads(file.read_text())
    return "\n\n".join(part for make in PARTS.values() if (part := make(results)))


def write(file: Path) -> None:
    """Put the tables of a file of results into the page, and draw its plots."""
    results = json.loads(file.read_text())
    PAGE.write_text(filled(PAGE.read_text(), results))
    if find_spec("matplotlib"):
        import_module("benchmarks.drawing").draw(results)


def filled(page: str, results: Row) -> str:
    """Return the page with the tables of these results.

    :raises LookupError: if there is no place for one of them.
    """
    for name, make in PARTS.items():
        before, begin, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->\n")
        if not begin or not end:
            raise LookupError(f"{PAGE.name} has no place for {name!r}.")
        part = make(results) or "Not measured in this run."
        page = f"{before}{begin}\n{part}\n\n{end}{after}"
    return page


def _machine(results: Row) -> str:
    versions = ", ".join(f"{name} {found}" for name, found in results["versions"].items())
    size = "`make bench QUICK=1`" if results["quick"] else "`make bench`"
    most = max(results["tracks"], key=lambda row: row["tracks"] * 100 + row["n"], default=None)
    tracks = (
        f" {most['tracks']:,} saved tracks and medians of {most['n']}, where nothing else is said."
        if most
        else ""
    )
    return textwrap.fill(
        f"{size}, {results['day']}, commit {results['commit']}: {results['cores']} cores "
        f"({results['cpu']}), {results['memory_gb']} GB, {results['system']}. {versions}. "
        f"Spotify takes 80 ms to answer.{tracks} "
        f"Load before: {results['load_before']}; during the rows: {_loads(results)}.",
        120,
        break_on_hyphens=False,
    )


def _loads(results: Row) -> str:
    loads = [
        row["load"]
        for table in results.values()
        if isinstance(table, list)
        for row in table
        if "load" in row
    ]
    return f"{min(loads):.1f} to {max(loads):.1f}"


def _targets(results: Row) -> str:
    rows = []
    for target in TARGETS:
        word = "at least" if target.at_least else "at most"
        reached = []
        for database in ("PostgreSQL", "SQLite"):
            value = target.value(results, database)
            met = "" if value is None else " ✓" if target.is_met(value) else " ✗"
            reached.append("–" if value is None else f"{_number(value)}{target.unit}{met}")
        rows.append([target.words, f"{word} {target.limit:g}{target.unit}", *reached])
    return _table(["target", "", "PostgreSQL", "SQLite"], rows)


def _costs(table: str) -> Callable[[Row], str]:
    def make(results: Row) -> str:
        measured = results.get(table, [])
        rows = [
            [
                f"{row['database']}: {row['subject']}, {row['step']}",
                *(write(row) for write in COSTS.values()),
                *_ratios(row, measured),
            ]
            for row in measured
        ]
        return _table(["", *COSTS, "× fetch", "rival ×"], rows) if rows else ""

    return make


def _ratios(row: Row, measured: list[Row]) -> list[str]:
    """Return how often fetching alone fits into it, and how often it fits into what the best rival takes for the same.

    A rival has one way to do it again, whatever has changed.
    """
    same = [one for one in measured if one["database"] == row["database"]]
    floors = [one["seconds"] for one in same if "fetch" in one["subject"]]
    step = "first" if row["step"] == "first" else "unchanged"
    rivals = [
        one["seconds"]
        for one in same
        if one["step"] == step and "bulk" in one["subject"] and row["subject"] == "ours"
    ]
    is_part = row.get("stretched_seconds") is not None
    return [
        _number(row["seconds"] / min(floors)) if floors and not is_part else "–",
        _number(min(rivals) / row["seconds"]) if rivals else "–",
    ]


def _plain(table: str) -> Callable[[Row], str]:
    """Return what lays out rows under their own names."""

    def make(results: Row) -> str:
        rows = results.get(table, [])
        cells = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row.values()] for row in rows]
        return _table([name.replace("_", " ") for name in rows[0]], cells) if rows else ""

    return make


def _hashes(results: Row) -> str:
    if not (table := _plain("hashes")(results)):
        return ""
    image = "```{image} ../images/speed-hashes.svg\n:alt: Size, look-ups and WAL of a HASH index and of a B-tree\n```"
    return f"{image}\n\n{table}"


#: What stands between comments of these names.
PARTS: dict[str, Callable[[Row], str]] = {
    "machine": _machine,
    "targets": _targets,
    "tracks": _costs("tracks"),
    "legacy": _costs("legacy"),
    "playlists": _costs("playlists"),
    "big": _costs("big"),
    "hashes": _hashes,
    "memory": _plain("memory"),
}


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _seconds(row: Row) -> str:
    spread = f" ({row['seconds_min']:.2f}–{row['seconds_max']:.2f})" if row["n"] > 1 else ""
    stretched = row.get("stretched_seconds")
    whole = f", so {stretched:,.0f} for all" if stretched else ""
    of = f" for {row['tracks']:,} tracks" if stretched else ""
    return f"{row['seconds']:.2f}{spread}{of}{whole}"


def _rows(row: Row) -> str:
    if row["database"] == "SQLite":
        return f"{row['inserted']:,.0f} in all"
    return " / ".join(f"{row[name]:,.0f}" for name in ("inserted", "updated", "deleted"))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        current = PAGE.read_text()
        sys.exit(current != filled(current, json.loads(RESULTS.read_text())))
    write(Path(sys.argv[1]) if sys.argv[1:] else RESULTS)
