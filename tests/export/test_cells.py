"""Cells of CSV."""

from __future__ import annotations

import pytest

from django_spotify_sync.export.cells import bare, defused, flag, number, quoted


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra"])
def test_what_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "1-2", "'=1", "(=1)", "2025-01-02T03:04:05Z"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert defused(cell) == cell


def test_quotes() -> None:
    assert quoted('a"b') == '"a""b"'
    assert (bare("a b"), bare("a,b"), bare("a\nb")) == ("a b", '"a,b"', '"a\nb"')


def test_what_is_not_known_is_empty() -> None:
    assert (number(None), number(0), flag(None), flag(False)) == ("", "0", "", "false")
