"""Grants: refreshed, rotated, expired, revoked, and ended after six months."""

from __future__ import annotations

from datetime import UTC, datetime

import requests

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.oauth.grants import months_later
from tests.kit.consenting import refresh, refusal
from tests.testing.conftest import Get


def test_refreshing_gives_no_new_refresh_token(
    fake: FakeSpotify, session: requests.Session
) -> None:
    first = fake.grant(scope="user-library-read")

    second = refresh(fake, session, first["refresh_token"]).json()

    assert set(second) == {"access_token", "token_type", "expires_in", "scope"}
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == "user-library-read"


def test_rotation_kills_the_old_refresh_token(session: requests.Session) -> None:
    with FakeSpotify(rotate_refresh_tokens=True) as fake:
        old = fake.grant()["refresh_token"]

        new = refresh(fake, session, old).json()["refresh_token"]

        assert new != old
        assert refusal(refresh(fake, session, old)) == ("invalid_grant", "Refresh token revoked")
        assert refresh(fake, session, new).status_code == 200


def test_an_unknown_refresh_token_is_refused(fake: FakeSpotify, session: requests.Session) -> None:
    answer = refresh(fake, session, "FAKE_REFRESH_never")

    assert refusal(answer) == ("invalid_grant", "Invalid refresh token")


def test_access_tokens_expire_and_are_renewed(
    fake: FakeSpotify, session: requests.Session, get: Get
) -> None:
    given = fake.grant(expires_in=10)
    later = fake.clock() + 10
    assert get("/me", token=given["access_token"]).status_code == 200

    fake.clock = lambda: later

    answer = get("/me", token=given["access_token"])
    assert answer.status_code == 401
    assert answer.json() == {"error": {"status": 401, "message": "The access token expired"}}
    renewed = refresh(fake, session, given["refresh_token"]).json()
    assert get("/me", token=renewed["access_token"]).status_code == 200


def test_all_access_tokens_can_be_made_to_expire(
    fake: FakeSpotify, session: requests.Session, get: Get
) -> None:
    given = fake.grant()

    fake.expire_access_tokens()

    assert get("/me", token=given["access_token"]).status_code == 401
    assert refresh(fake, session, given["refresh_token"]).status_code == 200


def test_a_revoked_grant_ends_with_its_access_token(
    fake: FakeSpotify, session: requests.Session, get: Get
) -> None:
    ada = fake.add_user("ada")
    given, others = fake.grant(ada), fake.grant()

    fake.revoke(ada)

    assert get("/me", token=given["access_token"]).status_code == 200
    answer = refresh(fake, session, given["refresh_token"])
    assert refusal(answer) == ("invalid_grant", "Refresh token revoked")
    assert refresh(fake, session, others["refresh_token"]).status_code == 200


def test_an_outage_refuses_good_grants_and_kills_none(
    fake: FakeSpotify, session: requests.Session
) -> None:
    ada = fake.add_user("ada")
    hers, others = fake.grant(ada), fake.grant()

    def answers() -> list[int]:
        return [refresh(fake, session, one["refresh_token"]).status_code for one in (hers, others)]

    fake.refuse_grants(ada)
    assert answers() == [400, 200]
    fake.refuse_grants()
    assert answers() == [400, 400]
    assert refusal(refresh(fake, session, hers["refresh_token"])) == (
        "invalid_grant",
        "Refresh token revoked",
    )
    fake.accept_grants()
    assert answers() == [200, 200]


def test_consent_dies_after_six_months_however_often_refreshed(
    fake: FakeSpotify, session: requests.Session
) -> None:
    given = fake.grant()
    fake.age_grants(days=180)
    assert refresh(fake, session, given["refresh_token"]).status_code == 200

    fake.age_grants(days=4)

    answer = refresh(fake, session, given["refresh_token"])
    assert refusal(answer) == ("invalid_grant", "Refresh token revoked")
    assert refresh(fake, session, fake.grant()["refresh_token"]).status_code == 200


def test_six_months_are_calendar_months() -> None:
    start = datetime(2026, 8, 31, 12, tzinfo=UTC).timestamp()

    assert months_later(start, 6) == datetime(2027, 2, 28, 12, tzinfo=UTC).timestamp()
