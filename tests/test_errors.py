"""What users are told of an error, by its code."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from django_spotify_sync.errors import MESSAGES, message_for
from tests.kit.words import FOR_OPERATORS, words_of_operators
from tests.whole.test_contract import ERRORS, errors


def test_every_code_has_its_sentence_and_none_is_left_over() -> None:
    assert set(MESSAGES) == {kind.code for kind in errors()} | {"throttled", "permission_denied"}
    assert set(ERRORS) <= set(MESSAGES)


@pytest.mark.parametrize("code", MESSAGES)
def test_a_sentence_is_whole_and_holds_no_word_of_operators(code: str) -> None:
    said = message_for(code)

    assert re.fullmatch(r"[A-Z].+\.", said)
    assert words_of_operators(said) == []


def test_the_words_of_operators_are_known_when_they_are_seen() -> None:
    found = words_of_operators(FOR_OPERATORS)

    assert {"0f3a9c0d1b2e", "SPOTIFY_SYNC_CLIENT_SECRET", "/srv", "GET", "/me", "SELECT"} <= set(
        found
    )


def test_a_code_that_nobody_knows_has_a_sentence_too() -> None:
    assert message_for("no_such_code") == message_for("error") != ""


def test_a_sentence_is_in_the_language_of_the_one_who_reads_it() -> None:
    with translation.override("ru"):
        assert message_for("not_connected") == "Аккаунт Spotify не подключён."
    assert message_for("not_connected") == "No Spotify account is connected."
