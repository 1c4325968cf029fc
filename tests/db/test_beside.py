from __future__ import annotations

import threading

import pytest
from django.db import connection

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import Artist

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_thing_is_done_after_the_other():
    done = []
    with Beside("default") as beside:
        futures = [beside.do(lambda number=number: done.append(number)) for number in range(20)]

    assert done == list(range(20))
    assert all(future.done() for future in futures)


def test_what_it_returns_and_raises_is_in_the_future():
    with Beside("default") as beside:
        good = beside.do(lambda: 7)
        bad = beside.do(lambda: 1 / 0)
        after = beside.do(lambda: 8)

    assert (good.result(), after.result()) == (7, 8)
    with pytest.raises(ZeroDivisionError):
        bad.result()


def test_it_has_a_connection_of_its_own_where_that_is_of_use():
    def look() -> tuple[object, object]:
        Artist.objects.exists()
        return threading.current_thread(), connection.connection

    mine = look()
    with Beside("default") as beside:
        theirs = beside.do(look).result()

    is_other = connection.vendor == "postgresql"
    assert [one is not other for one, other in zip(mine, theirs, strict=True)] == [is_other] * 2
    assert connection.connection is mine[1]  # and closes that alone


@pytest.mark.postgres
def test_a_connection_that_was_lost_is_made_anew():
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with Beside("default") as beside:
        lost = beside.do(lose)
        found = beside.do(Artist.objects.exists)

    assert lost.exception() is not None
    assert found.result() is False
