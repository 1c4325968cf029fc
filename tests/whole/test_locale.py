"""What the package says to people, it says in each of its languages: whole, in the right forms, and compiled."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.test import Client
from django.utils import translation

from django_spotify_sync.exceptions import NotConnected, RateLimited, SpotifySyncError
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.rest.errors import error_response, words_of
from tests.messages import catalogues, messages, read
from tests.whole.test_contract import errors

each_language = pytest.mark.parametrize(
    "file", catalogues(), ids=lambda file: file.parent.parent.name
)
HOW = "python -m tests.messages brings it up to date; then translate what is new."
_PLACES = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}")


def entries(file: Path) -> list[Message]:
    return [message for message in read(file) if message.id]


def test_russian_is_there() -> None:
    assert [file.parent.parent.name for file in catalogues()] == ["ru"]


def test_messages_are_found_in_code_templates_and_errors() -> None:
    found = messages()

    assert "requests" in found
    assert "Yes, disconnect" in found
    assert str(NotConnected()) in found
    assert ("ends within %d day", "ends within %d days") in found
    assert len(found) > 150


@each_language
def test_every_message_is_in_the_catalogue_and_no_other(file: Path) -> None:
    known = {entry.id if isinstance(entry.id, str) else tuple(entry.id) for entry in entries(file)}

    assert sorted(map(str, set(messages()) - known)) == [], HOW
    assert sorted(map(str, known - set(messages()))) == [], HOW


@each_language
def test_every_message_is_translated_in_all_its_forms(file: Path) -> None:
    forms = read(file).num_plurals

    for entry in entries(file):
        strings = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(strings), entry.id
        assert not entry.fuzzy, entry.id
        assert len(strings) == (forms if entry.pluralizable else 1), entry.id


@each_language
def test_what_is_put_in_is_the_same(file: Path) -> None:
    for entry in entries(file):
        asked = entry.id if isinstance(entry.id, str) else entry.id[-1]
        for string in [entry.string] if isinstance(entry.string, str) else entry.string:
            assert sorted(_PLACES.findall(string)) == sorted(_PLACES.findall(asked)), entry.id


@each_language
def test_it_is_compiled_as_it_is_written(file: Path) -> None:
    with file.with_suffix(".mo").open("rb") as compiled:
        said: dict[Any, str] = dict(gettext.GNUTranslations(io.BytesIO(compiled.read()))._catalog)  # type: ignore[attr-defined]
    said.pop("")

    written: dict[Any, Any] = {}
    for entry in entries(file):
        if isinstance(entry.id, str):
            written[entry.id] = entry.string
        else:
            written |= {(entry.id[0], form): one for form, one in enumerate(entry.string)}
    assert said == written, HOW


# Heard in Russian


@pytest.fixture
def russian() -> Any:
    with translation.override("ru"):
        yield


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "закончится в течение 1 дня"),
        (2, "закончится в течение 2 дней"),
        (7, "закончится в течение 7 дней"),
        (21, "закончится в течение 21 дня"),
        (30, "закончится в течение 30 дней"),
    ],
)
def test_numbers_take_their_form(russian: None, days: int, said: str) -> None:
    assert translation.ngettext("ends within %d day", "ends within %d days", days) % days == said


def test_statuses(russian: None) -> None:
    assert str(AccountStatus.CONNECTED.label) == "подключён"
    assert str(SyncRun._meta.verbose_name_plural) == "синхронизации"
    for status in (*AccountStatus, *RunStatus):
        assert re.search("[а-я]", str(status.label)), status


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_errors_answer_in_the_language_of_who_asks(
    russian: None, kind: type[SpotifySyncError]
) -> None:
    error = kind.__new__(kind)
    SpotifySyncError.__init__(error)
    error.__dict__.update({"retry_after": 1.0})

    answer = error_response(error)

    assert re.search("[а-я]", answer.data["detail"]), answer.data
    assert not re.search("[а-я]", str(error)), "the log and the record stay as they are"


def test_words_of_the_moment_stay_as_they_are(russian: None) -> None:
    error = RateLimited("GET /me: Spotify answered 429.", retry_after=7)

    assert words_of(error) == "GET /me: Spotify answered 429."


@pytest.mark.django_db
def test_an_api_client_chooses_by_its_header(user: Any) -> None:
    client = Client()
    client.force_login(user)

    for language, said in (("ru", "Аккаунт Spotify не подключён."), ("en", str(NotConnected()))):
        answer = client.get("/spotify/account/", headers={"Accept-Language": language})
        assert answer.json() == {"code": "not_connected", "detail": said}
