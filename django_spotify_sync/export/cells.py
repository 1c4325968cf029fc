"""Cells of CSV."""

from __future__ import annotations

#: What a spreadsheet takes for the beginning of a formula, or for white space before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_APART = frozenset(',"\n\r')


def quoted(cell: str) -> str:
    """Return a cell in quotes, with quotes inside doubled."""
    return '"' + cell.replace('"', '""') + '"'


def bare(cell: str) -> str:
    """Return a cell without quotes, if it can do without."""
    return cell if _APART.isdisjoint(cell) else quoted(cell)


def defused(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run: with an apostrophe before what would begin a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def as_is(cell: str) -> str:
    return cell


def number(value: int | None) -> str:
    return "" if value is None else str(value)


def flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()
