"""Pages by key without REST around them: the last page, and pages whose keys are found apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.rest.keyset import KeysetPage, Order, by_time, page_of, unpacked
from tests.kit.libraries import EPOCH, account_of, save

pytestmark = pytest.mark.django_db

SAVED = by_time("added_at", nullable=True)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


def fill(account: SpotifyAccount, dated: int, undated: int) -> list[int]:
    """Save so many tracks; return the keys in the order of the list, latest first."""
    rows = [save(account, EPOCH + timedelta(seconds=number // 2)) for number in range(dated)]
    unknown = [save(account, None) for _ in range(undated)]
    return [row.pk for row in [*reversed(rows), *reversed(unknown)]]


def page(
    order: Order, cursor: str | None = None, *, from_end: bool = False, skip: int = 0
) -> KeysetPage:
    at = unpacked(cursor, "-saved", order) if cursor else None
    rows = SavedTrack.objects.with_tracks()
    return page_of(rows, "-saved", order, size=3, cursor=at, from_end=from_end, skip=skip)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("dated", "undated"), [(0, 0), (2, 0), (3, 0), (0, 3), (7, 0), (5, 2), (2, 5)]
)
def test_from_the_end_back_to_the_beginning(
    account: SpotifyAccount, dated: int, undated: int, apart: bool
) -> None:
    keys = fill(account, dated, undated)
    order = replace(SAVED, apart=apart)

    found = page(order, from_end=True)
    pages = [found]
    while before := found.before:
        found = page(order, before)
        pages.insert(0, found)

    assert [row.pk for one in pages for row in one.rows] == keys
    assert pages[-1].after is None
    assert not pages[-1].has_next
    assert all(one.has_next for one in pages[:-1])
    assert [row.pk for row in page(order).rows] == keys[:3]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("dated", "undated"), [(0, 0), (0, 3), (7, 0), (5, 2), (2, 5)])
def test_behind_so_many_rows(
    account: SpotifyAccount, dated: int, undated: int, apart: bool
) -> None:
    keys = fill(account, dated, undated)
    order = replace(SAVED, apart=apart)

    for skip in range(len(keys) + 2):
        found = page(order, skip=skip)
        assert [row.pk for row in found.rows] == keys[skip : skip + 3]
        assert found.has_previous == (skip > 0)
        assert found.has_next == (skip + 3 < len(keys))
        if found.after:
            assert [row.pk for row in page(order, found.after).rows] == keys[skip + 3 : skip + 6]


@pytest.mark.parametrize("apart", [False, True])
def test_rows_come_with_what_belongs_to_them(
    account: SpotifyAccount, apart: bool, django_assert_num_queries: Any
) -> None:
    fill(account, 4, 0)

    with django_assert_num_queries(2 + apart):
        found = page(replace(SAVED, apart=apart))
        assert {row.track.album.name for row in found.rows} == {"Album"}
        assert all(len(row.track.track_artists.all()) == 2 for row in found.rows)


@pytest.mark.parametrize("text", ["", "last", "x", "ü", "W10="])
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        unpacked(text, "-saved", SAVED)
