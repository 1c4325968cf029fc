"""The fake's followed artists, which come by cursor."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.testing import FakeSpotify
from tests.testing.conftest import Get


def page(get: Get, **query: Any) -> Any:
    answer = get("/me/following", type="artist", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["artists"]


def ids(artists: Any) -> list[str]:
    return [artist["id"] for artist in artists["items"]]


def test_cursors_lead_through_all_of_them(fake: FakeSpotify, get: Get) -> None:
    first = page(get, limit=50)
    second = page(get, limit=50, after=first["cursors"]["after"])

    assert ids(first) + ids(second) == fake.user.following.ids()
    assert first["next"].endswith(f"&after={first['cursors']['after']}")
    assert (second["next"], second["cursors"]) == (None, {"after": None})
    assert first["total"] == second["total"] == 70


def test_offset_is_ignored(get: Get) -> None:
    assert ids(page(get, limit=10, offset=10)) == ids(page(get, limit=10))


@pytest.mark.parametrize("query", [{}, {"type": "user"}])
def test_the_type_must_be_artist(get: Get, query: dict[str, str]) -> None:
    assert get("/me/following", **query).status_code == 400


def test_limits_are_refused_as_elsewhere(get: Get) -> None:
    assert get("/me/following", type="artist", limit=51).status_code == 400


def test_the_order_is_neither_by_name_nor_by_id(fake: FakeSpotify) -> None:
    names = [entry.artist.name for entry in fake.user.following.entries]

    assert names != sorted(names)
    assert fake.user.following.ids() != sorted(fake.user.following.ids())


def test_edits_show(fake: FakeSpotify, get: Get) -> None:
    before = fake.user.following.ids()

    new = fake.user.follow(2)
    gone = fake.user.unfollow([3, before[5]])
    fake.user.following.follow_again(gone[0], position=4)
    fake.user.following.patch(0, name=None)

    expected = [artist.id for artist in new] + before
    for artist in gone:
        expected.remove(artist.id)
    expected.insert(4, gone[0].id)
    shown = page(get, limit=50)
    assert ids(shown) == expected[:50]
    assert shown["total"] == 71
    assert shown["items"][0]["name"] is None


def test_a_lost_cursor_starts_over(fake: FakeSpotify, get: Get) -> None:
    first = page(get, limit=50)
    fake.user.unfollow(first["cursors"]["after"])

    second = page(get, limit=50, after=first["cursors"]["after"])

    assert ids(second)[:49] == ids(first)[:49]


def test_cursor_pages_can_lie_too(fake: FakeSpotify, get: Get) -> None:
    true = fake.user.following.ids()
    after = true[29]

    def twisted(**effects: Any) -> Any:
        fake.faults.add("/me/following", **effects)
        return page(get, limit=30, after=after)

    assert ids(twisted(repeat=True)) == true[:30]
    assert ids(twisted(start_over=True)) == true[:30]
    assert ids(twisted(short=4)) == true[30:56]
    assert twisted(total=lambda total: total - 1)["total"] == 69
    empty = twisted(empty=True)
    assert (empty["items"], empty["total"], empty["next"]) == ([], 0, None)
    fake.faults.add("/me/following", lag=True)
    fake.user.unfollow(30)
    assert ids(page(get, limit=30, after=after)) == true[30:60]


def test_a_cursor_can_never_end(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/following", endless=True, times=None)
    after: str | None = None

    for _ in range(6):
        shown = page(get, limit=50, **({} if after is None else {"after": after}))
        after = shown["cursors"]["after"]
        assert after is not None
        assert shown["next"] is not None


def test_a_later_page_can_fail_for_good(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add(
        "/me/following",
        where=lambda request: "after" in request.query,
        times=None,
        status=502,
        message="Failed to get followed artists",
    )
    first = page(get)

    answer = get("/me/following", type="artist", after=first["cursors"]["after"])

    assert answer.status_code == 502
    assert answer.json()["error"]["message"] == "Failed to get followed artists"


def test_one_page_is_all_for_a_few(fake: FakeSpotify, get: Get) -> None:
    ada = fake.add_user("ada", artists=3)

    shown = page(get, token=fake.grant(ada)["access_token"])

    assert (len(ids(shown)), shown["next"], shown["total"]) == (3, None, 3)
