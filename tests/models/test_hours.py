"""What happened in an hour, added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as clock

from django_spotify_sync.models import Hour
from django_spotify_sync.models.hours import add_to_hour, hour_of, note_look

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_an_hour_begins_in_utc_whatever_the_zone():
    india = timezone(timedelta(hours=5, minutes=30))

    assert hour_of(datetime(2026, 11, 28, 18, 45, tzinfo=india)) == datetime(
        2026, 11, 28, 13, tzinfo=UTC
    )


def test_hours_and_resources_are_counted_apart():
    now = clock.now()
    add_to_hour("tracks", at=now, succeeded=1, requests=4)
    add_to_hour("tracks", at=now, requests=2)
    add_to_hour("tracks", at=now - HOUR, requests=5)
    add_to_hour("playlists", requests=7)

    assert set(Hour.objects.values_list("resource", "at", "succeeded", "requests")) == {
        ("tracks", hour_of(now), 1, 6),
        ("tracks", hour_of(now - HOUR), 0, 5),
        ("playlists", hour_of(clock.now()), 0, 7),
    }
    assert Hour.objects.since(now).filter(resource="tracks").get().requests == 6


def test_the_last_look_is_known_and_the_most_that_was_due():
    assert Hour.objects.last_look() is None
    add_to_hour("", requests=1)  # which is no look
    assert Hour.objects.last_look() is None

    before = clock.now()
    note_look(due=9, oldest_due=600)
    note_look(due=2, oldest_due=60)

    hour = Hour.objects.get(resource="")
    assert (hour.due, hour.oldest_due, hour.requests) == (9, 600, 1)
    assert before <= Hour.objects.last_look() <= clock.now()


def test_an_hour_without_a_look_hides_no_older_one():
    now = clock.now()
    Hour.objects.create(at=hour_of(now - 3 * HOUR), looked_at=now - 3 * HOUR)
    Hour.objects.create(at=hour_of(now), requests=1)

    assert Hour.objects.last_look() == now - 3 * HOUR
