"""Trigram indexes: there where they can be, and nothing fails where they cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.db.trigrams import add_trigram_index, remove_trigram_index
from django_spotify_sync.models import Album, Artist, Playlist, SavedTrack, Track
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of

NAME = "spotify_sync_artist_folded"
ALL = {f"spotify_sync_{one}_folded" for one in ("album", "artist", "playlist", "track")}


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def ask(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def indexes() -> dict[str, str]:
    """Return the definition of each index on folded names."""
    return dict(
        ask(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename LIKE 'spotify\\_sync\\_%' AND indexdef LIKE '%folded%'"
        )
    )


def add() -> bool:
    return add_trigram_index(connection, Artist, "folded", NAME)


@pytest.mark.django_db
def test_a_database_without_trigrams_has_none():
    if connection.vendor == "postgresql":
        execute("DROP EXTENSION pg_trgm CASCADE", "CREATE ROLE plain", "SET LOCAL ROLE plain")

    assert add() is False
    if connection.vendor == "postgresql":
        execute("RESET ROLE")
    assert Artist.objects.filter(folded__contains="ü").count() == 0, "the transaction goes on"


@pytest.mark.postgres
@pytest.mark.django_db
def test_migrations_made_them():
    assert indexes().keys() == ALL
    for name, definition in indexes().items():
        assert "USING gin (folded" in definition, name
        assert "gin_trgm_ops" in definition, name


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_extension_is_created_where_that_is_allowed():
    execute("DROP EXTENSION pg_trgm CASCADE")
    assert indexes() == {}

    assert add() is True
    assert indexes().keys() == {NAME}


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_extension_may_be_in_any_schema():
    execute("DROP EXTENSION pg_trgm CASCADE", 'CREATE SCHEMA "Else where"')
    execute('CREATE EXTENSION pg_trgm SCHEMA "Else where"')

    assert add() is True
    assert '"Else where".gin_trgm_ops' in indexes()[NAME]


@pytest.mark.postgres
@pytest.mark.django_db
def test_it_may_be_made_again_and_be_removed_again():
    assert add() is True
    remove_trigram_index(connection, NAME)
    remove_trigram_index(connection, NAME)

    assert indexes().keys() == ALL - {NAME}


@pytest.fixture
def table(transactional_db: None) -> Iterator[None]:
    yield
    add()


@pytest.mark.postgres
def test_it_is_made_beside_who_writes_the_table(table):
    remove_trigram_index(connection, NAME)

    with CaptureQueriesContext(connection) as captured:
        add()

    assert [one for one in captured if "CREATE INDEX CONCURRENTLY" in one["sql"]]
    assert indexes().keys() == ALL


@pytest.mark.postgres
def test_one_that_was_left_half_made_is_made_anew(table):
    valid = f"SELECT indisvalid FROM pg_index WHERE indexrelid = '{NAME}'::regclass"
    execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{NAME}'::regclass")
    assert ask(valid) == [(False,)]

    add()

    assert ask(valid) == [(True,)]


# Which queries use them


def plan_of(rows: QuerySet) -> str:
    return str(rows.explain(format="json"))


@pytest.fixture
def catalogue(user) -> Client:
    """Make 20,000 of everything, of which the user has saved 2,000; return their browser."""
    numbers, rare = range(20_000), 7_777
    names = ["Für Zanzibar" if n == rare else f"Some name {n * 7919 % 20_011}" for n in numbers]
    Artist.objects.bulk_create([Artist(spotify_id=f"{n}", name=names[n]) for n in numbers])
    Playlist.objects.bulk_create([Playlist(spotify_id=f"{n}", name=names[n]) for n in numbers])
    albums = Album.objects.bulk_create([Album(spotify_id=f"{n}", name=names[n]) for n in numbers])
    tracks = Track.objects.bulk_create(
        [Track(spotify_id=f"{n}", name=names[n], album=albums[n]) for n in numbers]
    )
    account = account_of(user)
    SavedTrack.objects.bulk_create(
        SavedTrack(account=account, track=tracks[n], spotify_id=f"{n}", rank=n, added_at=EPOCH)
        for n in range(rare - 1_000, rare + 1_000)
    )
    execute(*(f"SELECT gin_clean_pending_list('{name}')" for name in ALL), "ANALYZE")
    return browser_of(user)


@pytest.mark.postgres
@pytest.mark.exhaustive
@pytest.mark.django_db
def test_a_word_is_found_by_its_index(catalogue):
    for model in (Artist, Album, Track, Playlist):
        rows = model.objects.filter(folded__contains="ZANZIBÁR")
        assert f"spotify_sync_{model._meta.model_name}_folded" in plan_of(rows), model
        assert [row.name for row in rows] == ["Für Zanzibar"]


@pytest.mark.postgres
@pytest.mark.exhaustive
@pytest.mark.django_db
def test_a_rare_word_is_found_by_it_in_a_library_too(catalogue):
    with CaptureQueriesContext(connection) as captured:
        page = catalogue.get("/spotify/tracks/", {"search": "fur zanzibar"}).json()

    assert [track["name"] for track in page["results"]] == ["Für Zanzibar"]
    [sql] = [one["sql"] for one in captured if "added_at" in one["sql"] and "LIMIT" in one["sql"]][
        :1
    ]
    plan = json.dumps(ask(f"EXPLAIN (FORMAT JSON) {sql}"))
    assert "spotify_sync_track_folded" in plan
