"""What the status costs with 100,000 accounts and 1,000,000 runs: time and statements. For PostgreSQL."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks import site
from django_spotify_sync.models import Hour, SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.models.accounts import wanted_scopes
from django_spotify_sync.rest.metrics import metrics_of
from django_spotify_sync.upkeep.lamps import read_signs
from django_spotify_sync.upkeep.looks import note_look
from django_spotify_sync.upkeep.status import read_status

ACCOUNTS, RUNS, LIVE = 100_000, 1_000_000, 200
RESOURCES = ("tracks", "playlists", "following", "albums", "shows")
REPEATS = 5

READERS: dict[str, Callable[[], Any]] = {
    "status/, spotify_status --check": lambda: read_signs().lamps(),
    "status/metrics/": lambda: metrics_of(read_status()),
    "spotify_status, the page in the admin": read_status,
    "the trace of a look": note_look,
}


def main() -> None:
    with site.database():
        _fill()
        with override_settings(SPOTIFY_SYNC_RESOURCES=list(RESOURCES)):
            rows = [{"what": what} | _measured(read) for what, read in READERS.items()]
            site.table(f"{ACCOUNTS} accounts, {RUNS} runs", rows)
            _print_slowest()
        print(site.versions())


def _measured(read: Callable[[], Any]) -> dict[str, Any]:
    read()
    with CaptureQueriesContext(connection) as queries:
        read()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - started)
    return {
        "median s": round(sorted(seconds)[REPEATS // 2], 3),
        "slowest s": round(max(seconds), 3),
        "CPU s": round(_processor_time(read), 3),
        "statements": len(queries),
    }


def _processor_time(read: Callable[[], Any]) -> float:
    """Return the seconds of one processor that it takes, here and in PostgreSQL, whatever else this machine does."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # whose time would be their own
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    before = _cpu_of(backend) + time.process_time()
    for _ in range(REPEATS):
        read()
    used = _cpu_of(backend) + time.process_time() - before
    with connection.cursor() as cursor:
        cursor.execute("RESET max_parallel_workers_per_gather")
    return used / REPEATS


def _cpu_of(process: int) -> float:
    """Return the seconds of processor that a process of this machine has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print_slowest() -> None:
    """Show which statements of the whole take the longest."""
    with CaptureQueriesContext(connection) as queries:
        read_status()
    slowest = sorted(queries, key=lambda query: float(query["time"]), reverse=True)
    for query in slowest[:5]:
        print(f"{query['time']} s  {query['sql'][:300]}")


def _fill() -> None:
    """Make accounts with tokens, states of which 1 in 500 fails and 1 in 100 is due, runs of 90 days, and hours."""
    users = get_user_model()
    users.objects.bulk_create(  # whatever key the host's have
        (users(username=f"user {number}") for number in range(ACCOUNTS)), batch_size=5_000
    )
    account, token, state, run, hour = (
        model._meta.db_table for model in (SpotifyAccount, SpotifyToken, SyncState, SyncRun, Hour)
    )
    resources = "(ARRAY['" + "','".join(RESOURCES) + "'])"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {account} (user_id, spotify_id, display_name, image_url, status, status_changed_at, "
            "authorized_at, reauthorize_by, created_at, updated_at) "
            "SELECT id, 'spotify of ' || username, '', '', "
            "CASE WHEN random() < 0.02 THEN 'reauthorization_required' ELSE 'connected' END, now(), now(), "
            f"now() + random() * interval '180 days', now(), now() FROM {users._meta.db_table}"
        )
        cursor.execute(
            f"INSERT INTO {token} (account_id, sealed, key_id, version, expires_at, scope, refreshed_at) "
            "SELECT id, '', 'old', 1, now(), %s, now() "
            f"FROM {account}",
            [" ".join(wanted_scopes())],
        )
        cursor.execute(
            f"INSERT INTO {state} (account_id, resource, checked_at, next_sync_at, interval, failures, full_due, "
            "hidden) "
            "SELECT id, resource, now() - random() * interval '24 hours', "
            "now() + (random() - 0.01) * interval '24 hours', "
            "interval '6 hours' * (1 + (id %% 4)::float / 2), "
            "CASE WHEN random() < 0.002 THEN 1 + (random() * 20)::int ELSE 0 END, false, 0 "
            f"FROM {account}, unnest(%s::text[]) AS resource",
            [list(RESOURCES)],
        )
        cursor.execute(
            f"INSERT INTO {run} (account_id, resource, trigger, status, mode, reason, requests, done, created, "
            "updated, unchanged, removed, skipped, skipped_reasons, error_code, error_detail, created_at, started_at, "
            'heartbeat_at, finished_at, "full") '
            f"SELECT first + n %% {ACCOUNTS}, {resources}[1 + n %% {len(RESOURCES)}], 'schedule', "
            "CASE WHEN n %% 100 = 0 THEN 'failed' ELSE 'succeeded' END, 'delta', '', "
            "3, 0, 1, 0, 0, 0, 0, '{}', '', '', at, at, at, at, false "
            f"FROM (SELECT min(id) AS first FROM {account}) AS one, generate_series(1, %s) AS n, "
            "LATERAL (SELECT now() - (n::float / %s) * interval '90 days' AS at) AS moment",
            [RUNS - LIVE, RUNS],
        )
        cursor.execute(
            f"INSERT INTO {run} (account_id, resource, trigger, status, mode, reason, requests, done, created, "
            "updated, unchanged, removed, skipped, skipped_reasons, error_code, error_detail, created_at, started_at, "
            'heartbeat_at, "full") '
            "SELECT id, 'tracks', 'schedule', CASE WHEN id %% 4 = 0 THEN 'running' ELSE 'queued' END, 'delta', '', "
            f"3, 0, 1, 0, 0, 0, 0, '{{}}', '', '', now(), now(), now(), false FROM {account} ORDER BY id LIMIT %s",
            [LIVE],
        )
        cursor.execute(
            f"INSERT INTO {hour} (at, resource, succeeded, nothing, partial, failed, lost, requests, rate_limited, "
            "quota_met, waited, checks, check_requests, whole_passes, whole_requests, due, oldest_due) "
            "SELECT date_trunc('hour', now()) - n * interval '1 hour', resource, 900, 15000, 3, 40, 1, 21000, "
            "2, 0, 60, 15000, 16000, 100, 4000, 0, 0 FROM generate_series(0, 719) AS n, unnest(%s::text[]) AS resource",
            [[*RESOURCES, ""]],
        )
        cursor.execute("VACUUM ANALYZE")
