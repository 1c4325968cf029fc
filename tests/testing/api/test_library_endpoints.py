"""The endpoints of saved albums, shows, episodes and audiobooks."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from django_spotify_sync.testing import CORE_SCOPE, REMOVED, FakeSpotify
from tests.testing.conftest import Get

KINDS = ("albums", "shows", "episodes", "audiobooks")


@pytest.fixture
def fake(fake: FakeSpotify) -> FakeSpotify:
    """Let the first user have some of each."""
    user = fake.user
    user.albums.seed(45)
    user.shows.seed(13)
    user.episodes.seed(25)
    user.audiobooks.seed(4)
    return fake


def page(get: Get, path: str, **query: Any) -> Any:
    answer = get(path, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(shown: Any) -> list[str | None]:
    found = []
    for item in shown["items"]:
        thing = item and next(
            (item[kind] for kind in ("album", "show", "episode") if kind in item), item
        )
        found.append(thing and thing["id"])
    return found


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_lists_come_page_by_page(fake: FakeSpotify, get: Get, cohort: Any) -> None:
    fake.cohort = cohort

    first, second = (page(get, "/me/albums", limit=40, offset=at) for at in (0, 40))

    assert ids(first) + ids(second) == fake.user.albums.ids()
    assert (first["total"], first["previous"], second["next"]) == (45, None, None)
    assert first["next"] == f"{fake.api_url}/me/albums?offset=40&limit=40&locale=en"
    assert ids(page(get, "/me/episodes", limit=50)) == fake.user.episodes.ids()
    assert ids(page(get, "/me/audiobooks", limit=50)) == fake.user.audiobooks.ids()


@pytest.mark.parametrize("kind", KINDS)
def test_limits_and_offsets_are_those_of_other_lists(
    fake: FakeSpotify, get: Get, kind: str
) -> None:
    path = f"/me/{kind}"

    assert page(get, path)["limit"] == 20
    assert get(path, limit=51).status_code == 400
    assert get(path, offset=-1).status_code == 400
    beyond = page(get, path, offset=1_000)
    assert (beyond["items"], beyond["next"]) == ([], None)
    assert beyond["total"] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_scopes_are_needed(fake: FakeSpotify, get: Get, kind: str) -> None:
    none = get(f"/me/{kind}", token=fake.grant(scope="user-follow-read")["access_token"])
    core = get(f"/me/{kind}", token=fake.grant(scope=CORE_SCOPE)["access_token"])

    assert none.status_code == 403
    assert none.json()["error"]["message"] == "Insufficient client scope"
    assert core.status_code == (403 if kind == "episodes" else 200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replica_may_be_behind_and_a_page_may_lie(fake: FakeSpotify, get: Get, kind: str) -> None:
    path, before = f"/me/{kind}", page(get, f"/me/{kind}", limit=50)
    getattr(fake.user, kind).remove(0)
    fake.faults.add(path, lag=True)
    fake.faults.add(path, nth=2, total=lambda total: total + 7)

    assert page(get, path, limit=50) == before
    assert page(get, path, limit=50)["total"] == before["total"] + 6
    assert page(get, path, limit=50)["total"] == before["total"] - 1


def test_listening_between_two_pages_hides_an_album_and_repeats_another(
    fake: FakeSpotify, get: Get
) -> None:
    truth = fake.user.albums.ids()
    fake.faults.add("/me/albums", offset=20, before=lambda fake: fake.user.albums.listen(truth[44]))

    pages = [page(get, "/me/albums", limit=20, offset=at) for at in (0, 20, 40)]

    read = [one for shown in pages for one in ids(shown)]
    assert {shown["total"] for shown in pages} == {len(read)} == {45}
    assert set(truth) - set(read) == {truth[44]}
    assert [one for one in truth if read.count(one) == 2] == [truth[19]]
    assert fake.user.albums.ids()[0] == truth[44]


def test_null_albums_and_shows_count_and_occupy_an_offset(fake: FakeSpotify, get: Get) -> None:
    albums, shows = fake.user.albums.ids(), fake.user.shows.ids()
    fake.user.albums.null([albums[3], albums[30]])
    fake.user.shows.null(shows[0])

    shown = page(get, "/me/albums", limit=50)
    assert [at for at, item in enumerate(shown["items"]) if item is None] == [3, 30]
    assert (shown["total"], ids(page(get, "/me/albums", offset=4, limit=1))) == (45, [albums[4]])
    shown = page(get, "/me/shows", limit=50)
    assert (shown["items"].count(None), shown["total"]) == (1, 17)
    assert shows[0] not in ids(shown)


def test_a_deleted_episode_is_an_object_of_nulls_with_its_date(fake: FakeSpotify, get: Get) -> None:
    fake.cohort = "legacy"
    episodes = fake.user.episodes
    episodes.null([2, 5])

    shown = page(get, "/me/episodes", limit=50)

    gone = [shown["items"][at] for at in (2, 5)]
    assert [item["added_at"] for item in gone] == [episodes.entries[at].added_at for at in (2, 5)]
    assert gone[0]["episode"] == gone[1]["episode"]
    episode = gone[0]["episode"]
    nulls = ("id", "uri", "name", "description", "html_description", "duration_ms", "language")
    assert [episode[key] for key in (*nulls, "is_externally_hosted")] == [None] * 8
    assert (episode["languages"], episode["images"]) == ([None], [])
    assert (episode["release_date"], episode["release_date_precision"]) == ("0000", "year")
    assert episode["href"].endswith("/episodes/null")
    assert episode["resume_point"] == {"fully_played": False, "resume_position_ms": None}
    assert "is_playable" not in episode
    assert (episode["show"]["id"], episode["show"]["publisher"]) == (None, None)
    assert shown["total"] == 25
    episodes.null(slice(None), null=False)
    assert ids(page(get, "/me/episodes", limit=50)) == episodes.ids()


def test_audiobooks_stand_among_shows_by_date_and_count_there(fake: FakeSpotify, get: Get) -> None:
    user = fake.user
    dates = {entry.id: entry.added_at for entry in (*user.shows.entries, *user.audiobooks.entries)}

    shown = page(get, "/me/shows", limit=50)

    assert shown["total"] == len(shown["items"]) == 17
    assert {item["show"]["id"]: item["added_at"] for item in shown["items"]} == dates
    added = [item["added_at"] for item in shown["items"]]
    assert added == sorted(added, reverse=True)


def test_an_audiobook_is_bare_and_the_show_of_it_tells_little(fake: FakeSpotify, get: Get) -> None:
    fake.cohort = "legacy"

    for book in page(get, "/me/audiobooks")["items"]:
        shows = page(get, "/me/shows", limit=50)["items"]
        show = next(item["show"] for item in shows if item["show"]["id"] == book["id"])
        authors = ", ".join(author["name"] for author in book["authors"])
        assert "added_at" not in book
        assert (book["type"], show["type"]) == ("audiobook", "show")
        assert book["uri"] == show["uri"] == f"spotify:show:{book['id']}"
        assert book["publisher"] == show["publisher"] == authors
        assert show["total_episodes"] == book["total_chapters"]
        assert show["description"].startswith(f"Author(s): {authors}\n")


@pytest.mark.parametrize("status", [404, 403])
def test_audiobooks_can_be_absent_from_a_market(fake: FakeSpotify, get: Get, status: Any) -> None:
    fake.user.audiobooks.absent = status

    assert get("/me/audiobooks").status_code == status
    assert page(get, "/me/shows", limit=50)["total"] == 17
    fake.user.audiobooks.absent = 200
    empty = page(get, "/me/audiobooks")
    assert (empty["items"], empty["total"], empty["next"]) == ([], 0, None)
    fake.user.audiobooks.absent = None
    assert page(get, "/me/audiobooks")["total"] == 4


def test_a_null_audiobook_is_null_in_both_lists(fake: FakeSpotify, get: Get) -> None:
    fake.user.audiobooks.null(1)

    assert page(get, "/me/audiobooks")["items"][1] is None
    assert page(get, "/me/shows", limit=50)["items"].count(None) == 1


def test_an_album_comes_with_fifty_tracks_and_the_rest_by_pages(
    fake: FakeSpotify, get: Get
) -> None:
    [album] = fake.user.albums.save(tracks=120)
    fake.user.albums.listen(album.id)

    shown = page(get, "/me/albums", limit=1)["items"][0]["album"]["tracks"]
    pages = [page(get, f"/albums/{album.id}/tracks", limit=50, offset=at) for at in (50, 100)]

    address = f"{fake.api_url}/albums/{album.id}/tracks"
    assert shown["next"] == f"{address}?offset=50&limit=50&locale=en"
    assert (shown["total"], shown["limit"], shown["offset"]) == (120, 50, 0)
    tracks = [track for one in (shown, *pages) for track in one["items"]]
    assert [track["id"] for track in tracks] == [track.id for track in fake.user.albums.tracks(0)]
    places = [(track["disc_number"], track["track_number"]) for track in tracks]
    assert places == sorted(set(places))
    assert pages[1]["next"] is None
    assert not {"album", "external_ids", "popularity"} & set(tracks[0])
    assert page(get, f"/albums/{album.id}")["tracks"] == shown
    fake.faults.add("/albums/*/tracks", offset=50, short=2)
    assert len(page(get, f"/albums/{album.id}/tracks", limit=50, offset=50)["items"]) == 48


def test_each_caller_gets_addresses_in_their_own_language(
    fake: FakeSpotify, get: Get, session: requests.Session
) -> None:
    [album] = fake.user.albums.save(tracks=60)
    fake.user.albums.listen(album.id)

    def following(language: str) -> str:
        headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
        headers["Accept-Language"] = language
        address = f"{fake.api_url}/me/albums?limit=1"
        shown = session.get(address, headers=headers, timeout=10).json()
        return str(shown["items"][0]["album"]["tracks"]["next"])

    assert [following(one)[-9:] for one in ("en", "nl", "en")] == [
        "locale=en",
        "locale=nl",
        "locale=en",
    ]


def test_there_are_no_tracks_of_what_is_no_album(fake: FakeSpotify, get: Get) -> None:
    assert get(f"/albums/{fake.user.track_ids()[0]}/tracks").status_code == 404


def test_an_album_grows_for_everybody(fake: FakeSpotify, get: Get) -> None:
    [album] = fake.user.albums.save(tracks=3)
    before = page(get, f"/albums/{album.id}/tracks")["items"]

    fake.catalogue.resize(album, 5)
    after = page(get, f"/albums/{album.id}/tracks")["items"]
    fake.catalogue.resize(album, 2)

    assert after[:3] == before
    assert len({track["id"] for track in after}) == 5
    assert page(get, f"/albums/{album.id}/tracks")["items"] == before[:2]
    assert page(get, f"/albums/{album.id}")["total_tracks"] == 2


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_relinked_tracks_say_so_outside_the_new_cohort(
    fake: FakeSpotify, get: Get, cohort: Any
) -> None:
    fake.cohort = cohort
    before = [track.id for track in fake.user.albums.tracks(0)]
    fake.user.albums.relink(0)
    after = [track.id for track in fake.user.albums.tracks(0)]

    album = page(get, "/me/albums", limit=1)["items"][0]["album"]

    shown = album["tracks"]["items"]
    origins = [track.get("linked_from", {}).get("id") for track in shown]
    assert [track["id"] for track in shown] == after
    assert origins == ([None] * len(before) if cohort == "new" else before)
    assert album.get("available_markets", []) == []
    paged = page(get, f"/albums/{album['id']}/tracks")["items"]
    assert [track["id"] for track in paged] == after
    assert page(get, f"/albums/{album['id']}") == album
    ada = fake.grant(fake.add_user("ada"))["access_token"]
    theirs = page(get, f"/albums/{album['id']}/tracks", token=ada)["items"]
    assert [track["id"] for track in theirs] == before


def test_only_a_market_tells_what_can_be_played(fake: FakeSpotify, get: Get) -> None:
    fake.user.albums.tracks(0)[0].restriction = "market"

    def album(**query: str) -> Any:
        return page(get, "/me/albums", limit=1, **query)["items"][0]["album"]

    assert "is_playable" not in album()
    assert "is_playable" not in album()["tracks"]["items"][0]
    named = album(market="NL")
    assert named["is_playable"] is True
    assert named["tracks"]["items"][0]["is_playable"] is False
    assert named["tracks"]["items"][0]["restrictions"] == {"reason": "market"}


def test_raw_fields_can_be_any_nonsense(fake: FakeSpotify, get: Get) -> None:
    user = fake.user
    user.albums.patch(0, added_at=None, album={"name": "", "images": [], "tracks": REMOVED})
    user.shows.patch(user.shows.ids()[0], show={"total_episodes": "many"})
    user.episodes.patch(0, episode=None)
    user.audiobooks.patch(0, name=None)

    album = page(get, "/me/albums", limit=1)["items"][0]
    assert (album["added_at"], album["album"]["name"], album["album"]["images"]) == (None, "", [])
    assert "tracks" not in album["album"]
    shows = page(get, "/me/shows", limit=50)["items"]
    assert [item["show"]["total_episodes"] for item in shows].count("many") == 1
    assert page(get, "/me/episodes", limit=1)["items"][0]["episode"] is None
    assert page(get, "/me/audiobooks", limit=1)["items"][0]["name"] is None
    assert None not in [item["show"]["name"] for item in shows]


def test_contains_tells_what_is_saved_and_followed(fake: FakeSpotify, get: Get) -> None:
    user = fake.user
    things = [
        *(user.saved[0].track, user.albums.entries[0].thing, user.shows.entries[0].thing),
        *(user.episodes.entries[0].thing, user.audiobooks.entries[0].thing),
    ]
    uris = [thing.uri for thing in things if thing is not None]
    uris += [
        f"spotify:artist:{user.following.ids()[0]}",
        f"spotify:playlist:{user.listed.ids()[0]}",
    ]
    user.albums.null(0)

    assert page(get, "/me/library/contains", uris=",".join(uris)) == [True] * 7
    user.albums.remove(0)
    assert page(get, "/me/library/contains", uris=",".join(uris[:2])) == [True, False]


@pytest.mark.parametrize(
    "uris", ["", "nonsense", "spotify:audiobook:abc", ",".join(["spotify:track:a"] * 41)]
)
def test_contains_refuses_what_it_does_not_know_and_more_than_forty(get: Get, uris: str) -> None:
    assert get("/me/library/contains", uris=uris).status_code == 400


def test_contains_needs_the_scope_of_each_kind(fake: FakeSpotify, get: Get) -> None:
    token = fake.grant(scope="user-library-read")["access_token"]

    assert get("/me/library/contains", token=token, uris="spotify:track:a").status_code == 200
    assert get("/me/library/contains", token=token, uris="spotify:artist:a").status_code == 403
