"""A request may say that a refusal of its own address is an answer."""

from __future__ import annotations

import pytest

from django_spotify_sync.exceptions import (
    AppForbidden,
    Forbidden,
    InsufficientScope,
    NotFound,
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
    ("status", "kind"), [(403, Forbidden), (404, NotFound), (502, SpotifyUnavailable)]
)
def test_what_concerns_the_address_alone_is_an_answer(make_client, waits, status, kind):
    assert type(asked(make_client, said("Forbidden", status))) is kind


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply("User not registered in the Developer Dashboard", 403), AppForbidden),
        (said("Insufficient client scope", 403), InsufficientScope),
        (said("Bad request", 400), SpotifyError),
        (reply("<html>Not Found</html>", 404), SpotifyError),
    ],
)
def test_what_concerns_more_is_raised(make_client, answer, kind):
    with pytest.raises(kind):
        asked(make_client, answer)


def test_a_404_without_json_is_no_word_about_the_address(make_client):
    with pytest.raises(SpotifyError) as caught:
        asked(make_client, reply("<html>Not Found</html>", 404))

    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(FORBIDDEN_LIST, "forbidden", id="403"),
        pytest.param(reply(error_of({"message": "Not found"}), 404), "not_found", id="404"),
        pytest.param(reply("", 502), "spotify_unavailable", id="502"),
    ],
)
def test_an_error_that_concerns_one_address_may_be_its_answer(make_client, answer, code):
    with Wire(answer) as wire:
        get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

        assert make_client(wire).send(get, Secret(TOKEN)) == code


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply("User not registered", 403), id="the app"),
        pytest.param(reply(error_of({"message": "Insufficient client scope"}), 403), id="scope"),
        pytest.param(reply("<html>404</html>", 404), id="a gateway"),
        pytest.param(reply(error_of({"message": "expired"}), 401), id="the token"),
        pytest.param(reply("", 429), id="the pace"),
    ],
)
def test_an_error_that_concerns_more_is_raised_all_the_same(make_client, answer):
    get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

    with Wire(answer) as wire, pytest.raises(SpotifyError):
        make_client(wire).send(get, Secret(TOKEN))
