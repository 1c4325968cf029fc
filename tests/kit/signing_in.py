"""Somebody who signs in with Spotify."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.test import Client

from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from tests.kit.browsing import consent

BACKEND = "django_spotify_sync.backends.SpotifyBackend"


def login(client: Client, **query: str) -> str:
    """Ask to sign in; return the address of Spotify's consent page."""
    response = client.post("/spotify/login/", query_params=query)
    assert response.status_code == 302, response.content
    return str(response["Location"])


def agreed(client: Client, **query: str) -> dict[str, str]:
    """Ask to sign in, agree at Spotify, and return what is to be brought to the callback."""
    return consent(login(client, **query))


def who(client: Client) -> str | None:
    """Return the key of who is signed in there."""
    key: str | None = client.session.get(SESSION_KEY)
    return key


def stored() -> dict[str, Any]:
    return {
        "tokens": list(SpotifyToken.objects.values()),
        "accounts": SpotifyAccount.objects.count(),
    }
