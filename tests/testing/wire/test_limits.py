"""How often the fake's Web API may be called."""

from __future__ import annotations

from django_spotify_sync.testing import FakeSpotify, Quota, RateLimit
from tests.testing.conftest import Get


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
