from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection, transaction

from django_spotify_sync.db.locks import wait_at_most
from django_spotify_sync.models import Artist


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_would_wait_for_longer_fails():
    Artist.objects.create(spotify_id="a")
    is_locked, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Artist.objects.select_for_update().get()
            is_locked.set()
            may_end.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_locked.wait(60)
    try:
        with pytest.raises(OperationalError, match="lock timeout"):
            lock_in_vain()
    finally:
        may_end.set()
        holder.join(60)
    assert lock_timeout() == "0"  # for that transaction alone


@pytest.mark.django_db
def test_a_database_without_row_locks_is_asked_nothing(django_assert_num_queries):
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 0):
        wait_at_most(1, using="default")


def lock_in_vain() -> None:
    with transaction.atomic():
        wait_at_most(0.05, using="default")
        Artist.objects.select_for_update().get()


def lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])
