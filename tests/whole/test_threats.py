"""Beside each threat and each requirement that the documentation names stand the tests that hold it."""

from __future__ import annotations

import ast
import re

import pytest

from tests.kit.documentation import DOCS, ROOT

#: What the issue of a grant's life wants to see defended, in the words of the page.
THREATS = {
    *(
        "Login CSRF",
        "Linking CSRF",
        "Code injection",
        "Replay",
        "Open redirect",
        "Session fixation",
    ),
    *("Token theft from the database", "Logs", "The admin", "A swapped row", "A stale worker"),
    *("Mix-up of users", "Downgraded scopes", "Mass `invalid_grant`", "Key loss", "The cache away"),
}


def threats() -> dict[str, list[str]]:
    """Return the tests that stand beside each threat."""
    page = (DOCS / "explanation/threats.md").read_text()
    rows = re.findall(r"^\| \*\*(.+?)\*\*.* \| (.+) \|$", page, re.M)
    return {threat: re.findall(r"`(tests/\S+)`", tests) for threat, tests in rows}


def test_every_threat_has_a_test():
    assert sorted(THREATS - set(threats())) == []
    assert [threat for threat, tests in threats().items() if not tests] == []


@pytest.mark.parametrize("threat", threats())
def test_the_tests_against_a_threat_exist(threat):
    for test in threats()[threat]:
        assert is_defined(test), test


def requirements() -> list[tuple[str, str, str]]:
    """Return the number of each requirement, whether it is met, and what is said of it."""
    page = (DOCS / "explanation/standards.md").read_text()
    return re.findall(r"^\| (\d[^|]*) \| [^|]+ \| ([^|]+) \| (.+) \|$", page, re.M)


@pytest.mark.parametrize(("number", "verdict", "where"), requirements())
def test_requirements_are_met_by_a_test_or_it_is_said_why_not(number, verdict, where):
    assert verdict in {"met", "site", "not met"}
    tests = re.findall(r"`(tests/\S+)`", where)
    assert [test for test in tests if not is_defined(test)] == []
    assert tests or verdict != "met" or "by setting" in where


def is_defined(test: str) -> bool:
    """Tell whether there is a test of that name."""
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    return name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
