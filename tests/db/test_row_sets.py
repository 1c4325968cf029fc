"""Values of every kind are, in a set, what Django makes of them one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, IntegrityError, connection

from django_spotify_sync.db.upsert import insert
from django_spotify_sync.models import Album, Artist, SavedTrack, StagedPage, Track
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db

TIMES = [
    datetime(2026, 11, 28, 1, 2, 3, tzinfo=UTC),
    datetime(2026, 11, 28, 1, 2, 3, 456_789, tzinfo=UTC),
    datetime(2026, 11, 28, 1, 2, 3, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2, 1, 1, tzinfo=UTC),
    None,
]
TEXTS = ["", "'\"\\%s$1", "ünï ☃ 𝄞", "a\tb\nc\u2028", "null", "{}", "0" * 10_000]


def put(model, names, *rows) -> None:
    insert(model, names, rows, using="default", batch_size=3)


def test_times_and_nulls(user):
    account_row = account_of(user)
    put(
        SavedTrack,
        ("account_id", "spotify_id", "added_at", "rank", "is_playable"),
        *((account_row.pk, f"t{number}", at, -number, None) for number, at in enumerate(TIMES)),
    )

    rows = SavedTrack.objects.order_by("-rank")
    assert [row.added_at for row in rows] == TIMES
    assert SavedTrack.objects.filter(added_at=TIMES[0]).count() == 1
    SavedTrack.objects.bulk_create(
        SavedTrack(account=account_row, rank=-9, added_at=at) for at in TIMES
    )
    with connection.cursor() as cursor:  # what stands there is the same, to the character
        cursor.execute(f"SELECT DISTINCT added_at FROM {SavedTrack._meta.db_table}")
        assert len(cursor.fetchall()) == len(TIMES)


def test_texts():
    put(Artist, ("spotify_id", "name"), *((f"a{n}", text) for n, text in enumerate(TEXTS)))

    assert [*Artist.objects.order_by("pk").values_list("name", flat=True)] == TEXTS


@pytest.mark.parametrize("genres", [[], ["pop"], ["ünï", '"', "a\\b"]])
def test_lists(genres):
    put(Artist, ("spotify_id", "genres"), ("a", genres), ("b", None))

    assert Artist.objects.get(spotify_id="a").genres == genres
    assert Artist.objects.get(spotify_id="b").genres == []
    assert Artist.objects.filter(genres=genres, spotify_id="a").exists()


def test_numbers_and_flags():
    album = Album.objects.create(spotify_id="lp")
    put(
        Track,
        ("spotify_id", "album_id", "duration_ms", "explicit", "disc_number"),
        ("a", album.pk, 2**31 - 1, True, None),
        ("b", None, 0, False, 1),
    )

    values = ("album_id", "duration_ms", "explicit", "disc_number")
    assert [*Track.objects.order_by("spotify_id").values_list(*values)] == [
        (album.pk, 2**31 - 1, True, None),
        (None, 0, False, 1),
    ]


def test_what_nothing_is_said_of_has_its_default():
    put(Track, ("spotify_id", "explicit"), ("a", None))

    track = Track.objects.get()
    assert (track.name, track.duration_ms, track.explicit, track.album_id) == ("", 0, False, None)
    assert track.disc_number is None


def test_rows_are_inserted_in_the_order_given():
    names = [f"{number * 7919 % 100:03}" for number in range(100)]
    put(Artist, ("spotify_id",), *((name,) for name in names))

    assert [*Artist.objects.order_by("pk").values_list("spotify_id", flat=True)] == names


def test_what_is_there_stays_only_if_that_is_asked_for():
    put(Artist, ("spotify_id", "name"), ("a", "A"))

    insert(
        Artist,
        ("spotify_id", "name"),
        [("a", "B"), ("b", "B")],
        using="default",
        batch_size=9,
        ignore_conflicts=True,
    )
    assert [*Artist.objects.order_by("pk").values_list("name", flat=True)] == ["A", "B"]

    with pytest.raises(IntegrityError):
        put(Artist, ("spotify_id", "name"), ("c", "C"), ("a", "C"))


@pytest.mark.postgres
def test_what_is_too_long_is_refused_and_not_cut():
    with pytest.raises(DataError):
        put(Artist, ("spotify_id",), ("a" * 256,))


def test_a_column_that_is_none_is_refused():
    with pytest.raises(KeyError, match="nmae"):
        put(StagedPage, ("nmae",), ("a",))


def test_nothing_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        put(Artist, ("spotify_id",))
