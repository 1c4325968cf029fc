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
