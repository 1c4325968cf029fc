"""The fake's accounts service: what it asks, what it hands out, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from django_spotify_sync.testing import CORE_SCOPE, FakeSpotify
from django_spotify_sync.testing.oauth.grants import months_later
from django_spotify_sync.testing.oauth.redirects import redirect_uri_allowed
from tests.testing.conftest import Get

VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
BACK = "http://127.0.0.1:8000/spotify/callback/"


def asked(fake: FakeSpotify, **changes: Any) -> dict[str, str]:
    query = {
        "client_id": fake.client_id,
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "user-library-read user-follow-read",
        "state": "a state & more",
        "code_challenge_method": "S256",
        "code_challenge": CHALLENGE,
        **changes,
    }
    return {name: value for name, value in query.items() if value is not None}


def authorize(fake: FakeSpotify, session: requests.Session, **changes: Any) -> requests.Response:
    return session.get(
        f"{fake.accounts_url}/authorize",
        params=asked(fake, **changes),
        allow_redirects=False,
        timeout=10,
    )


def sent_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(location.query).items()}


def token(fake: FakeSpotify, session: requests.Session, **form: Any) -> requests.Response:
    auth = form.pop("auth", (fake.client_id, fake.client_secret))
    return session.post(f"{fake.accounts_url}/api/token", data=form, auth=auth, timeout=10)


def exchange(
    fake: FakeSpotify, session: requests.Session, code: str, **changes: Any
) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return token(fake, session, **form)


def refresh(
    fake: FakeSpotify, session: requests.Session, refresh_token: str, **more: Any
) -> requests.Response:
    return token(fake, session, grant_type="refresh_token", refresh_token=refresh_token, **more)


def refusal(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"error", "error_description"}
    return body["error"], body["error_description"]


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


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://site.example/spotify/callback/", True),
        ("http://127.0.0.1:8000/cb", True),
        ("http://[::1]:8000/cb", True),
        ("argo-app://callback", True),
        ("http://site.example/cb", False),
        ("http://localhost:8000/cb", False),
        ("https://localhost/cb", False),
        ("http://testserver/cb", False),
        ("https:///cb", False),
        ("https://site.example/cb#here", False),
        ("https://site.example:port/cb", False),
        ("/spotify/callback/", False),
        ("", False),
    ],
)
def test_redirect_uris_of_any_app_follow_the_rules(uri: str, allowed: bool) -> None:
    assert redirect_uri_allowed(uri, None) is allowed


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://site.example/cb", True),
        ("https://site.example/cb/", False),
        ("https://site.example/CB", False),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:8123/cb", True),
        ("http://127.0.0.1:8123/other", False),
        ("http://[::1]:8123/cb", True),
        ("http://localhost/cb", False),
    ],
)
def test_registered_redirect_uris_match_exactly_but_for_a_loopback_port(
    uri: str, allowed: bool
) -> None:
    registered = {
        *("https://site.example/cb", "http://127.0.0.1/cb"),
        *("http://[::1]/cb", "http://localhost/cb"),
    }

    assert redirect_uri_allowed(uri, registered) is allowed


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


def test_consent_can_be_denied_by_itself(fake: FakeSpotify, session: requests.Session) -> None:
    fake.consent = "deny"

    assert sent_back(authorize(fake, session))["error"] == "access_denied"


def test_auto_consent_is_given_by_the_browser_user(
    fake: FakeSpotify, session: requests.Session, get: Get
) -> None:
    fake.browser_user = fake.add_user("ada", display_name=None)

    given = exchange(fake, session, sent_back(authorize(fake, session))["code"]).json()

    me = get("/me", token=given["access_token"]).json()
    assert (me["id"], me["display_name"]) == ("ada", None)


# The page


@pytest.fixture
def asking() -> Any:
    with FakeSpotify(tracks=30, consent="page") as running:
        running.add_user("ada", tracks=7, display_name="Ada <3")
        yield running


def decide(fake: FakeSpotify, session: requests.Session, page: str, **choice: str) -> Any:
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    unescaped = {name: value.replace("&amp;", "&") for name, value in fields.items()}
    return session.post(
        f"{fake.accounts_url}/authorize",
        data={**unescaped, **choice},
        allow_redirects=False,
        timeout=10,
    )


def test_the_page_names_scopes_and_people(asking: FakeSpotify, session: requests.Session) -> None:
    page = authorize(asking, session).text

    assert 'data-scope="user-library-read"' in page
    assert "See the tracks you have saved" in page
    assert "Ada &lt;3" in page
    assert re.findall(r'name="user" value="(\w+)"( checked)?', page) == [
        ("listener", " checked"),
        ("ada", ""),
    ]


def test_agreeing_on_the_page_gives_a_code_for_the_chosen_person(
    asking: FakeSpotify, session: requests.Session
) -> None:
    page = authorize(asking, session).text

    back = sent_back(decide(asking, session, page, user="ada", decision="agree"))

    given = exchange(asking, session, back["code"]).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    me = session.get(f"{asking.api_url}/me", headers=headers, timeout=10).json()
    assert me["id"] == "ada"
    assert back["state"] == "a state & more"


def test_cancelling_on_the_page_is_access_denied(
    asking: FakeSpotify, session: requests.Session
) -> None:
    page = authorize(asking, session).text

    back = sent_back(decide(asking, session, page, user="ada", decision="cancel"))

    assert back == {"error": "access_denied", "state": "a state & more"}


def test_who_agreed_before_is_asked_again_only_for_more_or_on_demand(
    asking: FakeSpotify, session: requests.Session
) -> None:
    page = authorize(asking, session).text
    decide(asking, session, page, user="ada", decision="agree")

    assert authorize(asking, session).status_code == 302
    assert authorize(asking, session, show_dialog="true").status_code == 200
    assert authorize(asking, session, scope=CORE_SCOPE).status_code == 200
    asking.revoke(asking.users_by_key["ada"])
    assert authorize(asking, session).status_code == 200
