"""What all sources share: rows in chunks by key, and an app that is not there."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.sources import SOURCES, SourceMissing, rows
from tests.kit.other_logins import APPS, allauth_row, social_auth_row

pytestmark = pytest.mark.usefixtures("other_logins")

MAKE = {"allauth": allauth_row, "social-auth": social_auth_row}
each_source = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture
def people(django_user_model: Any) -> list[Any]:
    return [django_user_model.objects.create_user(username=f"user {n}") for n in range(5)]


@each_source
def test_rows_come_in_chunks_by_key_and_each_once(
    people: list[Any], spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 2)
    for number, user in enumerate(people):
        MAKE[source](user, spotify.add_user(f"spotify {number}"), spotify)

    chunks = list(SOURCES[source]("spotify", None))

    assert [[row.user_id for row in chunk] for chunk in chunks] == [
        [user.pk for user in people[:2]],
        [user.pk for user in people[2:4]],
        [user.pk for user in people[4:]],
    ]


@each_source
def test_a_chunk_costs_as_many_queries_whatever_it_holds(
    people: list[Any], spotify: FakeSpotify, source: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            next(SOURCES[source]("spotify", None))
        return len(captured)

    first, *others = people
    MAKE[source](first, spotify.user, spotify)
    before = queries()
    for number, user in enumerate(others):
        MAKE[source](user, spotify.add_user(f"spotify {number}"), spotify)

    assert queries() == before <= 2


@each_source
def test_some_users_alone(people: list[Any], spotify: FakeSpotify, source: str) -> None:
    for number, user in enumerate(people):
        MAKE[source](user, spotify.add_user(f"spotify {number}"), spotify)

    [chunk] = SOURCES[source]("spotify", [people[1].pk, people[3].pk])

    assert [row.user_id for row in chunk] == [people[1].pk, people[3].pk]
    assert list(SOURCES[source]("spotify", [])) == []


@each_source
def test_an_app_that_is_not_installed(settings: Any, source: str) -> None:
    settings.INSTALLED_APPS = [app for app in django_settings.INSTALLED_APPS if app not in APPS]

    with pytest.raises(SourceMissing, match="INSTALLED_APPS"):
        next(SOURCES[source]("spotify", None))
