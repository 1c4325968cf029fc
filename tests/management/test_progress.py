"""What a terminal shows of a run."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from django_spotify_sync.management.progress import Progress
from django_spotify_sync.models import SyncRun


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (
            {"status": "running", "done": 30, "total": 60, "requests": 1},
            ("█" * 15 + "·" * 15, "1 request"),
        ),
        (
            {"status": "running", "done": 60, "total": 60, "requests": 2},
            ("█" * 30, "2 requests, writing"),
        ),
        ({"status": "succeeded", "done": 0, "total": 0, "requests": 1}, ("█" * 30, "1 request")),
        ({"status": "failed", "done": 0, "total": None, "requests": 5}, ("·" * 30, "5 requests")),
        ({"status": "waiting", "done": 0, "total": None, "requests": 0}, ("·" * 30, "0 requests")),
    ],
)
def test_a_bar_is_full_when_all_is_there(values, wanted):
    out = Terminal()
    bar, figures = wanted

    Progress(OutputWrapper(out), "ada").show(SyncRun(**values))

    assert f"[{bar}] " in out.getvalue()
    assert out.getvalue().endswith(f", {figures}\033[K")
