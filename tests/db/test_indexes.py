# Models that live for one test are beyond the checkers.
# ruff: noqa: DJ008
# mypy: disable-error-code="attr-defined, call-arg, misc"
from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, isolate_apps

from django_spotify_sync.db import indexes
from django_spotify_sync.db.indexes import CompositeHashIndex, matching, matching_any
from django_spotify_sync.models import Playlist, PlaylistItem, SavedTrack, SpotifyAccount

ON_POSTGRESQL = connection.vendor == "postgresql"
LONG = 10_000  # characters; a B-tree of PostgreSQL refuses what is longer than 2,704 bytes


# The index


def definition(name: str) -> str:
    """Return the SQL of an index as the database has it."""
    query = (
        "SELECT indexdef FROM pg_indexes WHERE indexname = %s"
        if ON_POSTGRESQL
        else "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [name])
        [(sql,)] = cursor.fetchall()
    return str(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("spotify_sync_saved_hash", ("account_id", "spotify_id")),
        ("spotify_sync_item_hash", ("playlist_id", "uri")),
    ],
)
def test_it_is_a_hash_where_there_are_hashes_and_composite_elsewhere(name, columns):
    sql = definition(name)

    integer, text = columns
    if ON_POSTGRESQL:
        assert f"USING hash (hashtextextended({text}" in sql.replace("(spotify_id)", "spotify_id")
        assert sql.endswith(f", {integer}))")
    else:
        assert sql.endswith(f'("{integer}", "{text}")')


def test_its_path_in_migrations_is_frozen():
    index = CompositeHashIndex(fields=["a", "b"], name="i")

    assert index.deconstruct() == (
        "django_spotify_sync.db.indexes.CompositeHashIndex",
        (),
        {"fields": ["a", "b"], "name": "i"},
    )
    assert index.clone() == index


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# The very queries that use it


def plan_of(do: Callable[[], object]) -> str:
    """Do what sends one query, and return how the database goes about it."""
    with CaptureQueriesContext(connection) as captured:
        do()
    [query] = captured.captured_queries
    explain = "EXPLAIN (FORMAT JSON) " if ON_POSTGRESQL else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        cursor.execute(explain + query["sql"])
        return json.dumps(cursor.fetchall(), default=str)


def assert_uses(plan: str, index: str) -> None:
    assert index in plan, plan
    assert "Seq Scan" not in plan
    assert "SCAN" not in plan.replace("SCAN json_each", "")


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.fixture
def accounts(user: Any, other_user: Any) -> list[SpotifyAccount]:
    now = datetime.now(UTC)
    return [
        SpotifyAccount.objects.create(
            user=owner, spotify_id=owner.username, authorized_at=now, reauthorize_by=now
        )
        for owner in (user, other_user)
    ]


@pytest.fixture
def saved(accounts: list[SpotifyAccount]) -> list[str]:
    """Save some thousands of tracks for two accounts; return the ids of the first one's."""
    ids = [f"track{number:017}" for number in range(3000)]
    SavedTrack.objects.bulk_create(
        SavedTrack(account=account, spotify_id=spotify_id, rank=rank)
        for account, its in zip(accounts, (ids, ids[1000:]), strict=True)
        for rank, spotify_id in enumerate(its)
    )
    analyze()
    return ids


@pytest.mark.parametrize("how_many", [1, 50, 1000])
def test_asking_what_is_saved_uses_it(accounts, saved, how_many):
    asked = saved[:how_many]

    plan = plan_of(lambda: SavedTrack.objects.contains(accounts[0], asked))

    assert_uses(plan, "spotify_sync_saved_hash")


def test_contains_answers_rightly(accounts, saved, django_assert_num_queries):
    ada, grace = accounts
    asked = [*saved[990:1010], "never", "", saved[1000].upper(), saved[995]]

    with django_assert_num_queries(1):
        assert SavedTrack.objects.contains(ada, asked) == set(saved[990:1010])
    assert SavedTrack.objects.contains(grace, asked) == set(saved[1000:1010])
    assert SavedTrack.objects.filter(rank__lt=995).contains(ada, asked) == set(saved[990:995])
    with django_assert_num_queries(1):
        assert SavedTrack.objects.contains(ada, saved[:1500]) == set(saved[:1500])
    assert SavedTrack.objects.exclude(rank=1).contains(grace, [saved[999], saved[1001]]) == set()
    with django_assert_num_queries(0):
        assert SavedTrack.objects.contains(ada, []) == set()


