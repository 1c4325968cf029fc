"""The consent page, and who agrees."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from django_spotify_sync.testing import CORE_SCOPE, FakeSpotify
from tests.kit.consenting import authorize, decide, exchange, sent_back
from tests.testing.conftest import Get


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


@pytest.fixture
def asking() -> Any:
    with FakeSpotify(tracks=30, consent="page") as running:
        running.add_user("ada", tracks=7, display_name="Ada <3")
        yield running


def test_the_page_names_scopes_and_people(asking: FakeSpotify, session: requests.Session) -> None:
    page = authorize(asking, session).text

    assert 'data-scope="user-library-read"' in page
    assert "See what you have saved" in page
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
