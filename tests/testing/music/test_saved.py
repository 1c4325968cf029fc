"""The fake's /me/tracks: pages, edits and what a replica that is behind would say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from django_spotify_sync.testing import REMOVED, FakeSpotify
from tests.testing.conftest import Get


def read_all(get: Get, limit: int = 50) -> list[tuple[str | None, str | None]]:
    entries: list[tuple[str | None, str | None]] = []
    while True:
        page = get("/me/tracks", limit=limit, offset=len(entries)).json()
        for item in page["items"]:
            track = item and item["track"]
            entries.append((track and track["id"], item and item["added_at"]))
        if page["next"] is None:
            assert page["total"] == len(entries)
            return entries


def test_pages_hold_the_library_newest_first(fake: FakeSpotify, get: Get) -> None:
    entries = read_all(get)

    assert entries == fake.user.entries()
    assert len(entries) == 230
    dates = [added_at or "" for _, added_at in entries]
    assert dates == sorted(dates, reverse=True)


def test_page_urls_say_where_they_lie(fake: FakeSpotify, get: Get) -> None:
    page = get("/me/tracks", limit=50, offset=100).json()

    address = f"{fake.api_url}/me/tracks"
    assert page["href"] == f"{address}?offset=100&limit=50&locale=en"
    assert page["next"] == f"{address}?offset=150&limit=50&locale=en"
    assert page["previous"] == f"{address}?offset=50&limit=50&locale=en"
    assert (page["limit"], page["offset"], page["total"]) == (50, 100, 230)


def test_limit_is_20_unless_given(get: Get) -> None:
    assert len(get("/me/tracks").json()["items"]) == 20


@pytest.mark.parametrize("offset", ["-1", "ten", ""])
def test_a_bad_offset_is_refused(get: Get, offset: str) -> None:
    assert get("/me/tracks", offset=offset).json()["error"]["message"] == "Invalid offset"


@pytest.mark.parametrize("limit", ["0", "51", "-1", "ten", ""])
def test_limit_outside_1_to_50_is_refused(get: Get, limit: str) -> None:
    answer = get("/me/tracks", limit=limit)

    assert answer.status_code == 400
    assert answer.json() == {"error": {"status": 400, "message": "Invalid limit"}}


def test_past_the_end_is_an_empty_page(get: Get) -> None:
    page = get("/me/tracks", offset=1_000).json()

    assert (page["items"], page["total"], page["next"]) == ([], 230, None)


def test_likes_come_first_and_each_has_its_second(fake: FakeSpotify, get: Get) -> None:
    before = fake.user.entries()

    new = fake.user.like(3)

    after = read_all(get)
    assert after == [(entry.id, entry.added_at) for entry in new] + before
    assert len({added_at for _, added_at in after[:3]}) == 3


def test_bulk_like_shares_its_second_and_takes_its_place_by_date(fake: FakeSpotify) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    new = fake.user.like(5, at=at)

    assert {entry.added_at for entry in new} == {"2026-01-02T03:04:05Z"}
    dates = [added_at or "" for _, added_at in fake.user.entries()]
    assert dates == sorted(dates, reverse=True)
    assert fake.user.saved.index(new[0]) > 0


def test_a_bulk_like_stands_before_older_entries_of_its_second(fake: FakeSpotify) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    older = fake.user.like(2, at=at)
    newer = fake.user.like(2, at=at)

    place = fake.user.saved.index(newer[0])
    assert fake.user.saved[place : place + 4] == (*newer, *older)


def test_unlike_by_index_slice_id_and_list(fake: FakeSpotify) -> None:
    ids = fake.user.track_ids()

    fake.user.unlike(0)
    fake.user.unlike(slice(0, 2))
    fake.user.unlike(str(ids[10]))
    fake.user.unlike([0, str(ids[20]), -1])

    gone = {0, 1, 2, 3, 10, 20, 229}
    assert fake.user.track_ids() == [i for at, i in enumerate(ids) if at not in gone]


def test_relike_moves_entries_to_the_head_with_a_new_date(fake: FakeSpotify) -> None:
    before = fake.user.entries()

    fake.user.relike([5, 7])

    after = fake.user.entries()
    assert [i for i, _ in after[:2]] == [before[5][0], before[7][0]]
    assert not {after[0], after[1]} & set(before)
    assert after[2:] == [entry for at, entry in enumerate(before) if at not in {5, 7}]


def test_unlike_and_restore_leave_no_trace(fake: FakeSpotify) -> None:
    before = fake.user.track_ids()

    fake.user.restore(fake.user.unlike(40))

    assert sorted(map(str, fake.user.track_ids())) == sorted(map(str, before))


def test_reset_puts_everything_back_where_it_was(fake: FakeSpotify, get: Get) -> None:
    before, entries = fake.user.saved, fake.user.entries()
    fake.user.unlike(40)
    fake.user.like(2)

    fake.user.reset(before)

    assert fake.user.entries() == entries == read_all(get)


def test_null_entries_count_and_come_back(fake: FakeSpotify, get: Get) -> None:
    before = fake.user.entries()

    fake.user.null(3)
    fake.user.null(4, bare=True)

    page = get("/me/tracks", limit=6).json()
    assert page["items"][3] == {"added_at": before[3][1], "track": None}
    assert page["items"][4] is None
    assert page["total"] == 230
    fake.user.restore([3, 4])
    assert fake.user.entries() == before


def test_relink_changes_the_id_alone(fake: FakeSpotify, get: Get) -> None:
    before = get("/me/tracks", limit=1).json()["items"][0]

    fake.user.relink(0)

    after = get("/me/tracks", limit=1).json()["items"][0]
    assert after["track"]["id"] != before["track"]["id"]
    assert after["added_at"] == before["added_at"]
    assert after["track"]["external_ids"] == before["track"]["external_ids"]


def test_two_entries_may_be_answered_with_one_id(fake: FakeSpotify) -> None:
    fake.user.relink(1, to=fake.user.saved[0].id)

    first, second = fake.user.entries()[:2]
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_shuffled_ties_keep_every_date_in_place(fake: FakeSpotify) -> None:
    fake.user.like(30, at=datetime(2026, 1, 1, tzinfo=UTC))
    before = fake.user.entries()

    fake.user.shuffle_ties(seed=3)

    after = fake.user.entries()
    assert after != before
    assert [at for _, at in after] == [at for _, at in before]
    assert set(after) == set(before)


def test_rename_reaches_everybody_and_what_was_answered_before(fake: FakeSpotify, get: Get) -> None:
    ada = fake.add_user("ada", tracks=200)
    own = fake.user.saved[0].track
    playlist = ada.add_playlist("Hers")
    playlist.add(own)
    token = fake.grant(ada)["access_token"]

    def names() -> tuple[str, str]:
        saved = get("/me/tracks", limit=1).json()["items"][0]["track"]["name"]
        listed = get(f"/playlists/{playlist.id}/items", token=token).json()["items"][0]
        return saved, listed["item"]["name"]

    before = names()
    fake.user.rename_track(0, "Another Name")

    assert before != ("Another Name", "Another Name")
    assert names() == ("Another Name", "Another Name")


def test_raw_fields_can_be_anything(fake: FakeSpotify, get: Get) -> None:
    fake.user.patch(0, added_at=None, track={"name": "a\x00b\ud800", "duration_ms": 1234.0})
    fake.user.patch(1, track={"album": {"release_date": "0000"}, "artists": REMOVED})

    first, second = get("/me/tracks", limit=2).json()["items"]
    assert first["added_at"] is None
    assert first["track"]["name"] == "a\x00b\ud800"
    assert isinstance(first["track"]["duration_ms"], float)
    assert first["track"]["album"]["name"]
    assert second["track"]["album"]["release_date"] == "0000"
    assert "artists" not in second["track"]


def test_unavailable_entries_say_why(fake: FakeSpotify, get: Get) -> None:
    fake.user.make_unavailable(2, reason="product")

    track = get("/me/tracks", limit=3).json()["items"][2]["track"]
    assert track["is_playable"] is False
    assert track["restrictions"] == {"reason": "product"}


def test_names_depend_on_the_language_asked_for(
    fake: FakeSpotify, get: Get, session: requests.Session
) -> None:
    track = fake.user.saved[0].track
    assert track is not None
    track.artists[0].native_name = "Другое"
    silent = {"Authorization": f"Bearer {fake.grant()['access_token']}"}

    asked = get("/me/tracks", limit=1).json()
    unasked = session.get(f"{fake.api_url}/me/tracks?limit=1", headers=silent, timeout=10).json()

    assert asked["items"][0]["track"]["artists"][0]["name"] == track.artists[0].name
    assert unasked["items"][0]["track"]["artists"][0]["name"] == "Другое"


@settings(deadline=None)
@given(seed=st.integers(0, 50), tracks=st.integers(0, 400), ties=st.sampled_from([0.0, 0.15, 0.7]))
def test_a_seed_always_gives_the_same_library(seed: int, tracks: int, ties: float) -> None:
    one = FakeSpotify(tracks=tracks, seed=seed, ties=ties)
    two = FakeSpotify(tracks=tracks, seed=seed, ties=ties)

    assert one.user.entries() == two.user.entries()
    assert len(set(one.user.track_ids())) == tracks


EDITS = st.sampled_from(["like", "bulk", "unlike", "relike", "old", "null", "relink", "restore"])


@settings(deadline=None)
@given(
    edits=st.lists(st.tuples(EDITS, st.integers(0, 10_000)), max_size=25), seed=st.integers(0, 9)
)
def test_no_edit_breaks_the_order_of_dates(edits: list[tuple[str, int]], seed: int) -> None:
    user = FakeSpotify(tracks=12, seed=seed, ties=0.6).user
    for edit, number in edits:
        index = number % max(1, len(user.saved))
        date = datetime.fromtimestamp(1_400_000_000 + number * 40_000, UTC)
        if edit == "like":
            user.like()
        elif edit in ("bulk", "old"):
            user.like(3 if edit == "bulk" else 1, at=date)
        elif edit == "relink" and user.saved and user.saved[index].track:
            user.relink(index)
        elif edit != "relink" and user.saved:
            getattr(user, edit)(index)

    dates = [added_at or "" for _, added_at in user.entries()]
    assert dates == sorted(dates, reverse=True)
    ids = [track_id for track_id in user.track_ids() if track_id]
    assert len(set(ids)) == len(ids)
