"""The schedule, as each of the two beats reads it: what no worker took in time is dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from celery.result import AsyncResult

from django_spotify_sync.schedules import beat_schedule
from tests.celery_app import app
from tests.whole.test_hosts import in_a_process

SECONDS = {
    "spotify-sync-due-accounts": 300,
    "spotify-refresh-expiring-tokens": 300,
    "spotify-warn-expiring-grants": 3600,
    "spotify-purge-accounts": 3600,
    "spotify-prune": 12 * 3600,
}
IN_THE_DATABASE = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from tests.celery_app import app

sent = {}
class Scheduler(DatabaseScheduler):
    def apply_async(self, entry, *args, **kwargs):
        sent[entry.name] = entry.options.get("expires")
scheduler = Scheduler(app)
PeriodicTask.objects.filter(name__startswith="spotify-").update(last_run_at="2020-01-01T00:00:00Z")
for name, entry in Scheduler(app).schedule.items():
    scheduler.apply_async(entry)
print(json.dumps({name: seconds for name, seconds in sent.items() if name.startswith("spotify-")}))
"""


def test_plain_beat_drops_what_no_worker_took() -> None:
    assert {name: entry["options"]["expires"] for name, entry in beat_schedule().items()} == SECONDS


def test_so_does_the_database_scheduler_of_django_celery_beat(tmp_path: Path) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "beat.sqlite3")}
    apps = [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "django_celery_beat",
        "django_spotify_sync",
        "tests.host",
    ]

    told = in_a_process(IN_THE_DATABASE, DATABASES={"default": database}, INSTALLED_APPS=apps)

    assert json.loads(told) == SECONDS


@pytest.mark.parametrize("name", SECONDS)
def test_a_broker_takes_the_entry_as_it_is(name: str) -> None:
    """One of the two names is django-celery-beat's alone, and goes along with the message."""
    entry = beat_schedule()[name]

    sent = app.tasks[entry["task"]].apply_async(**entry["options"])

    assert isinstance(sent, AsyncResult)
    with app.connection_for_read() as broker:
        message = broker.SimpleQueue("celery").get(timeout=5)
        message.ack()
    assert message.headers["id"] == sent.id
    assert message.headers["expires"] is not None
