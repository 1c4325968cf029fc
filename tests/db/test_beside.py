from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection

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
    def broken() -> None:
        raise OperationalError("locked")

    with Beside("default") as beside:
        good = beside.do(lambda: 7)
        bad = beside.do(broken)
        after = beside.do(lambda: 8)

    assert (good.result(), after.result()) == (7, 8)
    with pytest.raises(OperationalError):
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


@pytest.mark.postgres
def test_a_connection_that_looks_elsewhere_does_it_all_itself():
    """Another one would write into the schema of another tenant."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA tenant")
        try:
            cursor.execute("SET search_path TO tenant, public")
            with Beside("default") as beside:
                assert beside.do(threading.current_thread).result() is threading.current_thread()
        finally:
            cursor.execute("RESET search_path")
            cursor.execute("DROP SCHEMA tenant")


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_it_is_part_of_it():
    """As in an ordinary test of a host's: what another connection wrote would outlive it."""
    with Beside("default") as beside:
        assert beside.do(threading.current_thread).result() is threading.current_thread()


@pytest.mark.django_db(transaction=False)
def test_what_is_done_by_the_owner_raises_at_once_but_for_the_database():
    def broken() -> None:
        raise OperationalError("locked")

    with Beside("default") as beside:
        with pytest.raises(ZeroDivisionError):
            beside.do(lambda: 1 / 0)
        later = beside.do(broken)

    assert isinstance(later.exception(), OperationalError)


@pytest.mark.postgres
def test_without_another_connection_the_owner_does_it(monkeypatch):
    def place(self: Beside) -> object:
        raise OperationalError("too many clients")

    monkeypatch.setattr(Beside, "_place", place)
    with Beside("default") as beside:
        assert beside.do(threading.current_thread).result() is threading.current_thread()
