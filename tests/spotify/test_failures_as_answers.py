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
from tests.kit.wire import Wire, reply
from tests.spotify.conftest import FORBIDDEN_LIST, TOKEN, error_of


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


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(FORBIDDEN_LIST, "forbidden", id="403"),
        pytest.param(reply(error_of({"message": "Not found"}), 404), "not_found", id="404"),
        pytest.param(reply("", 502), "spotify_unavailable", id="502"),
        pytest.param(reply(error_of({"message": "Bad"}), 400), "bad_request", id="400"),
        pytest.param(reply("<html>404</html>", 404), "spotify_error", id="a gateway"),
        pytest.param(reply("", 451), "spotify_error", id="451"),
        pytest.param(reply("User not registered", 403), "app_forbidden", id="the app"),
    ],
)
def test_an_error_that_concerns_one_address_may_be_its_answer(make_client, answer, code):
    with Wire(answer) as wire:
        get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

        assert make_client(wire).send(get, Secret(TOKEN)) == code


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(error_of({"message": "expired"}), 401), id="the token"),
        pytest.param(reply("", 429), id="the pace"),
    ],
)
def test_an_error_that_concerns_more_is_raised_all_the_same(make_client, answer):
    get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

    with Wire(answer) as wire, pytest.raises(SpotifyError):
        make_client(wire).send(get, Secret(TOKEN))
