"""Lists in pages: by number, by month, narrowed by filters, in an order that accents are no part of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Album, SavedTrack, SpotifyAccount, Track
from tests.kit.libraries import EPOCH, follow, own, put, save, track_of

FIRST = datetime(2023, 11, 20, tzinfo=UTC)


@pytest.fixture
def months(ada: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> list[SavedTrack]:
    """Save ten tracks from November 2023 on, one every twelve days, and show four on a page."""
    monkeypatch.setattr("pages.views.library.TRACKS_PER_PAGE", 4)
    return [
        save(ada, FIRST + timedelta(days=12 * number), track=track_of(f"track {number}"))
        for number in range(10)
    ]


def names(answer: Any) -> list[str]:
    return [row.track.name for row in answer.context["listing"].rows]


def where(answer: Any) -> str:
    [said] = re.findall('aria-current="page">(Page [^<]*)<', answer.content.decode())
    return str(said)


def link(answer: Any, name: str) -> str:
    found = re.findall('href="([?][^"]*)">([^<]*)<', answer.content.decode())
    [address] = [address for address, text in found if text == name][:1]
    return str(address).replace("&amp;", "&")


def some(*numbers: int) -> list[str]:
    return [f"track {number}" for number in numbers]


def test_a_page_is_found_by_its_number(months: list[SavedTrack], visit: Client) -> None:
    second = visit.get("/tracks/?page=2")
    assert names(second) == some(5, 4, 3, 2)
    assert where(second) == "Page 2 of 3"
    assert names(visit.get("/tracks/" + link(second, "Back"))) == some(9, 8, 7, 6)
    after = visit.get("/tracks/" + link(second, "Next"))
    assert (names(after), where(after)) == (some(1, 0), "Page 3 of 3")

    for beyond in ("7", "999999999", "99999999999999999999", "0", "-1", "x", "²"):
        expected = "Page 3 of 3" if beyond in ("7", "999999999") else "Page 1 of 3"
        assert where(visit.get("/tracks/", {"page": beyond})) == expected
    assert names(visit.get("/tracks/?page=2&sort=title")) == some(4, 5, 6, 7)


def test_rows_without_a_date_have_numbered_pages_too(
    months: list[SavedTrack], visit: Client
) -> None:
    undated = [row.pk for row in months[:6]]
    SavedTrack.objects.filter(pk__in=undated).update(added_at=None)

    pages = [names(visit.get(f"/tracks/?page={number}")) for number in (1, 2, 3)]

    assert [len(page) for page in pages] == [4, 4, 2]
    assert sorted(pages[0]) == some(6, 7, 8, 9)
    assert sorted(name for page in pages for name in page) == some(*range(10))


def test_the_list_begins_at_the_month_one_jumps_to(months: list[SavedTrack], visit: Client) -> None:
    first = visit.get("/tracks/")
    page = first.content.decode()
    assert re.findall('<option value="(20..-..)"', page) == [
        "2024-03",
        "2024-02",
        "2024-01",
        "2023-12",
        "2023-11",
    ]

    january = visit.get("/tracks/?month=2024-01")
    assert names(january) == some(6, 5, 4, 3)
    assert where(january) == "Page 1 of 3", "three rows stand before it"
    assert names(visit.get("/tracks/" + link(january, "Next"))) == some(2, 1, 0)
    assert names(visit.get("/tracks/" + link(january, "Back"))) == some(9, 8, 7, 6)

    upwards = visit.get("/tracks/?month=2024-01&sort=earliest")
    assert names(upwards) == some(4, 5, 6, 7)
    assert where(upwards) == "Page 2 of 3"
    assert names(visit.get("/tracks/?month=2024-03")) == some(9, 8, 7, 6)
    assert names(visit.get("/tracks/?month=1999-01")) == some(9, 8, 7, 6)
    assert "2024-03" not in visit.get("/tracks/?sort=title").content.decode()


def test_a_month_begins_with_its_first_second(ada: SpotifyAccount, visit: Client) -> None:
    start = datetime(2024, 2, 1, tzinfo=UTC)
    for name, moment in (
        ("before", start - timedelta(microseconds=1)),
        ("first", start),
        ("after", start + timedelta(days=29)),
    ):
        save(ada, moment, track=track_of(name))

    assert names(visit.get("/tracks/?month=2024-02")) == ["first", "before"]
    assert names(visit.get("/tracks/?month=2024-02&sort=earliest")) == ["first", "after"]


FILTERED = {
    "released=1994": ["nineties"],
    "released=1990s": ["nineties", "late nineties"],
    "released=1990-е": ["nineties", "late nineties"],
    "since=2024-05-04": ["listed", "late nineties"],
    "explicit=1": ["nineties"],
    "unavailable=1": ["late nineties", "gone"],
    "unlisted=1": ["nineties", "late nineties", "gone"],
    "unlisted=1&released=1990s&explicit=1": ["nineties"],
    "released=1990s&q=late": ["late nineties"],
    "released=long ago": ["listed", "nineties", "late nineties", "gone"],
    "since=2024-13-01": ["listed", "nineties", "late nineties", "gone"],
}


@pytest.fixture
def assorted(ada: SpotifyAccount) -> None:
    """Save four tracks, each of a kind."""
    days = iter(EPOCH + timedelta(days=day) for day in (5, 1, 4, 0))
    track = track_of("listed")
    save(ada, next(days), track=track)
    put(own(ada), track=track)
    nineties = track_of("nineties")
    Album.objects.filter(pk=nineties.album_id).update(release_year=1994)
    Track.objects.filter(pk=nineties.pk).update(explicit=True)
    save(ada, next(days), track=nineties)
    late = track_of("late nineties")
    Album.objects.filter(pk=late.album_id).update(release_year=1999)
    save(ada, next(days), track=late, is_playable=False)
    save(ada, next(days), track=track_of("gone"), spotify_id=None)


@pytest.mark.parametrize("query", FILTERED)
def test_tracks_are_narrowed(query: str, assorted: None, visit: Client) -> None:
    answer = visit.get(f"/tracks/?{query}")

    assert sorted(names(answer)) == sorted(FILTERED[query])
    assert answer.context["listing"].count == len(FILTERED[query])


def test_what_is_no_filter_is_said(assorted: None, visit: Client) -> None:
    page = visit.get("/tracks/?released=long+ago&since=never").content.decode()
    assert "neither a year nor a decade" in page
    assert "That is no date" in page
    assert 'value="long ago"' in page
    nothing = visit.get("/tracks/?released=1950").content.decode()
    assert "No saved track is like that" in nothing
    assert '<details class="filters" open>' in nothing


def test_what_another_user_lists_is_in_no_playlist_of_mine(
    assorted: None, ada: SpotifyAccount, grace: SpotifyAccount, visit: Client
) -> None:
    put(own(grace), track=Track.objects.get(name="gone"))

    assert "gone" in names(visit.get("/tracks/?unlisted=1"))


def test_names_are_sorted_without_capitals_and_accents(ada: SpotifyAccount, visit: Client) -> None:
    wanted = ["aaa", "Für", "Zoo", "ёлка", "жук"]
    for name in ("Zoo", "жук", "Für", "ёлка", "aaa"):
        save(ada, track=track_of(name, artists=[name], album=name))
        follow(ada, name)
        link = own(ada).account_playlists.get()
        link.playlist.name = name
        link.playlist.save()

    for sort in ("title", "artist", "album"):
        assert names(visit.get(f"/tracks/?sort={sort}")) == wanted
    artists = visit.get("/artists/?sort=name").context["listing"].rows
    assert [row.artist.name for row in artists] == wanted
    playlists = visit.get("/playlists/?sort=name").context["listing"].rows
    assert [row.name for row in playlists] == wanted


def test_a_list_is_shown_in_as_many_queries_however_it_is_asked_for(
    months: list[SavedTrack], ada: SpotifyAccount, visit: Client
) -> None:
    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as made:
            visit.get(f"/tracks/?{query}")
        return len(made)

    asked = ("page=2", "month=2024-01", "unlisted=1", "released=1980s&explicit=1", "sort=album")
    before = [queries(query) for query in asked]
    for _ in range(5):
        save(ada, track=track_of("more"))

    assert [queries(query) for query in asked] == before


def test_the_end_of_what_was_not_counted_has_no_number(
    months: list[SavedTrack], visit: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.listings.MOST_COUNTED", 9)

    first = visit.get("/tracks/?q=track")
    assert where(first) == "Page 1"
    last = visit.get("/tracks/" + link(first, "Last"))
    assert names(last) == some(3, 2, 1, 0)
    assert "Last page</b>" in last.content.decode()
    assert "More than 9 found" in last.content.decode()


def test_a_page_that_is_gone_is_the_first(months: list[SavedTrack], visit: Client) -> None:
    following = link(visit.get("/tracks/"), "Next")
    SavedTrack.objects.exclude(pk=months[9].pk).delete()

    assert names(visit.get("/tracks/" + following)) == some(9)
    assert names(visit.get("/tracks/?page=3")) == some(9)
    assert names(visit.get("/tracks/?cursor=last")) == some(9)