@pytest.fixture
def playlist(db: None) -> Playlist:
    """Give a playlist of some thousands of items among which URIs of all lengths are."""
    playlist, other = (Playlist.objects.create(spotify_id=name) for name in "po")
    for owner in (playlist, other):
        PlaylistItem.objects.bulk_create(
            PlaylistItem(playlist=owner, position=position, kind="track", uri=uri_of(position))
            for position in range(2000)
        )
    analyze()
    return playlist


def uri_of(position: int) -> str:
    return f"spotify:track:{position:022}"


def items_with(playlist: Playlist, uri: str | None) -> list[int]:
    condition = matching(
        "spotify_sync_item_hash", PlaylistItem, {"playlist_id": playlist.pk, "uri": uri}
    )
    found = PlaylistItem.objects.filter(condition).order_by("position")
    return list(found.values_list("position", flat=True))


def test_looking_up_an_item_uses_it(playlist):
    plan = plan_of(lambda: items_with(playlist, uri_of(77)))

    assert_uses(plan, "spotify_sync_item_hash")


def test_items_are_found_by_their_whole_key(playlist):
    assert items_with(playlist, uri_of(77)) == [77]
    assert items_with(playlist, uri_of(2000)) == []
    assert items_with(playlist, "") == []


def test_uris_of_any_length_are_stored_and_found(playlist):
    # of chance, so that they cannot be stored compressed
    long = [f"spotify:local:{secrets.token_hex(LONG // 2)}" for _ in range(2)]
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=playlist, position=2000 + index, kind="local", uri=uri)
        for index, uri in enumerate([*long, long[0], "ü'\"%s\\ 🎵"])
    )

    assert items_with(playlist, long[0]) == [2000, 2002]
    assert items_with(playlist, long[1]) == [2001]
    assert items_with(playlist, long[0] + "x") == []
    assert items_with(playlist, "ü'\"%s\\ 🎵") == [2003]
    assert_uses(plan_of(lambda: items_with(playlist, long[0])), "spotify_sync_item_hash")


def test_what_does_not_match_can_be_asked_for_as_well(playlist):
    condition = matching(
        "spotify_sync_item_hash", PlaylistItem, {"playlist_id": playlist.pk, "uri": uri_of(5)}
    )

    assert PlaylistItem.objects.exclude(condition).count() == 2 * 2000 - 1
    assert PlaylistItem.objects.filter(condition | models.Q(position=7)).count() == 3


# Tables of our own


@pytest.fixture
def create(transactional_db: None) -> Iterator[Callable[[type[models.Model]], None]]:
    """Create tables of models that only one test has, and drop them again."""
    created: list[type[models.Model]] = []

    def made(model: type[models.Model]) -> None:
        with connection.schema_editor() as editor:
            editor.create_model(model)
        created.append(model)

    yield made
    for model in created:
        with connection.schema_editor() as editor:
            editor.delete_model(model)


def rows_of(model: Any, **values: Any) -> list[int]:
    condition = matching("host_fold", model, values)
    return list(model.objects.filter(condition).order_by("pk").values_list("pk", flat=True))


@isolate_apps("tests.host")
def test_a_collision_never_answers_wrongly(create, monkeypatch):
    class Collides(models.Model):
        a = models.IntegerField()
        b = models.TextField()

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=["a", "b"], name="host_fold")]

    fold = indexes._fold
    monkeypatch.setattr(indexes, "_fold", lambda columns: f"({fold(columns)} & 0)")
    create(Collides)
    pks = [Collides.objects.create(a=a, b=b).pk for a in (1, 2) for b in ("x", "y")]

    assert rows_of(Collides, a=1, b="x") == [pks[0]]
    assert rows_of(Collides, a=2, b="y") == [pks[3]]
    assert rows_of(Collides, a=3, b="x") == []


