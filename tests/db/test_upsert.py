from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.db import upsert as upsert_module
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.upsert import Counts, overwrite, update, upsert
from django_spotify_sync.models import Album, Artist, Track

pytestmark = pytest.mark.django_db


def artist(number: int | str, **values: Any) -> dict[str, Any]:
    key = number if isinstance(number, str) else f"artist{number:05}"
    row = {"spotify_id": key, "name": f"Name {key}", "image_url": "https://i.test", "genres": ["a"]}
    return row | values


def write(rows: list[dict[str, Any]], batch_size: int = 100) -> tuple[dict[str, int], Counts]:
    return write_of(Artist, rows, batch_size)


def write_of(
    model: type[Model], rows: list[dict[str, Any]], batch_size: int = 100
) -> tuple[dict[str, int], Counts]:
    names = list(rows[0]) if rows else ["spotify_id"]
    values = [tuple(row[name] for name in names) for row in rows]
    return upsert(model, names, values, using="default", batch_size=batch_size)


def names() -> dict[str, str]:
    return dict(Artist.objects.values_list("spotify_id", "name"))


@pytest.fixture
def statements() -> Callable[[], CaptureQueriesContext]:
    """Capture what is executed, savepoints left out."""
    return lambda: CaptureQueriesContext(connection)


def kinds(captured: CaptureQueriesContext) -> list[str]:
    words = [query["sql"].split()[0] for query in captured.captured_queries]
    return [word for word in words if word not in {"BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"}]


# Counts


def test_rows_are_created_updated_and_left_alone():
    write([artist(1), artist(2), artist(3)])

    ids, counts = write([artist(2), artist(3, name="Changed"), artist(4)])

    assert counts == Counts(created=1, updated=1, unchanged=1)
    assert names() == {
        "artist00001": "Name artist00001",
        "artist00002": "Name artist00002",
        "artist00003": "Changed",
        "artist00004": "Name artist00004",
    }
    assert ids == dict(
        Artist.objects.exclude(spotify_id="artist00001").values_list("spotify_id", "pk")
    )


def test_nothing_is_nothing(statements):
    with statements() as captured:
        assert write([]) == ({}, Counts())

    assert kinds(captured) == []


def test_counts_add_up():
    assert Counts(1, 2, 3, 4) + Counts(10, 20, 30, 40) == Counts(11, 22, 33, 44)


def test_none_never_wipes_what_is_stored(statements):
    write([artist(1)])

    with statements() as captured:
        _, counts = write([artist(1, name=None, image_url=None, genres=None)])

    row = Artist.objects.get()
    assert (row.name, row.image_url, row.genres) == ("Name artist00001", "https://i.test", ["a"])
    assert counts == Counts(unchanged=1)
    assert kinds(captured) == ["SELECT"]


def test_what_is_empty_does_wipe():
    write([artist(1)])

    write([artist(1, name="", genres=[])])

    row = Artist.objects.get()
    assert (row.name, row.image_url, row.genres) == ("", "https://i.test", [])


def test_a_new_row_has_defaults_where_the_source_gave_nothing():
    write([artist(1, name=None, image_url=None, genres=None)])

    row = Artist.objects.get()
    assert (row.name, row.image_url, row.genres) == ("", "", [])


def test_a_false_and_a_zero_are_values():
    for duration, explicit in ((5, True), (0, False)):
        rows = [{"spotify_id": "t", "name": "n", "duration_ms": duration, "explicit": explicit}]
        write_of(Track, rows)

    assert Track.objects.values_list("duration_ms", "explicit").get() == (0, False)


def test_foreign_keys_are_written_by_their_column():
    album = Album.objects.create(spotify_id="a")
    for album_id in (None, album.pk, None):
        rows = [{"spotify_id": "t", "album_id": album_id}]
        write_of(Track, rows)

    assert Track.objects.get().album == album


# Statements


