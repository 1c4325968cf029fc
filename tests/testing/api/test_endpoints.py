"""What each cohort may ask for besides lists, and what is not modelled."""

from __future__ import annotations

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from tests.testing.conftest import Get


@pytest.mark.parametrize(
    "path",
    ["/tracks?ids=a,b", "/artists?ids=a", "/albums?ids=a", "/users/listener", "/markets"],
)
def test_what_the_new_cohort_lost_is_403(fake: FakeSpotify, get: Get, path: str) -> None:
    assert get(path).status_code == 403


def test_single_things_and_batches_answer_the_old_cohort(fake: FakeSpotify, get: Get) -> None:
    fake.cohort = "legacy"
    track = fake.user.saved[0].track
    assert track is not None
    artist = track.artists[0]

    assert get(f"/tracks/{track.id}").json()["name"] == track.name
    assert get(f"/albums/{track.album.id}").json()["name"] == track.album.name
    assert get(f"/artists/{artist.id}").json()["popularity"] == artist.popularity
    both = get(f"/tracks?ids={track.id},{'x' * 22}").json()["tracks"]
    assert both[0]["id"] == track.id
    assert both[1] is None
    assert get(f"/albums/{track.id}").status_code == 404
    assert get(f"/users/{fake.user.id}").json()["display_name"] == "Listener"
    assert "account_id" not in get(f"/users/{fake.user.id}").json()
    assert get("/users/nobody").status_code == 404
    assert get(f"/tracks?ids={','.join('x' * 51)}").status_code == 400


def test_linked_from_comes_only_with_a_market_and_never_in_new(fake: FakeSpotify, get: Get) -> None:
    original = fake.user.track_ids()[0]
    fake.user.relink(0)

    def linked(**query: str) -> object:
        track = get("/me/tracks", limit=1, **query).json()["items"][0]["track"]
        return track.get("linked_from", {}).get("id")

    assert linked(market="NL") is None
    fake.cohort = "legacy"
    assert linked() is None
    assert linked(market="NL") == original


def test_an_unknown_address_is_404_and_an_unmodelled_one_says_so(get: Get) -> None:
    assert get("/nonsense").status_code == 404
    answer = get("/me/top/tracks")
    assert answer.status_code == 501
    assert "does not model" in answer.json()["error"]["message"]


def test_writing_is_not_modelled(fake: FakeSpotify, session: requests.Session) -> None:
    headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}

    answer = session.put(f"{fake.api_url}/me/tracks?ids=a", headers=headers, timeout=10)

    assert answer.status_code == 501


def test_me_holds_what_cohort_and_scope_allow(fake: FakeSpotify, get: Get) -> None:
    ada = fake.add_user("ada", account_id=None)
    scope = "user-read-private user-read-email"
    rich, plain = fake.grant(scope=scope), fake.grant(scope="")

    def keys(given: dict[str, str]) -> set[str]:
        return set(get("/me", token=given["access_token"]).json())

    assert fake.user.account_id is not None
    assert {"email", "country", "product", "followers"} & keys(rich) == set()
    assert "account_id" in keys(plain)
    assert "account_id" not in keys(fake.grant(ada))
    fake.cohort = "legacy"
    assert {"email", "country", "product", "followers"} & keys(rich) == {
        *("country", "product", "followers")
    }
    fake.cohort = "extended"
    assert {"email", "country"} <= keys(rich)
    assert {"email", "country"} & keys(plain) == set()


def test_a_user_id_may_change_and_the_account_id_not(fake: FakeSpotify, get: Get) -> None:
    before = get("/me").json()

    fake.user.change_id("renamed")

    after = get("/me").json()
    assert (after["id"], after["account_id"]) == ("renamed", before["account_id"])
    assert fake.requests[-1].user_id == "renamed"
