"""Plots as markup: where bars stand, what they say, and what hangs below the line."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from django_spotify_sync.admin.plots import DEPTH, HEIGHT, STRIP, Plot, Series, share_bar

HOURS = ("one", "two")
RECT = re.compile(
    r'class="spotify-sync-fill is-(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
)


def bars(drawing: str) -> list[tuple[str, float, float]]:
    """Return the look of each bar, with its upper and its lower end."""
    ElementTree.fromstring(drawing)  # it is well formed
    found = RECT.findall(drawing)
    return [(look, float(top), float(top) + float(high)) for look, _, top, _, high in found]


def test_bars_of_an_hour_stand_on_each_other_and_what_went_wrong_hangs_below() -> None:
    good = Series("succeeded", "good", (6, 0))
    idle = Series("nothing to do", "nothing", (2, None))
    bad = Series("failed", "bad", (1, 2), is_below=True)
    plot = Plot("runs", "Runs", "A few.", HOURS, (good, idle, bad))

    assert (plot.height, plot.depth) == ("8", "2")
    line = STRIP + HEIGHT
    assert bars(plot.drawing) == [
        ("good", line - 75, line),
        ("nothing", STRIP, line - 75),
        ("bad", line, line + DEPTH / 2),
        ("bad", line, line + DEPTH),
    ]
    assert "<title>one; succeeded: 6; nothing to do: 2; failed: 1</title>" in plot.drawing
    assert 'aria-label="Runs. A few."' in plot.drawing
    assert plot.rows == [("two", ["0", "—", "2"]), ("one", ["6", "2", "1"])]


def test_marks_stand_above_all_bars_and_have_a_column_in_the_table() -> None:
    marks = Series("429", "bad", (0, 3))
    plot = Plot("asked", "Requests", "", HOURS, (Series("requests", "plain", (4, 4)),), marks)

    assert [bar for bar in bars(plot.drawing) if bar[0] == "bad"] == [("bad", 0, STRIP - 2)]
    assert "<title>two; requests: 4; 429: 3</title>" in plot.drawing
    assert plot.rows[0] == ("two", ["4", "3"])


def test_a_limit_is_a_line_where_it_would_not_press_the_bars_flat() -> None:
    def plot(limit: int | None) -> Plot:
        return Plot("asked", "", "", HOURS, (Series("", "plain", (4, 4)),), limit=limit)

    assert not plot(None).is_limit_near
    assert (plot(8).height, plot(17).height, plot(8).depth) == ("8", "4", "")
    assert "spotify-sync-limit" not in plot(17).drawing
    assert f'<path class="spotify-sync-limit" d="M0 {STRIP}H20"/>' in plot(8).drawing
    assert bars(plot(8).drawing)[0][1:] == (STRIP + HEIGHT / 2, STRIP + HEIGHT)


def test_nothing_at_all_is_a_line_and_no_bar() -> None:
    plot = Plot("runs", "", "", HOURS, (Series("", "good", (None, 0)),))

    assert bars(plot.drawing) == []
    assert "spotify-sync-zero" in plot.drawing


def test_what_words_say_is_no_markup() -> None:
    evil = '"><b>'
    plot = Plot(evil, evil, evil, (evil,), (Series(evil, "good", (1,)),))

    assert evil not in plot.drawing
    assert evil not in share_bar([("good", 1)], 1, evil)


def test_a_pattern_tells_apart_what_a_colour_does() -> None:
    lost = Series("lost", "lost", (1, 0), is_below=True)

    drawing = Plot("runs", "", "", HOURS, (lost,)).drawing

    assert 'fill="url(#spotify-sync-dots)"' in drawing
    assert 'fill="url(#spotify-sync-dots)"' in lost.swatch


def test_needs_are_a_bar_on_the_way_to_what_is_possible() -> None:
    enough = share_bar([("good", 20), ("partial", 30)], 100, "50 of 100")
    short = share_bar([("good", 200)], 100, "200 of 100")

    assert [(found[0], float(found[1]), float(found[3])) for found in RECT.findall(enough)] == [
        ("good", 0, 20),
        ("partial", 20, 30),
    ]
    assert 'd="M100 0V14"' in enough
    assert 'd="M50 0V14"' in short
    assert share_bar([], 0, "nothing")
