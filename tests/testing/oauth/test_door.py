"""The fake's accounts service: what it asks, what it hands out, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from tests.kit.consenting import BACK, authorize, exchange, refresh, refusal, sent_back, token
from tests.testing.conftest import Get


def test_a_code_becomes_tokens_that_open_the_api(
    fake: FakeSpotify, session: requests.Session, get: Get
) -> None:
    back = sent_back(authorize(fake, session))
    answer = exchange(fake, session, back["code"])

    given = answer.json()
    assert back["state"] == "a state & more"
    assert back["code"].startswith("FAKE_CODE_")
    assert given["access_token"].startswith("FAKE_ACCESS_")
    assert len(given["access_token"]) > 250
    assert given["refresh_token"].startswith("FAKE_REFRESH_")
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3600)
    assert set(given["scope"].split()) == {"user-library-read", "user-follow-read"}
    assert get("/me", token=given["access_token"]).json()["id"] == fake.user.id


def test_a_code_serves_once(fake: FakeSpotify, session: requests.Session) -> None:
    code = sent_back(authorize(fake, session))["code"]

    assert exchange(fake, session, code).status_code == 200
    again = exchange(fake, session, code)
    assert refusal(again) == ("invalid_grant", "Invalid authorization code")


def test_a_code_lives_ten_minutes(fake: FakeSpotify, session: requests.Session) -> None:
    code = sent_back(authorize(fake, session))["code"]
    later = fake.clock() + 600
    fake.clock = lambda: later

    answer = exchange(fake, session, code)

    assert refusal(answer) == ("invalid_grant", "Authorization code expired")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"redirect_uri": BACK.rstrip("/")}, ("invalid_grant", "Invalid redirect URI")),
        ({"code_verifier": "w" * 64}, ("invalid_grant", "code_verifier was incorrect")),
        ({"code_verifier": None}, ("invalid_grant", "code_verifier was incorrect")),
        ({"code": "FAKE_CODE_other"}, ("invalid_grant", "Invalid authorization code")),
        ({"auth": ("nobody", "x")}, ("invalid_client", "Invalid client")),
        ({"auth": None}, ("invalid_client", "Invalid client")),
    ],
)
def test_a_code_is_bound_to_what_was_asked(
    fake: FakeSpotify,
    session: requests.Session,
    changes: dict[str, Any],
    words: tuple[str, str],
) -> None:
    code = sent_back(authorize(fake, session))["code"]

    answer = exchange(fake, session, **{"code": code, **changes})

    assert refusal(answer) == words


def test_a_wrong_secret_is_refused(fake: FakeSpotify, session: requests.Session) -> None:
    answer = refresh(fake, session, "x", auth=(fake.client_id, "wrong"))

    assert refusal(answer) == ("invalid_client", "Invalid client secret")


def test_a_header_that_is_no_basic_is_refused(fake: FakeSpotify, session: requests.Session) -> None:
    answer = session.post(
        f"{fake.accounts_url}/api/token", headers={"Authorization": "Basic ???"}, timeout=10
    )

    assert refusal(answer) == ("invalid_client", "Invalid client")


def test_client_credentials_may_stand_in_the_body(
    fake: FakeSpotify, session: requests.Session
) -> None:
    form = {"client_id": fake.client_id, "client_secret": fake.client_secret}

    answer = refresh(fake, session, fake.grant()["refresh_token"], auth=None, **form)

    assert answer.status_code == 200


def test_a_public_client_names_itself_and_needs_pkce(session: requests.Session) -> None:
    with FakeSpotify(consent="auto", client_secret="") as fake:
        code = sent_back(authorize(fake, session))["code"]
        bare = authorize(fake, session, code_challenge=None, code_challenge_method=None)

        answer = exchange(fake, session, code, auth=None, client_id=fake.client_id)

        assert answer.status_code == 200
        assert sent_back(bare)["error"] == "invalid_request"
        unnamed = refresh(fake, session, answer.json()["refresh_token"], auth=None)
        assert refusal(unnamed) == ("invalid_client", "Invalid client")


@pytest.mark.parametrize("form", [{"grant_type": "password"}, {}])
def test_other_grants_are_refused(
    fake: FakeSpotify, session: requests.Session, form: dict[str, str]
) -> None:
    assert refusal(token(fake, session, **form))[0] == "unsupported_grant_type"


def test_json_is_no_form(fake: FakeSpotify, session: requests.Session) -> None:
    answer = session.post(
        f"{fake.accounts_url}/api/token",
        json={"grant_type": "refresh_token", "refresh_token": fake.grant()["refresh_token"]},
        auth=(fake.client_id, fake.client_secret),
        timeout=10,
    )

    assert refusal(answer)[0] == "unsupported_grant_type"


def test_the_token_endpoint_is_posted_to(fake: FakeSpotify, session: requests.Session) -> None:
    assert session.get(f"{fake.accounts_url}/api/token", timeout=10).status_code == 405


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "other"}, "INVALID_CLIENT: Invalid client"),
        ({"redirect_uri": "http://localhost/cb"}, "INVALID_CLIENT: Invalid redirect URI"),
        ({"redirect_uri": None}, "INVALID_CLIENT: Invalid redirect URI"),
    ],
)
def test_a_wrong_client_or_redirect_uri_never_comes_back(
    fake: FakeSpotify, session: requests.Session, changes: dict[str, Any], words: str
) -> None:
    answer = authorize(fake, session, **changes)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert words in answer.text
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "user-library-read read-minds"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
    ],
)
def test_other_mistakes_come_back_as_errors(
    fake: FakeSpotify, session: requests.Session, changes: dict[str, Any], error: str
) -> None:
    back = sent_back(authorize(fake, session, **changes))

    assert back == {"error": error, "state": "a state & more"}


def test_pkce_is_not_needed_with_a_secret(fake: FakeSpotify, session: requests.Session) -> None:
    back = sent_back(authorize(fake, session, code_challenge=None, code_challenge_method=None))

    assert exchange(fake, session, back["code"], code_verifier=None).status_code == 200


def test_no_state_comes_back_where_none_was_sent(
    fake: FakeSpotify, session: requests.Session
) -> None:
    assert set(sent_back(authorize(fake, session, state=None))) == {"code"}


def test_a_query_in_the_redirect_uri_stays(fake: FakeSpotify, session: requests.Session) -> None:
    back = sent_back(authorize(fake, session, redirect_uri=f"{BACK}?tenant=7"))

    assert back["tenant"] == "7"
    assert "code" in back
