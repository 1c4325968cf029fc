"""What was stored before names were folded is found afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from django_spotify_sync.db import folded as module
from django_spotify_sync.models import Album, Artist, Playlist, PlaylistItem, Track
from tests.whole.test_hosts import in_a_process

APP = "spotify_sync"
BEFORE, COLUMNS, FILLED = "0001_initial", "0002_folded_names", "0003_fold_names"


def migrate(to: str) -> Any:
    """Migrate our app to a state; return its models as they are then."""
    executor = MigrationExecutor(connection)
    executor.migrate([(APP, to)])
    return MigrationExecutor(connection).loader.project_state([(APP, to)]).apps


def latest() -> str:
    [(_, name)] = MigrationExecutor(connection).loader.graph.leaf_nodes(APP)
    return str(name)


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """Give the models of before, and put all back as it was."""
    yield migrate(BEFORE)
    migrate(latest())


def store(apps: Any) -> None:
    """Write a few rows of each kind."""
    names = ["Édith", "e\u0301tude", "ТЫСЯЧА", "Четвёртый", "", "Plain"]
    for kind in ("Artist", "Album", "Track"):
        model = apps.get_model(APP, kind)
        model.objects.bulk_create(
            [model(spotify_id=f"{n}", name=name) for n, name in enumerate(names)]
        )
    playlist = apps.get_model(APP, "Playlist").objects.create(
        spotify_id="p", name="Für", owner_name="Zoë"
    )
    item = apps.get_model(APP, "PlaylistItem")
    item.objects.create(playlist=playlist, position=0, kind="local", title="Für", subtitle="Zoë")
    item.objects.create(playlist=playlist, position=1, kind="unavailable")


FOLDED = ["edith", "etude", "тысяча", "четвертыи", "", "plain"]


def stored(model: Any) -> list[str]:
    return list(model.objects.order_by("pk").values_list("folded", flat=True))


def test_rows_are_filled(before):
    store(before)

    migrate(FILLED)

    for model in (Artist, Album, Track):
        assert stored(model) == FOLDED
    assert stored(Playlist) == ["fur zoe"]
    assert stored(PlaylistItem) == ["fur zoe", ""]


def test_a_migration_that_was_interrupted_goes_on(before, monkeypatch, settings):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 2
    store(before)
    fold_free, calls = module._fold_free, []

    def interrupted(rows, field):
        calls.append(rows)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fold_free(rows, field)

    with monkeypatch.context() as patch:
        patch.setattr(module, "_fold_free", interrupted)
        with pytest.raises(KeyboardInterrupt):
            migrate(FILLED)
    assert stored(Artist) == [*FOLDED[:4], "", ""]
    done = MigrationExecutor(connection).loader.applied_migrations
    assert (APP, COLUMNS) in done
    assert (APP, FILLED) not in done

    migrate(FILLED)

    for model in (Artist, Album, Track):
        assert stored(model) == FOLDED


def test_a_release_that_does_not_know_the_column_goes_on_writing(before):
    """While one is deployed, workers of both write."""
    artist = before.get_model(APP, "Artist")
    migrate(latest())

    artist.objects.create(spotify_id="a", name="Ä")
    artist.objects.bulk_create([artist(spotify_id="b", name="Ö")])

    assert stored(Artist) == ["", ""]
    assert module.fold_rows(Artist, using="default", batch_size=10) == 2
    assert stored(Artist) == ["a", "o"]


# Its indexes, on PostgreSQL

INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'spotify%folded'"


def indexes() -> dict[str, str]:
    """Return them as migrations made them."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        return dict(cursor.fetchall())


@pytest.mark.postgres
def test_all_of_it_can_be_undone(before):
    migrate(latest())
    made = indexes()
    migrate(COLUMNS)

    assert (len(made), indexes()) == (4, {})
    migrate(BEFORE)
    migrate(latest())
    assert indexes() == made


MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("migrate", check_unapplied=True, verbosity=0)
"""


@pytest.fixture
def restricted(transactional_db: None) -> Iterator[dict[str, Any]]:
    """Give the settings of a new database whose user may make tables, and no more."""
    name, role = f"{connection.settings_dict['NAME']}_plain", "plain"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} LOGIN")
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        with superuser_in(name) as cursor:
            cursor.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
        kept = ("ENGINE", "HOST", "PORT", "PASSWORD")
        settings = {key: connection.settings_dict[key] for key in kept}
        yield {**settings, "NAME": name, "USER": role}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            cursor.execute(f"DROP ROLE {role}")


@contextmanager
def superuser_in(database: str) -> Iterator[Any]:
    """Connect to another database as who may do everything."""
    given = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in ("user", "password", "host", "port")
    }
    with psycopg.connect(**given, dbname=database, autocommit=True) as its, its.cursor() as cursor:
        yield cursor


@pytest.mark.postgres
def test_who_may_not_create_the_extension_migrates_and_can_have_the_indexes_later(restricted):
    in_a_process(MIGRATE, DATABASES={"default": restricted})

    with superuser_in(restricted["NAME"]) as cursor:
        assert cursor.execute(INDEXES).fetchall() == []
        for statement in later():
            cursor.execute(statement)
        assert dict(cursor.execute(INDEXES).fetchall()) == indexes()


def later() -> list[str]:
    """Return the statements that the documentation gives for it."""
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "production.md").read_text()
    [block] = re.findall(r"```sql\n(CREATE EXTENSION.*?)```", text, re.DOTALL)
    return [one for one in block.split(";") if one.strip()]