@isolate_apps("tests.host")
def test_null_is_never_found(create):
    class Nullable(models.Model):
        a = models.IntegerField(null=True)
        b = models.TextField(null=True)

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=["a", "b"], name="host_fold")]

    create(Nullable)
    for a in (1, None):
        for b in ("x", None):
            Nullable.objects.create(a=a, b=b)

    assert len(rows_of(Nullable, a=1, b="x")) == 1
    assert rows_of(Nullable, a=None, b="x") == []
    assert rows_of(Nullable, a=1, b=None) == []
    assert rows_of(Nullable, a=None, b=None) == []
    assert (
        Nullable.objects.exclude(matching("host_fold", Nullable, {"a": 1, "b": "x"})).count() == 3
    )


@isolate_apps("tests.host")
@pytest.mark.parametrize(
    "fields",
    [["text", "small"], ["text", "other"], ["small", "big"], ["big", "text", "small", "other"]],
)
def test_any_order_and_number_of_columns_nest(create, fields):
    class Wide(models.Model):
        small = models.SmallIntegerField()
        big = models.BigIntegerField()
        text = models.TextField()
        other = models.CharField(max_length=20)

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=fields, name="host_fold")]

    create(Wide)
    values = {"small": -7, "big": 2**62, "text": "x" * LONG, "other": "o'"}
    differing = {"small": 7, "big": -(2**62), "text": "x" * (LONG - 1), "other": "o"}
    wanted = Wide.objects.create(**values)
    for name in values:
        Wide.objects.create(**{**values, name: differing[name]})

    found = rows_of(Wide, **{name: values[name] for name in fields})

    assert wanted.pk in found
    assert len(found) == 1 + len(values) - len(fields)


@isolate_apps("tests.host")
def test_odd_names_are_quoted(create):
    class Odd(models.Model):
        order = models.IntegerField(db_column="Order By")
        select = models.TextField(db_column="select")

        class Meta:
            app_label = "host"
            db_table = "Host ODD table"
            indexes = [CompositeHashIndex(fields=["order", "select"], name="host_fold")]

    create(Odd)
    row = Odd.objects.create(order=1, select="x")

    assert rows_of(Odd, order=1, select="x") == [row.pk]


@pytest.mark.postgres  # SQLite renames in the table, and Django forgets the index that is to come
@isolate_apps("tests.host")
def test_it_follows_what_is_renamed_before_its_migration_ends(transactional_db):
    class Early(models.Model):
        a = models.IntegerField()
        b = models.TextField()

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=["a", "b"], name="host_fold")]

    renamed = models.TextField(db_column="renamed")
    renamed.set_attributes_from_name("b")
    renamed.model = Early
    with connection.schema_editor() as editor:
        editor.create_model(Early)
        editor.alter_field(Early, Early._meta.get_field("b"), renamed)
        editor.alter_db_table(Early, "host_early", "host_late")

    try:
        assert "renamed" in definition("host_fold")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE host_late")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_it_can_be_added_and_removed_while_others_write():
    index = CompositeHashIndex(fields=["playlist", "uri"], name="host_concurrent")

    with connection.schema_editor(atomic=False, collect_sql=False) as editor:
        sql = str(index.create_sql(PlaylistItem, editor, concurrently=True))
        editor.add_index(PlaylistItem, index, concurrently=True)
        definition("host_concurrent")
        editor.remove_index(PlaylistItem, index, concurrently=True)

    assert sql.startswith('CREATE INDEX CONCURRENTLY "host_concurrent" ON')


# Wrong uses


@pytest.mark.parametrize(
    ("fields", "words"),
    [([], "two fields or more"), (["a"], "Django has HashIndex"), (["a", "-b"], "take the minus")],
)
def test_what_makes_no_sense_is_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        CompositeHashIndex(fields=fields, name="i")


@isolate_apps("tests.host")
@pytest.mark.parametrize(
    "kind",
    [
        models.FloatField,
        models.UUIDField,
        models.DateTimeField,
        models.BooleanField,
        models.JSONField,
    ],
)
def test_what_cannot_be_folded_is_refused_by_every_database(transactional_db, kind):
    class Unfit(models.Model):
        a = models.IntegerField()
        b = kind()

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=["a", "b"], name="host_fold")]

    words = f"folds integers and texts; b is a {kind.__name__}"
    with pytest.raises(TypeError, match=words), connection.schema_editor() as editor:
        Unfit._meta.indexes[0].create_sql(Unfit, editor)
    with pytest.raises(TypeError, match=words):
        matching("host_fold", Unfit, {"a": 1, "b": 1})


