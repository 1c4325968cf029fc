from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from django_spotify_sync.secret import Secret

TEXT = "BQ-what-must-not-be-seen"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        "{}".format,
        "{!r}".format,
        "{:>40}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: repr([secret, {"token": secret}]),
        lambda secret: f"{secret}",
    ],
)
def test_no_text_of_it_shows_it(show):
    try:
        shown = show(Secret(TEXT))
    except TypeError as error:
        shown = str(error)

    assert TEXT not in shown


def test_no_log_shows_it(caplog):
    logging.getLogger("anywhere").warning("token %s, or %r", Secret(TEXT), Secret(TEXT))

    assert "<Secret>" in caplog.text
    assert TEXT not in caplog.text


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, list])
def test_it_does_not_leave_the_process(leave):
    with pytest.raises(TypeError) as caught:
        leave(Secret(TEXT))

    assert TEXT not in str(caught.value)


def test_it_gives_its_text_to_who_asks():
    assert Secret(TEXT).reveal() == TEXT


def test_it_is_what_its_text_is():
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("another")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1
    assert Secret(TEXT)
    assert not Secret("")


@pytest.mark.parametrize("text", [TEXT, "a", "a b~!", "=+/-_."])
def test_printable_ascii_can_be_sent(text):
    assert Secret(text).is_sendable


@pytest.mark.parametrize("text", ["", "a\nb", "a\x00", "\x7f", "\t", "ü", "🎵", "\ud800"])
def test_anything_else_can_not(text):
    assert not Secret(text).is_sendable
