"""An app before the fake's accounts service."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from django_spotify_sync.testing import FakeSpotify

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


def decide(fake: FakeSpotify, session: requests.Session, page: str, **choice: str) -> Any:
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    unescaped = {name: value.replace("&amp;", "&") for name, value in fields.items()}
    return session.post(
        f"{fake.accounts_url}/authorize",
        data={**unescaped, **choice},
        allow_redirects=False,
        timeout=10,
    )
