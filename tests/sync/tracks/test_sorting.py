"""What the rows of a long library are sorted by: kept in them by each sync, and read off an index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from django_spotify_sync.models import Artist, SavedTrack, SpotifyAccount, Track
from django_spotify_sync.models.saved_tracks import SORT_KEYS
from django_spotify_sync.sync.tracks import sorting
from django_spotify_sync.sync.tracks.sorting import refresh_sort_keys
from tests.kit.api import TRACKS, names
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of, save, track_of

pytestmark = pytest.mark.django_db

ORDERS = [f"{minus}{name}" for name in ("name", "artist", "duration") for minus in ("", "-")]


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


@pytest.fixture
def shelf(account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> SpotifyAccount:
    """Give a long library of seven tracks, some of which are alike in each order."""
    monkeypatch.setattr(sorting, "LONG", 6)
    for number in range(7):
        artists = [f"Artist {number % 2}", "Zoe"][: number % 3]
        track = track_of(f"Név {number // 2}", artists=artists, duration_ms=number % 4)
        save(account, EPOCH - timedelta(days=number), track=track)
    SavedTrack.objects.create(account=account, rank=10**9)
    return account


def refresh(account: SpotifyAccount, *, is_whole: bool = True) -> int:
    return refresh_sort_keys(account, is_whole=is_whole, using="default")


def keys(account: SpotifyAccount) -> list[tuple[Any, ...]]:
    rows = SavedTrack.objects.filter(account=account, track__isnull=False).order_by("pk")
    return list(rows.values_list(*SORT_KEYS))


def rename(model: Any, new: str, **which: Any) -> None:
    """Give rows another name as a sync does, with the name as search looks for it."""
    for row in model.objects.filter(**which):
        row.name = new
        row.save()


def test_a_long_library_keeps_its_keys(shelf: SpotifyAccount, other_user: Any) -> None:
    theirs = account_of(other_user, "grace")
    save(theirs, track=Track.objects.first())

    assert refresh(shelf) == 7
    assert keys(shelf)[:3] == [
        ("nev 0", "", 0),
        ("nev 0", "artist 1", 1),
        ("nev 1", "artist 0", 2),
    ]
    assert keys(theirs) == [(None, None, None)]
    assert SavedTrack.objects.get(track=None).name_key is None


def test_a_short_library_keeps_none(shelf: SpotifyAccount) -> None:
    save_last = SavedTrack.objects.filter(track__isnull=False).last()
    assert save_last
    save_last.delete()

    assert refresh(shelf) == 0
    assert set(keys(shelf)) == {(None, None, None)}


def test_a_library_that_became_short_goes_on_keeping_them(shelf: SpotifyAccount) -> None:
    refresh(shelf)
    SavedTrack.objects.filter(name_key="nev 0").delete()

    save(shelf, track=track_of("New"))

    assert refresh(shelf, is_whole=False) == 1
    assert ("new", "artist 2", 1000) in keys(shelf)


def test_what_did_not_change_is_not_written(
    shelf: SpotifyAccount, django_assert_num_queries: Any
) -> None:
    refresh(shelf)

    with django_assert_num_queries(2):
        assert refresh(shelf) == 0


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda: rename(Track, "X" * 300, duration_ms=3), ("x" * 100, "", 3)),
        (lambda: Track.objects.filter(duration_ms=3).update(duration_ms=9), ("nev 1", "", 9)),
        (lambda: rename(Artist, "Änn", name="Artist 1"), ("nev 0", "ann", 1)),
    ],
)  # fmt: skip
def test_what_was_renamed_is_brought_up_to_date_by_a_whole_pass(
    shelf: SpotifyAccount, change: Any, key: tuple[Any, ...]
) -> None:
    refresh(shelf)
    before = keys(shelf)
    change()

    assert refresh(shelf, is_whole=False) == 0
    assert keys(shelf) == before
    assert refresh(shelf) >= 1
    assert key in set(keys(shelf)) - set(before)
    assert refresh(shelf) == 0


@pytest.mark.parametrize("ordering", ORDERS)
def test_the_order_is_that_of_the_catalogue(
    ada: Client, shelf: SpotifyAccount, ordering: str
) -> None:
    sorted_when_asked = ids(ada, ordering)

    refresh(shelf)

    assert len(sorted_when_asked) == 7
    assert ids(ada, ordering) == sorted_when_asked


@pytest.mark.parametrize("ordering", ORDERS)
def test_a_cursor_from_before_leads_to_the_same_page_after(
    ada: Client, shelf: SpotifyAccount, ordering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 3)
    following = ada.get(TRACKS, {"ordering": ordering}).json()["next"]
    before = ada.get(following).json()

    refresh(shelf)

    assert ada.get(following).json() == before


@pytest.mark.parametrize("ordering", ORDERS)
def test_a_row_without_its_key_comes_last_and_is_not_lost(
    ada: Client, shelf: SpotifyAccount, ordering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that an older release of a site that is being deployed writes."""
    refresh(shelf)
    late = save(shelf, track=track_of("Aaa", artists=["Aaa"], duration_ms=2))
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 3)

    pages, url = [], f"{TRACKS}?ordering={ordering}"
    while url:
        page = ada.get(url).json()
        pages.append([track["spotify_id"] for track in page["results"]])
        url = page["next"]

    found = [one for page in pages for one in page]
    assert len(found) == len(set(found)) == 8
    assert found[-1] == late.spotify_id


def test_search_goes_on_in_these_orders(ada: Client, shelf: SpotifyAccount) -> None:
    before = [names(ada, TRACKS, ordering=one, search="nev artist") for one in ORDERS]
    refresh(shelf)

    assert [names(ada, TRACKS, ordering=one, search="nev artist") for one in ORDERS] == before
    assert all(before)


def ids(client: Client, ordering: str) -> list[str]:
    rows = client.get(TRACKS, {"ordering": ordering}).json()["results"]
    return [row["spotify_id"] for row in rows]


@pytest.mark.parametrize("key", SORT_KEYS)
def test_a_page_is_read_off_the_index(shelf: SpotifyAccount, key: str) -> None:
    refresh(shelf)
    rows = SavedTrack.objects.filter(account=shelf, track__isnull=False)
    page = rows.filter(**{f"{key}__isnull": False}).order_by(key, "pk").values_list("pk")[:3]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = page.explain()

    assert f"spotify_sync_saved_{key.removesuffix('_key')}" in plan
    assert "sort" not in plan.lower()
    assert "TEMP B-TREE" not in plan
