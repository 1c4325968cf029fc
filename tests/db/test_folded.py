"""The column with what search looks for: who fills it, who asks it, and how rows of before are filled."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.db import folded as module
from django_spotify_sync.db.folded import LONGEST, FoldedField, fold_all, fold_rows
from django_spotify_sync.db.upsert import insert, update, upsert
from django_spotify_sync.models import Album, Artist, Playlist, PlaylistItem, Track

pytestmark = pytest.mark.django_db

USING = {"using": "default", "batch_size": 2}


def artists() -> list[str]:
    return list(Artist.objects.order_by("pk").values_list("folded", flat=True))


# Rows become columns


def test_a_row_that_is_saved_is_folded():
    artist = Artist.objects.create(spotify_id="a", name="Édith Piaf")
    assert artist.folded == "edith piaf"

    artist.name = "Für"
    artist.save()
    assert artists() == ["fur"]


def test_rows_that_are_written_in_bulk_are_folded():
    Artist.objects.bulk_create([Artist(spotify_id=name, name=name) for name in ("Ä", "Ö")])

    assert artists() == ["a", "o"]


def test_it_holds_all_of_its_sources():
    Playlist.objects.create(spotify_id="p", name="Für  Elise", owner_name="Zoë")
    Playlist.objects.create(spotify_id="q", owner_name="Zoë")

    assert list(Playlist.objects.order_by("pk").values_list("folded", flat=True)) == [
        "fur elise zoe",
        "zoe",
    ]


def test_of_a_text_without_end_as_much_is_looked_into_as_is_useful():
    playlist = Playlist.objects.create(
        spotify_id="p", name="\ufdfa" * 2 * LONGEST, owner_name="É" * 2 * LONGEST
    )

    assert playlist.folded.endswith(" " + "e" * LONGEST)
    assert len(playlist.folded) <= 2 * LONGEST + 1


def written(*, name: str | None = None, owner: str | None = None, total: int | None = None) -> None:
    names = ("spotify_id", "name", "owner_name", "total")
    upsert(Playlist, names, [("p", name, owner, total)], **USING)


def test_what_is_brought_up_to_date_is_folded_anew():
    written(name="Früh", owner="Zoë")
    assert Playlist.objects.get().folded == "fruh zoe"

    written(name="Spät", owner="Åsa")
    assert Playlist.objects.get().folded == "spat asa"

    written(total=5)
    assert Playlist.objects.get().folded == "spat asa"


def test_what_is_said_by_half_is_refused():
    written(name="Früh", owner="Zoë")

    with pytest.raises(ValueError, match="folded is to be written too, and wants name, owner_name"):
        written(name="Spät")

    assert Playlist.objects.get().name == "Früh"


def test_rows_of_a_set_are_folded_where_they_are_inserted():
    names = ("spotify_id", "name", "owner_name")
    insert(Playlist, names, [("p", "Für  Elise", "Zoë"), ("q", "", "Å")], **USING)

    assert list(Playlist.objects.order_by("spotify_id").values_list("folded", flat=True)) == [
        "fur elise zoe",
        "a",
    ]


def statements(do: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        do()
    return [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE"))]


def test_it_is_written_by_the_statement_that_writes_the_name():
    written(name="A", owner="B")

    [one] = statements(lambda: written(name="C", owner="B"))
    assert "folded" in one.partition(" FROM ")[0]
    assert statements(lambda: written(name="C", owner="B")) == []


def test_an_update_brings_it_along_where_it_knows_all():
    artist = Artist.objects.create(spotify_id="a", name="A")
    playlist = Playlist.objects.create(spotify_id="p", name="A", owner_name="B")

    update(Artist, [(artist.pk, {"name": "Ü"})], **USING)
    update(Playlist, [(playlist.pk, {"name": "Ü", "owner_name": "Ö"})], **USING)

    assert artists() == ["u"]
    assert Playlist.objects.get().folded == "u o"


def test_an_update_that_knows_half_is_refused():
    playlist = Playlist.objects.create(spotify_id="p", name="A", owner_name="B")

    with pytest.raises(ValueError, match="folded is to be written too, and wants owner_name"):
        update(Playlist, [(playlist.pk, {"name": "Ü"})], **USING)

    update(Playlist, [(playlist.pk, {"name": "Ü", "folded": "u b"})], **USING)
    assert Playlist.objects.get().folded == "u b"


# Asking


@pytest.mark.parametrize("word", ["Für", "fu\u0308r", "FUR", "ür el", " für ", ""])
def test_what_is_looked_for_is_folded_too(word):
    Artist.objects.create(spotify_id="a", name="Für Elise")
    Track.objects.create(spotify_id="t", album=Album.objects.create(spotify_id="b", name="Für El"))

    assert Artist.objects.filter(folded__contains=word).count() == 1
    assert Track.objects.filter(album__folded__contains=word).count() == 1


@pytest.mark.parametrize("word", ["%", "_", "\\", "fur\\", "f_r"])
def test_no_sign_of_sql_is_more_than_a_letter(word):
    Artist.objects.create(spotify_id="a", name="Für Elise")

    assert not Artist.objects.filter(folded__contains=word).exists()


def test_its_path_in_migrations_is_frozen():
    field = FoldedField(sources=["name"])

    assert field.deconstruct()[1:] == (
        "django_spotify_sync.db.folded.FoldedField",
        [],
        {"sources": ["name"]},
    )
    assert field.clone().sources == ("name",)


# Rows of before


def old(names: list[str]) -> None:
    """Write artists as a release did that did not know the column."""
    Artist.objects.bulk_create(
        [Artist(spotify_id=f"{n}", name=name) for n, name in enumerate(names)]
    )
    Artist.objects.update(folded="")


def fill(batch_size: int = 2) -> int:
    return fold_rows(Artist, using="default", batch_size=batch_size)


def test_rows_of_before_are_filled():
    old(["Ä", "Ö", "", "\u0301", "Ü"])

    assert fill() == 4  # one has no name; another's is an accent alone
    assert artists() == ["a", "o", "", "", "u"]
    assert fill() == 1


def test_what_has_two_names_is_filled_if_it_has_one():
    playlist = Playlist.objects.create(spotify_id="p")
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=playlist, position=0, kind="local", title=title, subtitle=subtitle)
        for title, subtitle in [("Ä", "Ö"), ("Ä", ""), ("", "Ö"), ("", "")]
    )
    PlaylistItem.objects.update(folded="")

    assert fold_rows(PlaylistItem, using="default", batch_size=10) == 3
    found = PlaylistItem.objects.order_by("pk").values_list("folded", flat=True)
    assert list(found) == ["a o", "a", "o", ""]


def test_what_was_interrupted_goes_on(monkeypatch):
    old(list("ÄÖÜÉÈ"))
    fold_free, calls = module._fold_free, []

    def interrupted(rows, field):
        calls.append(rows)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fold_free(rows, field)

    monkeypatch.setattr(module, "_fold_free", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fill()
    assert artists() == ["a", "o", "", "", ""]

    assert fill() == 3
    assert artists() == ["a", "o", "u", "e", "e"]


def test_no_more_than_a_batch_is_read_at_once():
    old(list("ÄÖÜÉÈ"))

    with CaptureQueriesContext(connection) as captured:
        fill(batch_size=2)

    read = [
        one["sql"]
        for one in captured
        if one["sql"].startswith("SELECT") and "ORDER BY" in one["sql"]
    ]
    assert len(read) == 4
    assert all("LIMIT 2" in sql for sql in read)


def test_every_table_can_be_filled_at_once():
    old(["Ä"])
    Playlist.objects.create(spotify_id="p", name="Ö")
    Playlist.objects.update(folded="")

    assert fold_all() == 2
    assert artists() == ["a"]
    assert Playlist.objects.get().folded == "o"
    assert fold_all() == 0


@pytest.fixture
def writer(transactional_db: None) -> Iterator[Any]:
    """Give who begins to rename an artist in a thread of their own, and ends when told."""
    begun, ends = threading.Event(), threading.Event()

    def rename(name: str) -> None:
        with transaction.atomic():
            artist = Artist.objects.select_for_update().get(spotify_id="1")
            begun.set()
            ends.wait(30)
            artist.name = name
            artist.save()
        connection.close()

    threads = []

    def begin(name: str) -> threading.Event:
        threads.append(threading.Thread(target=rename, args=[name]))
        threads[0].start()
        assert begun.wait(30)
        return ends

    yield begin
    ends.set()
    threads[0].join()


@pytest.mark.postgres  # SQLite has one writer at a time
@pytest.mark.parametrize("name", ["Österreich", "Å"])
def test_it_waits_for_who_writes_a_row_and_holds_no_other_meanwhile(writer, monkeypatch, name):
    old(["Ä", "Ö", "Ü"])
    ends, fold_alone = writer(name), module._fold_alone

    def alone(row, field, using):
        assert row.spotify_id == "1"
        with transaction.atomic():  # nothing is held of what was filled
            free = Artist.objects.select_for_update(nowait=True).exclude(pk=row.pk)
            assert {artist.folded for artist in free} == {"a", "u"}
        ends.set()
        return fold_alone(row, field, using)

    monkeypatch.setattr(module, "_fold_alone", alone)
    fill(batch_size=10)

    assert Artist.objects.get(spotify_id="1").folded == name.lower().replace("ö", "o").replace(
        "å", "a"
    )
    assert artists()[::2] == ["a", "u"]
