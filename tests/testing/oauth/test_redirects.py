"""Redirect URIs."""

from __future__ import annotations

import pytest

from django_spotify_sync.testing.oauth.redirects import redirect_uri_allowed


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
