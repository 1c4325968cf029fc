"""A person in a browser, and an API client, on their way through the OAuth flow."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.test import Client
from rest_framework.authentication import BaseAuthentication

from tests.host.models import User

HOST = "127.0.0.1"
JSON = {"Accept": "application/json"}
SIGN_IN_FIRST = "sign in first"


class ByName(BaseAuthentication):
    """How an API client of this host signs in: `Authorization: Name ada`, without session or cookie."""

    def authenticate(self, request: Any) -> Any:
        kind, _, name = request.headers.get("Authorization", "").partition(" ")
        return (User.objects.get(username=name), None) if kind == "Name" else None

    def authenticate_header(self, request: Any) -> str:
        return "Name"


def browser_of(user: Any = None, **options: Any) -> Client:
    """Open a browser on the host's address, signed in if there is a user."""
    client = Client(HTTP_HOST=HOST, **options)
    if user is not None:
        client.force_login(user)
    return client


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def begin(client: Client, **query: str) -> str:
    """Ask to connect; return the address of Spotify's consent page."""
    response = client.get("/spotify/auth/", query)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def consent(address: str) -> dict[str, str]:
    """Go to Spotify's consent page, and return what it sends back to the site."""
    response = requests.get(address, allow_redirects=False, timeout=10)
    assert response.status_code == 302, response.text
    return query_of(response.headers["Location"])


def begun(client: Client, **query: str) -> dict[str, str]:
    """Begin, consent, and return what is to be brought to the callback."""
    return consent(begin(client, **query))


def by_browser(client: Client, brought: dict[str, str]) -> tuple[int, str]:
    """Bring it as a browser does; return status and code, 200 and "" if all went well.

    Who has to sign in first, and is to come back then, is answered with a code of this function's own.
    """
    response = client.get("/spotify/callback/", brought)
    assert response.status_code == 302, response.content
    query = query_of(response["Location"])
    if query.get("next", "").startswith("/spotify/callback/"):
        return 302, SIGN_IN_FIRST
    code = query.get("spotify_error", "")
    return (302, code) if code else (200, "")


def by_post(client: Client, brought: dict[str, str]) -> tuple[int, str]:
    """Bring it as an API client does."""
    response = client.post("/spotify/callback/", brought, "application/json", headers=JSON)
    return response.status_code, response.json().get("code", "")


def connect_by_browser(client: Client, **query: str) -> Any:
    """Go the whole way; return the last answer."""
    return client.get("/spotify/callback/", begun(client, **query))


both_doors = pytest.mark.parametrize("finish", [by_browser, by_post])
