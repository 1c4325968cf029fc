"""The example site's diary: by month, on this day, and a page a year."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_spotify_sync.models import Artist, SavedTrack, SpotifyAccount, TrackArtist
from tests.kit.browsing import browser_of
from tests.kit.changes import write_change
from tests.kit.example_pages import show_example_pages
from tests.kit.libraries import account_of, save, track_of

pytestmark = pytest.mark.django_db


def day(year: int, month: int = 5, number: int = 1, hour: int = 12) -> datetime:
    return datetime(year, month, number, hour, tzinfo=UTC)


@pytest.fixture
def account(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> SpotifyAccount:
    show_example_pages(settings, monkeypatch)
    monkeypatch.setattr(timezone, "now", lambda: day(2026, 5, 1))
    return account_of(user)


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200, page
    return re.sub(r"\s+", " ", answer.content.decode())


def saved(account: SpotifyAccount, moment: datetime, name: str = "", by: str = "") -> SavedTrack:
    track = track_of(name)
    if by:
        artist, _ = Artist.objects.get_or_create(spotify_id=by, defaults={"name": by})
        TrackArtist.objects.filter(track=track).delete()
        TrackArtist.objects.create(track=track, artist=artist, position=0)
    return save(account, moment, track=track)


def titles(page: str) -> list[str]:
    return re.findall(r'title="([^"]*)"><bdi>', page)


def test_months_with_anything_lead_to_what_was_saved_in_them(
    account: SpotifyAccount, ada: Client
) -> None:
    saved(account, day(2025, 12, 31, 23), "Last of the year")
    saved(account, day(2026, 1, 1, 0), "First of the year")
    saved(account, day(2026, 1, 31), "End of January")
    save(account, None)  # nobody knows when

    page = text(ada, "/diary/")

    assert re.findall(r'href="/diary/([\d/]+)"', page) == [
        *("2026/", "2026/1/"),
        *("2025/", "2025/12/"),
    ]
    assert titles(text(ada, "/diary/2026/1/")) == ["End of January", "First of the year"]
    december = text(ada, "/diary/2025/12/")
    assert titles(december) == ["Last of the year"]
    assert 'href="/diary/2026/1/"' in december
    assert "Nothing was saved in this month" in text(ada, "/diary/2025/2/")


def test_on_this_day_are_other_years_alone(
    account: SpotifyAccount, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment, name in (
        (day(2025), "A year ago"),
        (day(2020, 5, 1, 0), "In its first hour"),
        (day(2026), "Today"),
        (day(2025, 5, 2, 0), "A day later"),
    ):
        saved(account, moment, name)
    leap = saved(account, day(2024, 2, 29), "On a day that is seldom")

    assert titles(text(ada, "/diary/")) == ["A year ago", "In its first hour"]

    monkeypatch.setattr(timezone, "now", lambda: day(2028, 2, 29))
    ada.force_login(account.user)  # no session lasts so long
    assert titles(text(ada, "/diary/")) == [str(leap.track)]
    monkeypatch.setattr(timezone, "now", lambda: day(2028, 8, 8))
    ada.force_login(account.user)
    assert "You saved nothing on this day" in text(ada, "/diary/")


def test_a_month_has_pages_there_and_back(account: SpotifyAccount, ada: Client) -> None:
    for number in range(60):
        saved(account, day(2026, 3, 1 + number // 24, number % 24), f"T{number}")

    first = text(ada, "/diary/2026/3/")
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = text(ada, "/diary/2026/3/" + following[1].replace("&amp;", "&"))

    assert [len(titles(page)) for page in (first, second)] == [50, 10]
    assert titles(second)[-1] == "T0"
    assert titles(text(ada, "/diary/2026/3/?cursor=x")) == titles(first)


def test_a_year_is_reviewed_from_what_was_saved_in_it(account: SpotifyAccount, ada: Client) -> None:
    saved(account, day(2024), "Before", by="Known")
    saved(account, day(2025, 2), "First", by="New")
    for number in (1, 2):
        saved(account, day(2025, 7, number), "Known again", by="Known")
    saved(account, day(2025, 11), "Last", by="New")
    saved(account, day(2026, 1, 1, 0), "After", by="Later")
    write_change(account, "Went", "removed", seen_at=day(2025))
    write_change(account, "Came", "added", seen_at=day(2025))
    write_change(account, "Went later", "removed", seen_at=day(2026))

    page = text(ada, "/diary/2025/")

    assert "<b>4</b> tracks saved" in page
    assert "<b>1</b> new artist<" in page
    assert re.findall(r'class="name"> ?<a [^>]*><bdi>(.*?)</bdi>', page) == ["First", "Last"]
    assert "Most in July: 2 tracks." in page
    assert re.findall(r'href="/diary/2025/(\d+)/"', page) == ["2", "7", "11"]
    artists = page.partition('id="new-artists"')[2].partition("</section>")[0]
    assert re.findall("<bdi>(.*?)</bdi>", artists) == ["New"]
    left = page.partition('id="left"')[2].partition("</section>")[0]
    assert re.findall("<bdi>(.*?)</bdi>", left) == ["Went", "Somebody, Somebody else"]
    assert re.findall(r'href="/diary/(\d+)/"', page) == ["2026", "2025", "2024"]


def test_an_empty_year_and_an_empty_diary_say_so(account: SpotifyAccount, ada: Client) -> None:
    assert "Nothing is written yet" in text(ada, "/diary/")
    page = text(ada, "/diary/2003/")
    assert "Nothing was saved in this year" in page
    assert "Nothing that the journal knows of" in page


@pytest.mark.parametrize("page", ["1969/", "9999/", "2026/0/", "2026/13/", "99999/1/"])
def test_there_is_no_such_day(page: str, account: SpotifyAccount, ada: Client) -> None:
    assert ada.get(f"/diary/{page}").status_code == 404


def test_others_saves_are_in_no_diary_but_theirs(account: SpotifyAccount, other_user: Any) -> None:
    account_of(other_user)
    saved(account, day(2025), "Mine")
    write_change(account, "Mine, too", "removed", seen_at=day(2025))
    grace = browser_of(other_user)

    for page in ("/diary/", "/diary/2025/", "/diary/2025/5/"):
        assert "Mine" not in text(grace, page), page


def test_a_year_costs_the_same_however_much_was_saved(
    account: SpotifyAccount, ada: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 12):
        saved(account, day(2025, number), by=f"Artist {number}")

    with django_assert_max_num_queries(21):
        ada.get("/diary/2025/")
    with django_assert_max_num_queries(17):  # what was counted is known by now
        ada.get("/diary/2025/")
