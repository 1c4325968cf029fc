"""What a look of the schedule costs with 100,000 accounts: time, memory, statements. For PostgreSQL."""

from __future__ import annotations

import multiprocessing
import time
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from benchmarks import site
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.sync import take_due
from django_spotify_sync.upkeep.status import read_status

ACCOUNTS, RESOURCES, DUE = 100_000, ("tracks", "playlists", "following"), 1_000
INTERVAL = timedelta(hours=6)


def main() -> None:
    rows = []
    spawn = multiprocessing.get_context("spawn")
    with site.database():
        _fill()
        name = connections["default"].settings_dict["NAME"]
        for what, due in (
            ("nothing due", 0),
            ("1,000 due", DUE),
            ("all of them due", None),
        ):
            _have_due(due)
            results = spawn.SimpleQueue()
            process = spawn.Process(target=_measure, args=(name, what, results))
            process.start()
            rows.append({"look": what} | results.get())
            process.join()
        site.table(f"One look, {ACCOUNTS} accounts, {ACCOUNTS * len(RESOURCES)} states", rows)
        _have_due(DUE)
        print(_plan())
        print(site.versions())


def _measure(name: str, what: str, results: SimpleQueue[Any]) -> None:
    connections["default"].settings_dict["NAME"] = name
    # All that is due at once, up to BATCH_SIZE, since the pace would leave it for the next looks.
    with override_settings(SPOTIFY_SYNC_REQUESTS_PER_WINDOW=None):
        _look("status")  # what a process asks and imports once
        before = _peak()
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            made = _look(what)
            seconds = time.perf_counter() - started
        results.put(
            {
                "runs": made,
                "seconds": round(seconds, 3),
                "statements": len(queries),
                "MB grown": round(_peak() - before, 1),
            }
        )


def _look(what: str) -> int:
    if what == "status":
        read_status()
        return 0
    return len(take_due())


def _peak() -> float:
    """Return the most memory this process held, in MB. Not ru_maxrss, which knows the parent's peak, too (Linux)."""
    [line] = [
        line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line
    ]
    return int(line.split()[1]) / 1024


def _fill() -> None:
    """Make everybody, each with a run that found nothing, due at some moment of the next six hours."""
    users = get_user_model()
    users.objects.bulk_create(
        (users(username=f"user {number}") for number in range(ACCOUNTS)), batch_size=5_000
    )
    account, state, run = (model._meta.db_table for model in (SpotifyAccount, SyncState, SyncRun))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {account} (user_id, spotify_id, display_name, image_url, status, status_changed_at, "
            "authorized_at, reauthorize_by, created_at, updated_at) "
            "SELECT id, 'spotify of ' || username, '', '', 'connected', now(), now(), now() + interval '180 days', "
            f"now(), now() FROM {users._meta.db_table}"
        )
        cursor.execute(
            f"INSERT INTO {state} (account_id, resource, next_sync_at, interval, failures, full_due, hidden) "
            "SELECT id, resource, now() + interval '5 minutes' + random() * interval '6 hours', "
            f"interval '6 hours', 0, false, 0 FROM {account}, unnest(%s::text[]) AS resource",
            [list(RESOURCES)],
        )
        cursor.execute(
            f"INSERT INTO {run} (account_id, resource, trigger, status, mode, reason, requests, done, created, "
            "updated, unchanged, removed, skipped, skipped_reasons, error_code, error_detail, created_at, finished_at, "
            '"full") '
            "SELECT id, resource, 'schedule', 'succeeded', 'probe', '', 1, 0, 0, 0, 0, 0, 0, '{}', '', '', "
            "now() - interval '2 hours', now() - interval '2 hours', false "
            f"FROM {account}, unnest(%s::text[]) AS resource",
            [list(RESOURCES)],
        )
    _analyze()


def _have_due(count: int) -> None:
    """Let so many be due; what an earlier look made is over."""
    SyncRun.objects.filter(status="queued").delete()
    now = timezone.now()
    SyncState.objects.filter(next_sync_at__lte=now).update(next_sync_at=now + INTERVAL)
    chosen = SyncState.objects.order_by("pk").values("pk")[:count]
    SyncState.objects.filter(pk__in=chosen).update(next_sync_at=now - timedelta(minutes=1))
    _analyze()


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _plan() -> str:
    """Explain how due states are found."""
    due = SyncState.objects.filter(next_sync_at__lte=timezone.now()).select_related("account")
    plan: str = due.order_by("next_sync_at", "pk")[:1000].explain(analyze=True, buffers=True)
    return plan
