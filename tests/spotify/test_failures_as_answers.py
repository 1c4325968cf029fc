"""A request may say that a refusal of its own address is an answer."""

from __future__ import annotations

import pytest

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    AppForbidden,
    BadRequest,
    Forbidden,
    InsufficientScope,
    NotFound,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import Get
from tests.spotify.wire import Wire, reply


def asked(make_client, *answers):
    with Wire(*answers) as wire:
        get = Get("/playlists/x/items", lambda answer: answer, failed=lambda error: error)
        return make_client(wire).send(get, Secret("token"))


def said(message, status):
    return reply({"error": {"status": status, "message": message}}, status)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said("Forbidden", 403), Forbidden),
        (said("Resource not found", 404), NotFound),
        (said("Bad gateway", 502), SpotifyUnavailable),
        (said("Bad request", 400), BadRequest),
        (said("Unavailable for legal reasons", 451), SpotifyError),
        # which of these concern more is for who asked for many to judge
        (reply("User not registered in the Developer Dashboard", 403), AppForbidden),
        (said("Insufficient client scope", 403), InsufficientScope),
        # a gateway's, and no word about the address
        (reply("<html>Not Found</html>", 404), SpotifyError),
    ],
)
def test_what_an_address_is_refused_with_is_an_answer(make_client, waits, answer, kind):
    assert type(asked(make_client, answer)) is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(said("The access token expired", 401), AccessTokenRejected), (said("", 429), RateLimited)],
)
def test_what_concerns_all_addresses_is_raised(make_client, answer, kind):
    with pytest.raises(kind):
        asked(make_client, answer)