def test_a_field_that_is_not_there_is_named(transactional_db):
    index = CompositeHashIndex(fields=["playlist", "url"], name="host_fold")

    with (
        pytest.raises(FieldDoesNotExist, match="no column for url"),
        connection.schema_editor() as editor,
    ):
        index.create_sql(PlaylistItem, editor)


@pytest.mark.parametrize("name", ["spotify_sync_item_position", "no_such_index"])
def test_only_a_composite_hash_is_looked_up_by(name):
    with pytest.raises(LookupError, match=f"PlaylistItem has no CompositeHashIndex '{name}'"):
        matching(name, PlaylistItem, {"playlist_id": 1, "uri": "x"})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"uri": "x"},
        {"playlist": 1, "uri": "x"},
        {"playlist_id": 1, "uri": "x", "kind": "track"},
    ],
)
def test_all_of_its_fields_are_asked_for_by_their_columns(values):
    with pytest.raises(LookupError, match="takes playlist_id, uri"):
        matching("spotify_sync_item_hash", PlaylistItem, values)


@pytest.mark.django_db
def test_one_of_many_is_found_in_one_term(playlist):
    uris = [*PlaylistItem.objects.filter(playlist=playlist).values_list("uri", flat=True)[:5]]
    found = PlaylistItem.objects.filter(
        matching_any(
            "spotify_sync_item_hash",
            PlaylistItem,
            {"playlist_id": playlist.pk},
            uri=[*uris, "none"],
        )
    )

    assert {item.uri for item in found} == set(uris)
    assert {item.playlist_id for item in found} == {playlist.pk}


@pytest.mark.django_db
def test_one_of_many_can_be_joined_with_other_conditions(playlist):
    uris = [uri_of(1), uri_of(2)]
    among = matching_any(
        "spotify_sync_item_hash", PlaylistItem, {"playlist_id": playlist.pk}, uri=uris
    )

    assert PlaylistItem.objects.exclude(among).count() == 2 * 2000 - 2
    assert PlaylistItem.objects.filter(among | models.Q(position=7)).count() == 4
    lists = Playlist.objects.filter(items__in=PlaylistItem.objects.filter(among))
    assert set(lists.values_list("spotify_id", flat=True)) == {"p"}


@isolate_apps("tests.host")
def test_the_many_may_stand_in_any_field_and_be_integers(create):
    class Sung(models.Model):
        a = models.TextField(null=True)
        b = models.IntegerField(null=True)
        c = models.TextField(null=True)

        class Meta:
            app_label = "host"
            indexes = [CompositeHashIndex(fields=["a", "b", "c"], name="host_fold")]

    create(Sung)
    for a in ("x", "it's", None):
        for b in (1, 2, None):
            Sung.objects.create(a=a, b=b, c="y")

    def found(given: dict[str, Any], **many: list[Any]) -> set[Any]:
        condition = matching_any("host_fold", Sung, given, **many)
        return set(Sung.objects.filter(condition).values_list("a", "b"))

    assert found({"a": "x", "c": "y"}, b=[1, 2, 3]) == {("x", 1), ("x", 2)}
    assert found({"b": 1, "c": "y"}, a=["x", "it's", "none"]) == {("x", 1), ("it's", 1)}
    assert found({"a": "x", "b": 1}, c=["y", "y"]) == {("x", 1)}
    assert found({"a": "x", "b": 1}, c=["Y"]) == set()


@pytest.mark.django_db
def test_one_of_none_is_nothing():
    nothing = matching_any("spotify_sync_item_hash", PlaylistItem, {"playlist_id": 1}, uri=[])

    assert not PlaylistItem.objects.filter(nothing).exists()
    with pytest.raises(LookupError, match="takes playlist_id, uri"):
        matching_any("spotify_sync_item_hash", PlaylistItem, {"position": 1}, uri=["x"])
