"""Beside each threat that the documentation names stand the tests that hold against it."""

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
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in defined, test
