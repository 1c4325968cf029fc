from __future__ import annotations

import copy
import json
import logging
import pickle
from traceback import TracebackException

import pytest

from django_spotify_sync.exceptions import SpotifyUnavailable
from django_spotify_sync.secret import Secret, hushed, masked

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


@pytest.mark.parametrize(
    "leave",
    [
        *(pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, list),
        lambda secret: secret.__getstate__(),
    ],
)
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


# A wall around the frames that see it


@hushed
def reveals(secret: Secret, error: BaseException) -> None:
    text = secret.reveal()
    try:
        raise ValueError(text)
    except ValueError:
        raise error  # noqa: B904 - chained to what it came of


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SpotifyUnavailable])
def test_an_exception_brings_nothing_over_the_wall(kind):
    with pytest.raises(kind) as caught:
        reveals(Secret(TEXT), kind("it failed"))

    report = TracebackException.from_exception(caught.value, capture_locals=True)
    assert TEXT not in "".join(report.format())
    assert "it failed" in str(caught.value)
    assert "test_secret.py, line " in "".join(report.format())
    assert caught.value.__context__ is None


def test_the_wall_is_not_seen_where_all_is_well():
    @hushed
    def shout(text: str, *, times: int = 1) -> str:
        """Shout."""
        return text * times

    assert shout("ha", times=2) == "haha"
    assert shout.__doc__ == "Shout."


# What others may repeat of one


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Invalid token BQD" + "x" * 29, "Invalid token ..."),
        ("token=BQD" + "x" * 160 + "&scope=x", "...&scope=x"),
        ("BQD+/" + "x" * 30 + "==, or " + "-_.~" * 8, "..., or ..."),
        ("Non existing id: 4uLU6hMCjMI75M1A2tKUQC", "Non existing id: 4uLU6hMCjMI75M1A2tKUQC"),
        ("x" * 31, "x" * 31),
        ("", ""),
        ("The access token expired", "The access token expired"),
    ],
)
def test_what_looks_like_a_token_is_masked_and_no_id_is(said, shown):
    assert masked(said) == shown
