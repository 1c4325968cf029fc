"""The page on speed says what was measured, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.kit.documentation import DOCS, ROOT

RESULTS = json.loads((ROOT / "benchmarks" / "results" / "speed.json").read_text())


def test_the_page_is_made_of_the_results_that_are_kept():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.report", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, (
        f"Run: python -m benchmarks.report. {done.stderr}"  # after a change of the page or its tables
    )


def test_every_table_that_was_measured_ended_with_the_rows_that_spotify_has():
    rows = [row for table in ("tracks", "legacy", "playlists") for row in RESULTS[table]]

    assert rows
    assert [row for row in rows if not row["right"]] == []


def test_the_plots_load_nothing_and_have_no_background():
    for name in ("speed-first", "speed-again"):
        plot = (DOCS / "images" / f"{name}.svg").read_text()
        assert "<image" not in plot
        assert "DOCTYPE" not in plot
        assert "fill: #ffffff" not in plot
