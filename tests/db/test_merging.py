"""One row that many add to."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.db.merging import ADDED, MOST, REPLACED, merge
from django_spotify_sync.models import Hour
from django_spotify_sync.models.hours import add_to_hour
from tests.kit.concurrency import at_once

AT = datetime(2026, 11, 28, 13, tzinfo=UTC)
KEY = {"at": AT, "resource": "tracks"}
LATER = AT.replace(minute=7)


def put(values, how):
    merge(Hour, KEY, values, how, using="default")


def test_the_first_inserts_and_all_others_merge_by_one_statement_each(db):
    for requests, due, moment in ((3, 5, AT), (4, 9, LATER), (1, 2, LATER)):
        with CaptureQueriesContext(connection) as queries:
            put(
                {"requests": requests, "due": due, "looked_at": moment},
                {"requests": ADDED, "due": MOST, "looked_at": REPLACED},
            )
        assert len(queries) == 1

    hour = Hour.objects.get()
    assert (hour.at, hour.resource) == (AT, "tracks")
    assert (hour.requests, hour.due, hour.looked_at) == (8, 9, LATER)


def test_what_is_not_named_stays_as_it_is_and_begins_as_the_model_has_it(db):
    put({"requests": 3}, {"requests": ADDED})
    put({"lost": 1}, {"lost": ADDED})

    hour = Hour.objects.get()
    assert (hour.requests, hour.lost, hour.failed, hour.looked_at) == (3, 1, 0, None)


def test_another_fault_is_raised(db):
    with pytest.raises(IntegrityError):
        put({"requests": -5}, {"requests": ADDED})


def test_many_at_once_are_all_added(transactional_db):
    at_once(*[partial(add_to_hour, "tracks", at=AT, requests=1)] * 8)

    assert Hour.objects.get(resource="tracks").requests == 8