def test_an_unchanged_table_is_only_read(statements):
    rows = [artist(number) for number in range(250)]
    write(rows)

    with statements() as captured:
        ids, counts = write(rows, batch_size=100)

    assert kinds(captured) == ["SELECT"] * 3
    assert counts == Counts(unchanged=250)
    assert len(ids) == 250


@pytest.mark.parametrize(("rows", "batches"), [(50, 1), (100, 1), (101, 2), (400, 4)])
def test_statements_grow_by_batch_and_not_by_row(statements, rows, batches):
    with statements() as first:
        write([artist(number) for number in range(rows)])
    with statements() as second:
        write([artist(number, name="Changed") for number in range(rows)])

    # look up; an INSERT gives the keys back
    assert kinds(first) == ["SELECT", "INSERT"] * batches
    # look up all; then lock (where there are locks) and update each batch
    lock = ["SELECT"] if connection.features.has_select_for_update else []
    assert kinds(second) == ["SELECT"] * batches + [*lock, "UPDATE"] * batches


def test_update_writes_rows_that_change_in_the_same_fields_together(statements):
    ids, _ = write([artist(number) for number in range(6)])
    pks = list(ids.values())
    changes: list[tuple[int, dict[str, Any]]] = [
        (pks[0], {"name": "A"}),
        (pks[1], {"name": "B", "genres": ["b"]}),
        (pks[2], {"name": "C"}),
        (pks[3], {"genres": ["d"], "name": "D"}),
        (pks[4], {"image_url": "https://e.test"}),
    ]

    with statements() as captured:
        update(Artist, changes, using="default", batch_size=100)

    assert kinds(captured) == ["UPDATE"] * 3
    assert list(Artist.objects.order_by("pk").values_list("name", "genres", "image_url")) == [
        ("A", ["a"], "https://i.test"),
        ("B", ["b"], "https://i.test"),
        ("C", ["a"], "https://i.test"),
        ("D", ["d"], "https://i.test"),
        ("Name artist00004", ["a"], "https://e.test"),
        ("Name artist00005", ["a"], "https://i.test"),
    ]


def test_update_goes_by_batch(statements):
    ids, _ = write([artist(number) for number in range(25)])

    with statements() as captured:
        update(Artist, [(pk, {"name": "A"}) for pk in ids.values()], using="default", batch_size=10)

    assert kinds(captured) == ["UPDATE"] * 3


def test_update_of_nothing_is_no_statement(statements):
    with statements() as captured:
        update(Artist, [], using="default", batch_size=10)

    assert kinds(captured) == []


def test_columns_are_written_over_by_batch_and_no_other_row(statements):
    ids, _ = write([artist(number) for number in range(250)])
    wanted = {pk: f"New {pk}" for pk in list(ids.values())[::2]}
    before = dict(Artist.objects.values_list("pk", "name"))

    with statements() as captured:
        overwrite(Artist, ("id", "name"), wanted.items(), using="default", batch_size=100)
        overwrite(Artist, ("id", "name"), [], using="default", batch_size=100)

    assert kinds(captured) == ["UPDATE"] * 2
    assert dict(Artist.objects.values_list("pk", "name")) == before | wanted
    assert set(Artist.objects.values_list("image_url", flat=True)) == {"https://i.test"}


def test_delete_goes_by_sql_alone(statements):
    ids, _ = write([artist(number) for number in range(25)])
    pks = list(ids.values())

    with statements() as captured:
        removed = delete_rows(Artist.objects.using("default"), [*pks[:22], 10**9], batch_size=10)

    assert removed == 22
    assert kinds(captured) == ["DELETE"] * 3
    assert sorted(Artist.objects.values_list("pk", flat=True)) == sorted(pks[22:])


def test_delete_does_not_leave_its_queryset():
    ids, _ = write([artist(1), artist(2)])

    removed = delete_rows(
        Artist.objects.filter(spotify_id="artist00001"), list(ids.values()), batch_size=10
    )

    assert removed == 1
    assert list(names()) == ["artist00002"]


