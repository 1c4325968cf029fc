"""The fake's playlists, as each cohort sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify, LocalFile, Stranger, invent_episode
from django_spotify_sync.testing.music.playlists import Playlist
from tests.testing.conftest import Get


def items(get: Get, playlist: Playlist, **query: Any) -> Any:
    return get(f"/playlists/{playlist.id}/items", limit=50, **query).json()


def uris(page: Any, name: str = "item") -> list[str | None]:
    return [entry[name] and entry[name]["uri"] for entry in page["items"]]


def test_the_listing_is_in_order_and_its_urls_lead_astray(fake: FakeSpotify, get: Get) -> None:
    page = get("/me/playlists", limit=5).json()

    assert [entry["id"] for entry in page["items"]] == [p.id for p in fake.user.playlists[:5]]
    assert page["total"] == 12
    assert f"/users/{fake.user.id}/playlists?offset=5&limit=5" in page["next"]
    assert get("/users/listener/playlists").status_code == 403
    fake.cohort = "legacy"
    assert get("/users/listener/playlists", offset=5).json()["items"]
    assert get("/users/somebody/playlists").status_code == 404


def test_the_seed_holds_every_kind_of_list(fake: FakeSpotify) -> None:
    lists = fake.user.playlists[:10]

    assert any(p.owner is not fake.user and fake.user not in p.collaborators for p in lists)
    assert any(p.state.collaborative and p.owner is not fake.user for p in lists)
    assert any(p.state.public is False and p.owner is fake.user for p in lists)
    assert any(len(p.items) > 100 for p in lists)
    assert any(len(p.items) == 0 and p.state.cover is None for p in lists)
    mixed = next(p for p in lists if None in p.uris())
    assert {(uri or "null").split(":")[1] for uri in mixed.uris() if uri} == {
        *("track", "episode", "local")
    }
    assert len(set(mixed.uris())) < len(mixed.uris())
    assert {item.added_at for item in mixed.items} >= {None, "1970-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("cohort", "contents", "entry"),
    [
        ("new", {"items"}, {"item"}),
        ("legacy", {"items", "tracks"}, {"item", "track"}),
        ("extended", {"tracks"}, {"track"}),
    ],
)
def test_each_cohort_has_its_names(
    fake: FakeSpotify, get: Get, cohort: Any, contents: set[str], entry: set[str]
) -> None:
    fake.cohort = cohort
    own = fake.user.playlists[0]

    listed = get("/me/playlists").json()["items"][0]
    single = get(f"/playlists/{own.id}").json()
    first = items(get, own)["items"][0]

    assert set(listed) & {"items", "tracks"} == contents
    assert set(single) & {"items", "tracks"} == contents
    assert set(first) & {"item", "track"} == entry
    for name in contents:
        assert listed[name]["total"] == single[name]["total"] == len(own.items)
        assert len(single[name]["items"]) == min(100, len(own.items))
        assert single[name]["limit"] == 100
    for name in entry:
        assert first[name]["track"] is True
        assert first[name]["episode"] is False


def test_the_tracks_address_is_gone_from_new_even_for_own_lists(
    fake: FakeSpotify, get: Get
) -> None:
    own = fake.user.playlists[0]

    answer = get(f"/playlists/{own.id}/tracks")

    assert answer.status_code == 403
    assert answer.json() == {"error": {"status": 403, "message": "Forbidden"}}
    fake.cohort = "legacy"
    assert get(f"/playlists/{own.id}/tracks", limit=100).status_code == 200
    assert get(f"/playlists/{own.id}/tracks", limit=101).status_code == 400
    assert get(f"/playlists/{own.id}/items", limit=51).status_code == 400


def test_contents_of_others_lists_are_kept_from_new(fake: FakeSpotify, get: Get) -> None:
    theirs = fake.user.playlists[3]
    shared = fake.user.playlists[5]

    assert items(get, theirs) == {"error": {"status": 403, "message": "Forbidden"}}
    single = get(f"/playlists/{theirs.id}").json()
    assert single["name"] == theirs.name
    assert not {"items", "tracks"} & set(single)
    assert shared.owner is not fake.user
    assert items(get, shared)["total"] == len(shared.items)
    fake.cohort = "extended"
    assert items(get, theirs)["total"] == len(theirs.items)


def test_private_missing_and_curated_lists_are_404_alike(fake: FakeSpotify, get: Get) -> None:
    ada = fake.add_user("ada")
    private = ada.add_playlist("Secret", 3)
    private.publish(public=False)
    curated = fake.user.add_playlist("Daily", 3, owner=Stranger("spotify", "S"), spotify_owned=True)

    bodies = [get(f"/playlists/{one}") for one in (private.id, curated.id, "x" * 22)]

    assert [body.status_code for body in bodies] == [404] * 3
    assert len({body.content for body in bodies}) == 1
    with_scope = fake.grant(ada)["access_token"]
    without = fake.grant(ada, scope="user-library-read")["access_token"]
    assert get(f"/playlists/{private.id}", token=with_scope).status_code == 200
    assert get(f"/playlists/{private.id}", token=without).status_code == 403


def test_spotifys_own_lists_are_filtered_null_or_restless(fake: FakeSpotify, get: Get) -> None:
    fake.user.add_playlist("Daily", 3, owner=Stranger("spotify", "S"), spotify_owned=True)

    assert get("/me/playlists").json()["total"] == 12
    fake.cohort = "legacy"
    page = get("/me/playlists").json()
    assert (page["items"][0], page["total"]) == (None, 13)
    fake.cohort = "extended"
    first, second = (get("/me/playlists").json()["items"] for _ in range(2))
    assert first[0]["snapshot_id"] != second[0]["snapshot_id"]
    assert first[1]["snapshot_id"] == second[1]["snapshot_id"]


def test_collaborative_lists_need_their_scope(fake: FakeSpotify, get: Get) -> None:
    without = fake.grant(scope="playlist-read-private")["access_token"]

    assert get("/me/playlists").json()["total"] == 12
    assert get("/me/playlists", token=without).json()["total"] == 11


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p.insert(0),
        lambda p: p.add(2),
        lambda p: p.remove(0),
        lambda p: p.move(0, 5),
        lambda p: p.rename("Other"),
        lambda p: p.describe("Other"),
        lambda p: p.publish(public=False),
        lambda p: p.set_cover(None),
        lambda p: p.share(),
        lambda p: p.touch(),
    ],
)
def test_an_edit_gives_another_snapshot(
    fake: FakeSpotify, get: Get, edit: Callable[[Playlist], object]
) -> None:
    own = fake.user.playlists[0]
    before = get(f"/playlists/{own.id}").json()["snapshot_id"]
    assert before == own.snapshot_id == get("/me/playlists").json()["items"][0]["snapshot_id"]

    edit(own)

    after = get(f"/playlists/{own.id}").json()["snapshot_id"]
    assert after != before
    assert len(after) == 32
    assert get("/me/playlists").json()["items"][0]["snapshot_id"] == after


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.null(1),
        lambda p: p.relink(1),
        lambda p: p.make_unavailable(1),
        lambda p: p.patch(1, added_at=None),
    ],
)
def test_what_spotify_does_by_itself_gives_none(
    fake: FakeSpotify, get: Get, change: Callable[[Playlist], object]
) -> None:
    own = fake.user.playlists[0]
    snapshot, before = own.snapshot_id, items(get, own)

    change(own)

    after = items(get, own)
    assert own.snapshot_id == snapshot
    assert after["items"][1] != before["items"][1]
    assert after["items"][0] == before["items"][0]
    assert after["total"] == before["total"]


def test_a_snapshot_can_lag_behind_a_write(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.playlists[0]
    old = own.snapshot_id
    own.add(1)
    fake.faults.add("/me/playlists", lag=True)
    fake.faults.add("/playlists/*", lag=True)

    listed = get("/me/playlists").json()["items"][0]
    single = get(f"/playlists/{own.id}").json()

    assert listed["snapshot_id"] == single["snapshot_id"] == old
    assert listed["items"]["total"] == single["items"]["total"] == len(own.items) - 1
    assert get("/me/playlists").json()["items"][0]["snapshot_id"] == own.snapshot_id


def test_entries_keep_playlist_order_through_edits(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.add_playlist("Edited", 8)
    first = own.uris()

    own.move(2, 0, count=2)
    removed = own.remove([7])
    own.insert(3, removed[0].content)
    own.null(0)

    expected = [first[2], first[3], first[0], first[7], *(first[1], first[4], first[5], first[6])]
    assert uris(items(get, own)) == [None, *expected[1:]]
    own.restore(0)
    assert uris(items(get, own)) == expected


def test_the_same_track_may_stand_twice(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.add_playlist("Twice", 2)

    own.add(own.items[0].content)

    page = uris(items(get, own))
    assert page[0] == page[2]


def test_following_next_changes_the_shape_of_episodes(
    fake: FakeSpotify, get: Get, session: requests.Session
) -> None:
    own = fake.user.add_playlist("Talk")
    own.add([invent_episode("one"), invent_episode("two")])

    first = get(f"/playlists/{own.id}/items", limit=1, additional_types="track,episode").json()
    headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
    second = session.get(first["next"], headers=headers, timeout=10).json()
    own_page = get(
        f"/playlists/{own.id}/items", limit=1, offset=1, additional_types="track,episode"
    ).json()

    assert "additional_types=track&" in first["next"]
    assert "show" in first["items"][0]["item"]
    dressed = second["items"][0]["item"]
    assert dressed["type"] == "episode"
    assert "show" not in dressed
    assert "artists" in dressed["album"]
    assert own_page["items"][0]["item"]["id"] == dressed["id"]
    assert "show" in own_page["items"][0]["item"]


def test_local_files_have_no_id(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.add_playlist("Tapes")
    own.add(LocalFile("A & B", "", "Rain: one/two", 61))

    entry = items(get, own)["items"][0]

    assert entry["is_local"] is True
    assert entry["item"]["id"] is None
    assert entry["item"]["uri"] == "spotify:local:A+%26+B::Rain%3A+one%2Ftwo:61"
    assert entry["item"]["duration_ms"] == 61_000
    assert entry["item"]["album"]["images"] == []


def test_added_by_may_be_null_or_empty(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.add_playlist("Old", 3)
    own.patch(0, added_by=None, added_at=None)
    own.add(1, by="")

    entries = items(get, own)["items"]

    assert (entries[0]["added_by"], entries[0]["added_at"]) == (None, None)
    assert entries[1]["added_by"]["id"] == "listener"
    assert entries[3]["added_by"]["id"] == ""


def test_raw_fields_of_contents_can_be_anything(fake: FakeSpotify, get: Get) -> None:
    fake.cohort = "legacy"
    own = fake.user.add_playlist("Odd", 2)

    own.patch(0, content={"name": "a\x00\udfff", "duration_ms": 2.5})

    entry = items(get, own)["items"][0]
    assert entry["item"]["name"] == entry["track"]["name"] == "a\x00\udfff"
    assert entry["item"]["duration_ms"] == 2.5


def test_descriptions_come_with_entities(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.playlists[0]
    own.describe("\"a\" & 'b' <c> / d")

    listed = get("/me/playlists").json()["items"][0]

    assert listed["description"] == "&quot;a&quot; &amp; &#x27;b&#x27; &lt;c&gt; &#x2F; d"
    own.describe(None)
    assert get("/me/playlists").json()["items"][0]["description"] is None


def test_covers_change_their_address_every_day_without_a_new_snapshot(
    fake: FakeSpotify, get: Get
) -> None:
    before = get("/me/playlists").json()["items"][0]
    tomorrow = fake.clock() + 86_400
    fake.clock = lambda: tomorrow

    after = get("/me/playlists", token=fake.grant()["access_token"]).json()["items"][0]

    assert after["images"] != before["images"]
    assert after["snapshot_id"] == before["snapshot_id"]


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (11.9, 200), (24, 404), (720, 404)])
def test_the_address_of_a_cover_expires_within_a_day(
    fake: FakeSpotify, get: Get, hours: float, status: int
) -> None:
    address = get("/me/playlists").json()["items"][0]["images"][0]["url"]
    later = fake.clock() + hours * 3600
    fake.clock = lambda: later

    assert requests.get(address, timeout=10).status_code == status


@pytest.mark.parametrize(
    ("collaborative", "scope", "status"),
    [
        (False, "playlist-read-private", 200),
        (False, "user-library-read", 403),
        (True, "playlist-read-private", 403),
        (True, "playlist-read-private playlist-read-collaborative", 200),
    ],
)
def test_items_need_their_scopes(
    fake: FakeSpotify, get: Get, collaborative: bool, scope: str, status: int
) -> None:
    own = fake.user.add_playlist("Own", 3)
    if collaborative:
        own.share(fake.add_user("grace"))

    answer = get(f"/playlists/{own.id}/items", token=fake.grant(scope=scope)["access_token"])

    assert answer.status_code == status


def test_lists_come_go_and_move(fake: FakeSpotify, get: Get) -> None:
    def listed() -> list[Any]:
        return [entry and entry["id"] for entry in get("/me/playlists").json()["items"]]

    before = listed()
    new = fake.user.add_playlist("New")
    fake.user.listed.move(0, 2)
    gone = fake.user.listed.unfollow([0])
    fake.user.listed.null(4)

    expected = [before[1], new.id, *before[2:]]
    assert gone[0].id == before[0]
    assert listed() == [*expected[:4], None, *expected[5:]]
    fake.user.listed.null(4, null=False)
    fake.user.listed.follow(gone[0])
    assert listed() == [before[0], *expected]


def test_listing_entries_can_be_patched(fake: FakeSpotify, get: Get) -> None:
    fake.user.listed.patch(1, items={"total": None}, name=None)

    entry = get("/me/playlists").json()["items"][1]

    assert entry["items"]["total"] is None
    assert entry["items"]["href"].endswith("/items")
    assert entry["name"] is None


def test_fields_select_and_other_cohorts_names_select_nothing(fake: FakeSpotify, get: Get) -> None:
    own = fake.user.playlists[0]
    path = f"/playlists/{own.id}"

    assert get(path, fields="tracks.total").json() == {}
    assert get(path, fields="items.total").json() == {"items": {"total": len(own.items)}}
    page = get(f"{path}/items", limit=1, fields="total,items(added_at,item(name,album.id))").json()
    assert set(page) == {"total", "items"}
    assert set(page["items"][0]) == {"added_at", "item"}
    assert set(page["items"][0]["item"]) == {"name", "album"}
    assert set(page["items"][0]["item"]["album"]) == {"id"}


def test_shared_lists_are_one_list_for_everybody(fake: FakeSpotify, get: Get) -> None:
    ada = fake.add_user("ada")
    own = fake.user.playlists[0]
    ada.listed.follow(own)
    token = fake.grant(ada)["access_token"]

    own.rename("Both see this")

    assert get("/me/playlists", token=token).json()["items"][0]["name"] == "Both see this"
    assert items(get, own, token=token)["error"]["status"] == 403
    own.share(ada)
    assert items(get, own, token=token)["total"] == len(own.items)


def test_only_tracks_can_be_relinked(fake: FakeSpotify) -> None:
    own = fake.user.add_playlist("Talk")
    own.add(invent_episode("one"))

    with pytest.raises(TypeError, match="track"):
        own.relink(0)
