"""Single values: as they are stored, or none."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from django_spotify_sync.spotify.answers.storable import flag, moment, number, text
from tests.kit.answers import album


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("plain", "plain"),
        ("", ""),
        ("nul\x00nul", "nul\ufffdnul"),
        ("half \ud83c", "half \ufffd"),
        ("\udfb5 half", "\ufffd half"),
        ("🎵", "🎵"),
        ("\ufeff\u202e\u0301", "\ufeff\u202e\u0301"),
        ("x" * 5000, "x" * 5000),
        (None, None),
        (5, None),
        (True, None),
        (["x"], None),
    ],
)
def test_text(given, stored):
    assert text(given) == stored


def test_text_is_cut_at_its_limit():
    assert text("abcdef", limit=3) == "abc"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (7.9, 7),
        (-0.0, 0),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (10**400, None),
        (-1, None),
        (-0.5, None),
        (1e308, None),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (True, None),
        (False, None),
        ("7", None),
        (None, None),
        ([], None),
    ],
)
def test_number(given, stored):
    number_of = number(given)

    assert number_of == stored
    assert number_of is None or type(number_of) is int


@pytest.mark.parametrize(
    ("given", "stored"), [(True, True), (False, False), (1, None), ("true", None), (None, None)]
)
def test_flag(given, stored):
    assert flag(given) is stored


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06.789Z", datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)),
        ("2026-02-03T06:05:06+02:00", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", None),  # Spotify's word for "not known"
        ("1970-01-02T00:00:00Z", datetime(1970, 1, 2, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("0000", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("2026-02-03T04:05:06\ud800", None),
        ("", None),
        (None, None),
        (1_770_091_506, None),
        (True, None),
    ],
)
def test_moment(given, stored):
    assert moment(given) == stored
    assert stored is None or moment(given).tzinfo is UTC


@pytest.mark.parametrize(
    ("images", "widest", "thumbnail"),
    [
        (None, None, None),
        ({}, None, None),
        ([], "", ""),
        ([{"url": "https://a", "width": None, "height": None}], "https://a", "https://a"),
        (
            [{"url": f"https://{width}", "width": width} for width in (300, 64, 640)],
            "https://640",
            "https://64",
        ),
        ([{"url": f"https://{width}", "width": width} for width in (640, 60)], "https://640", "https://640"),
        ([{"url": "https://a", "width": 9}, {"url": "https://b", "width": 8.0}], "https://a", "https://a"),
        ([{"url": "https://a", "width": True}, {"url": "https://b", "width": 1}], "https://b", "https://b"),
        ([None, 5, {}, {"url": None}, {"url": ""}, {"url": "javascript:alert(1)"}, {"url": 5}], "", ""),
        ([{"url": "https://a\x00b"}], "https://a\ufffdb", "https://a\ufffdb"),
    ],
)  # fmt: skip
def test_images(images, widest, thumbnail):
    row = album(images=images)

    assert (row.image_url, row.thumbnail_url) == (widest, thumbnail)


def test_the_first_and_last_times_can_be_shown_in_any_time_zone():
    earliest, latest = moment("0002-01-01T00:00:00Z"), moment("9998-12-31T23:59:59Z")

    assert earliest is not None
    assert latest is not None
    assert earliest.date() == date(2, 1, 1)
    assert latest.date() == date(9998, 12, 31)