def test_delete_of_nothing_is_no_statement(statements):
    with statements() as captured:
        assert delete_rows(Artist.objects.all(), [], batch_size=10) == 0

    assert kinds(captured) == []


# Beside other writers


@pytest.fixture
def in_between(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen after the first look-up, as if another writer had been there."""

    def arrange(happens: Callable[[], object]) -> None:
        look, looks = upsert_module._stored, iter([True])

        def looked(*args: Any) -> Any:
            found = look(*args)
            if next(looks, False):
                happens()
            return found

        monkeypatch.setattr(upsert_module, "_stored", looked)

    return arrange


def test_a_row_that_somebody_creates_meanwhile_is_brought_up_to_date(in_between):
    in_between(lambda: Artist.objects.create(spotify_id="artist00001", name="Theirs"))

    ids, counts = write([artist(1), artist(2)])

    assert names() == {"artist00001": "Name artist00001", "artist00002": "Name artist00002"}
    assert ids["artist00001"] == Artist.objects.get(spotify_id="artist00001").pk
    assert counts.created + counts.updated + counts.unchanged == 2
    assert min(counts.created, counts.updated, counts.unchanged) >= 0


def test_a_row_that_goes_away_at_once_asks_for_another_attempt(monkeypatch):
    monkeypatch.setattr(upsert_module, "_stored", lambda *args: {})
    monkeypatch.setattr(upsert_module, "_insert", lambda *args: {})

    with pytest.raises(IntegrityError, match="removed"):
        write([artist(1)])


@pytest.fixture
def in_threads() -> Callable[..., list[Any]]:
    """Do things at once, each in a thread with a connection and a transaction of its own."""

    def run(*works: Callable[[], Any]) -> list[Any]:
        begin = threading.Barrier(len(works))

        def worked(work: Callable[[], Any]) -> Any:
            try:
                begin.wait(20)
                with transaction.atomic(durable=True):
                    return work()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(works)) as pool:
            return [future.result() for future in [pool.submit(worked, work) for work in works]]

    return run


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_rows_neither_double_nor_block_each_other_for_ever(in_threads):
    # In opposite orders, with other batches, and with different fields that changed: all that makes locks cross.
    write([artist(number) for number in range(0, 300, 2)])
    forward = [artist(number, name="Forward") for number in range(300)]
    backward = [artist(number, image_url="https://b.test") for number in reversed(range(300))]
    mixed = [
        artist(number, **({"name": "Mixed"} if number % 3 else {"genres": ["m"]}))
        for number in range(0, 300, 3)
    ]

    for _ in range(5):
        results = in_threads(
            lambda: write(forward, batch_size=70),
            lambda: write(backward, batch_size=37),
            lambda: write(mixed, batch_size=11),
        )

    assert Artist.objects.count() == 300
    everybody = dict(Artist.objects.values_list("spotify_id", "pk"))
    for ids, counts in results:
        assert ids.items() <= everybody.items()
        assert counts.created == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_writers_meet_in_the_order_of_the_keys_whatever_order_the_rows_lie_in(in_threads):
    """Two writers change the same rows in different fields, one statement for each: the groups come crosswise."""
    keys = [f"k{number:04}" for number in range(400)]
    # later keys have earlier primary keys, and upper case sorts differently in most languages
    for key in reversed(keys):
        Artist.objects.create(spotify_id=key.upper() if int(key[1:]) % 2 else key)
    rows = sorted(names())

    def half(odd: bool, name: str) -> list[dict[str, Any]]:
        return [
            {"spotify_id": key, "name": name, "image_url": None}
            if (index % 2) == odd
            else {"spotify_id": key, "name": None, "image_url": name}
            for index, key in enumerate(rows)
        ]

    for attempt in range(10):
        in_threads(
            lambda: write(half(True, f"a{attempt}"), batch_size=400),  # noqa: B023
            lambda: write(half(False, f"b{attempt}"), batch_size=150),  # noqa: B023
        )

    assert Artist.objects.count() == 400
    assert Artist.objects.filter(name="").count() == 0
