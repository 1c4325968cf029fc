"""The plots of ``docs/explanation/speed.md``, as SVG without a background, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

IMAGES = Path(__file__).parent.parent / "docs" / "images"
WORDS = "#7a7a7a"  # between white and black
COLORS = {"floor": "#a8a8a8", "spotipy": "#c9853e", "tekore": "#b5658f", "ours": "#2f9e6e"}
LOOK = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "speed",  # the same figures, the same file
    "text.color": WORDS,
    "axes.labelcolor": WORDS,
    "axes.edgecolor": WORDS,
    "xtick.color": WORDS,
    "ytick.color": WORDS,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

#: Name of the file, its title, and the steps it shows.
PLOTS = (
    ("speed-first", "First sync, seconds", ("once", "first")),
    ("speed-again", "Again, seconds", ("full", "unchanged", "+25", "-1", "-20")),
)


def draw(results: dict[str, Any]) -> None:
    """Draw all plots that the results have rows for."""
    with mpl.rc_context(LOOK):
        for name, title, steps in PLOTS:
            # The usual way is in another league: its bar would leave nothing to be seen of the others.
            rows = [
                row
                for row in results["tracks"]
                if row["step"] in steps
                and "stretched_seconds" not in row
                and "pace" not in row["subject"]
            ]
            _bars(name, title, rows)
        if results.get("hashes"):
            _hashes(results["hashes"])


def _bars(name: str, title: str, rows: list[dict[str, Any]]) -> None:
    databases = list(dict.fromkeys(row["database"] for row in rows))
    figure, axes = plt.subplots(
        len(databases), 1, figsize=(7, 0.6 + 0.38 * len(rows)), sharex=True, squeeze=False
    )
    for database, (axis,) in zip(databases, axes, strict=True):
        shown = [row for row in rows if row["database"] == database][::-1]
        labels = [_label(row) for row in shown]
        spread = [
            [row["seconds"] - row["seconds_min"] for row in shown],
            [row["seconds_max"] - row["seconds"] for row in shown],
        ]
        bars = axis.barh(
            labels,
            [row["seconds"] for row in shown],
            color=[_color(row["subject"]) for row in shown],
            xerr=spread,
            ecolor=WORDS,
        )
        axis.bar_label(bars, fmt="%.2f", padding=6, color=WORDS)
        axis.set_title(f"{title}: {database}", loc="left")
        axis.margins(x=0.15)
    _save(figure, name)


def _hashes(rows: list[dict[str, Any]]) -> None:
    names = ("mb", "lookup_ms", "insert_wal_mb")
    titles = ("Size of the index, MB", "50 keys looked up, ms", "WAL of 10,000 rows, MB")
    figure, axes = plt.subplots(1, 3, figsize=(9, 0.8 + 0.28 * len(rows)), sharey=True)
    shown = rows[::-1]
    labels = [f"{row['model']}, {row['rows']:,}, {row['index']}" for row in shown]
    colors = [COLORS["ours"] if row["index"] == "hash" else COLORS["floor"] for row in shown]
    for axis, name, title in zip(axes, names, titles, strict=True):
        bars = axis.barh(labels, [row[name] for row in shown], color=colors)
        axis.bar_label(bars, fmt="%g", padding=3, color=WORDS)
        axis.set_title(title, loc="left")
        axis.margins(x=0.25)
        axis.locator_params(axis="x", nbins=4)
    _save(figure, "speed-hashes")


def _label(row: dict[str, Any]) -> str:
    return (
        row["subject"] if row["step"] in {"once", "first"} else f"{row['subject']}, {row['step']}"
    )


def _color(subject: str) -> str:
    return next((color for word, color in COLORS.items() if word in subject), WORDS)


def _save(figure: Any, name: str) -> None:
    figure.tight_layout()
    file = IMAGES / f"{name}.svg"
    about: Iterable[str] = ("Date", "Creator", "Format", "Type")
    figure.savefig(file, transparent=True, metadata=dict.fromkeys(about))
    plt.close(figure)
    # Without the address of a definition that nobody is to load, nor blanks at the ends of lines.
    _, svg, drawing = file.read_text().partition("<svg ")
    file.write_text("".join(f"{line.rstrip()}\n" for line in (svg + drawing).splitlines()))
