"""The ``fields`` parameter."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.testing.api.fields import parse, select


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("total", {"total": None}),
        ("a,b", {"a": None, "b": None}),
        ("a.b", {"a": {"b": None}}),
        ("a(b,c(d)),e", {"a": {"b": None, "c": {"d": None}}, "e": None}),
        ("a.b,a.c", {"a": {"b": None, "c": None}}),
        ("a(b.c)", {"a": {"b": {"c": None}}}),
        ("a,a.b", {"a": None}),
        ("", {}),
    ],
)
def test_parse(text: str, tree: dict[str, Any]) -> None:
    assert parse(text) == tree


def test_select_goes_through_lists_and_leaves_null() -> None:
    answer = {"items": [{"a": 1, "b": 2}, None], "other": 3}

    assert select(answer, parse("items(a),none")) == {"items": [{"a": 1}, None]}
