"""Who may call the fake's Web API, and how often."""

from __future__ import annotations

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify, Quota, RateLimit
from tests.testing.conftest import Get


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "No token provided"),
        ({"Authorization": "Basic abc"}, "No token provided"),
        ({"Authorization": "Bearer FAKE_ACCESS_other"}, "Invalid access token"),
    ],
)
def test_calls_need_a_token(
    fake: FakeSpotify, session: requests.Session, header: dict[str, str], message: str
) -> None:
    answer = session.get(f"{fake.api_url}/me", headers=header, timeout=10)

    assert answer.status_code == 401
    assert answer.json() == {"error": {"status": 401, "message": message}}


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/me/tracks", "user-library-read"),
        ("/me/playlists", "playlist-read-private"),
        ("/me/following?type=artist", "user-follow-read"),
    ],
)
def test_each_list_has_its_scope(fake: FakeSpotify, get: Get, path: str, scope: str) -> None:
    without = fake.grant(scope="user-top-read")["access_token"]
    with_it = fake.grant(scope=scope)["access_token"]

    answer = get(path, token=without)
    assert answer.status_code == 403
    assert answer.json() == {"error": {"status": 403, "message": "Insufficient client scope"}}
    assert get(path, token=with_it).status_code == 200
    assert get("/me", token=without).status_code == 200


def test_who_is_not_on_the_allow_list_is_told_in_bare_text(fake: FakeSpotify, get: Get) -> None:
    fake.allowlist = {"somebody-else"}

    answer = get("/me")
    assert answer.status_code == 403
    assert answer.text == "User not registered in the Developer Dashboard"
    assert answer.headers["Content-Type"].startswith("text/plain")
    fake.allowlist.add(fake.user.id)
    assert get("/me").status_code == 200


def test_without_the_owners_premium_everything_is_403_in_bare_text(
    fake: FakeSpotify, get: Get
) -> None:
    fake.owner_premium = False

    answer = get("/me/tracks")
    assert answer.status_code == 403
    assert answer.text.startswith("Active premium subscription required for the owner of the app.")


def test_the_rate_limit_is_a_rolling_window_over_all_users(fake: FakeSpotify, get: Get) -> None:
    now = [1_000_000_000.0]
    ada = fake.grant(fake.add_user("ada"))["access_token"]
    own = fake.grant()["access_token"]
    fake.clock = lambda: now[0]
    fake.rate_limit = RateLimit(requests=3, seconds=30)

    statuses = [get("/me", token=token).status_code for token in (own, ada, own)]
    now[0] += 10
    refused = get("/me", token=ada)
    now[0] += 20
    allowed = get("/me", token=ada)

    assert statuses == [200, 200, 200]
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "20"
    assert refused.json() == {"error": {"status": 429, "message": "API rate limit exceeded"}}
    assert allowed.status_code == 200
    assert fake.rate_limit.refused == 1


def test_calling_while_limited_can_lengthen_it() -> None:
    limit = RateLimit(requests=1, seconds=30, lengthens=True)

    assert [limit.wait(at) for at in (0.0, 10.0, 20.0)] == [None, 30, 30]


def test_retry_after_is_whole_seconds_and_never_zero() -> None:
    limit = RateLimit(requests=1, seconds=30)
    limit.wait(0.0)

    assert limit.wait(29.999) == 1
    assert limit.wait(0.5) == 30


def test_the_quota_is_per_family_and_lasts_for_hours(fake: FakeSpotify, get: Get) -> None:
    fake.quota = Quota(requests=2, retry_after=72_000)
    one, two, three = (playlist.id for playlist in fake.user.playlists[:3])

    statuses = [get(f"/playlists/{one}").status_code, get(f"/playlists/{two}").status_code]
    refused = get(f"/playlists/{three}")

    assert statuses == [200, 200]
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) in (71_999, 72_000)
    assert refused.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert get("/me").status_code == 200


def test_the_quota_comes_back_after_its_wait() -> None:
    quota = Quota(requests=1, retry_after=100)

    assert quota.wait("/me", 0) is None
    assert quota.wait("/me", 10) == 100
    assert quota.wait("/me", 60) == 50
    assert quota.wait("/me", 110) is None


def test_the_quota_day_rolls() -> None:
    quota = Quota(requests=1)

    assert quota.wait("/me", 0) is None
    assert quota.wait("/me", 86_400) is None


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
    answer = get("/me/albums")
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
