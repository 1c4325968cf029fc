"""What an act costs: time, statements, rows, WAL, memory, requests. Nothing is logged or captured while it is timed."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.db.backends.signals import connection_created

from benchmarks import site

ROWS = ("inserted", "updated", "deleted")
_ROWS_OF_POSTGRESQL = (
    "SELECT coalesce(sum(n_tup_ins), 0), coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_del), 0) "
    "FROM pg_stat_user_tables"
)


def measured(act: Callable[[], Any], spotify: site.Spotify) -> dict[str, Any]:
    """Do it, and return its costs. ``after_last_answer``: seconds from Spotify's last answer to the end."""
    counter = _Counter()
    rows, wal = _rows(), _wal()
    spotify.do("fake.clear_log()")
    held = _forget_peak()
    cpu, started = time.process_time(), time.monotonic()
    with counter:
        act()
    ended = time.monotonic()
    costs = {
        "seconds": ended - started,
        "cpu": time.process_time() - cpu,
        "statements": counter.total,
        "peak_mb": memory_mb("VmHWM"),
    }
    costs["grown_mb"] = costs["peak_mb"] - held
    costs["wal_mb"] = None if wal is None else (_wal() - wal) / 1e6
    costs |= {name: now - then for name, now, then in zip(ROWS, _rows(), rows, strict=True)}
    costs["requests"] = spotify.do("len(fake.requests)")
    last = spotify.do("max((one.at for one in fake.requests), default=0.0) + fake.latency")
    costs["after_last_answer"] = max(0.0, ended - last) if costs["requests"] else None
    costs["load"] = os.getloadavg()[0]
    return costs


def summed_up(repeats: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the median of each cost, and of the seconds the least and the most."""
    names = [name for name, cost in repeats[0].items() if isinstance(cost, int | float)]
    medians = {name: statistics.median(one[name] for one in repeats) for name in names}
    seconds = [one["seconds"] for one in repeats]
    return {
        "n": len(repeats),
        **{name: round(value, 3) for name, value in medians.items()},
        "seconds_min": round(min(seconds), 3),
        "seconds_max": round(max(seconds), 3),
    }


class _Counter:
    """Count the statements of every connection of this process, those of threads that open one too."""

    def __init__(self) -> None:
        self._by_thread: Counter[int] = Counter()

    @property
    def total(self) -> int:
        return sum(self._by_thread.values())

    def __enter__(self) -> None:
        connection_created.connect(self._watch)
        connection.execute_wrappers.append(self._count)

    def __exit__(self, *_: object) -> None:
        connection_created.disconnect(self._watch)
        connection.execute_wrappers.remove(self._count)

    def _watch(self, *, connection: Any, **_: Any) -> None:
        if self._count not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._count)

    def _count(self, execute: Any, *statement: Any) -> Any:
        self._by_thread[threading.get_ident()] += 1
        return execute(*statement)


def _rows() -> tuple[int, ...]:
    """Return the rows ever inserted, updated and deleted; on SQLite all of it by this connection as inserted."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return (connection.connection.total_changes, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(_ROWS_OF_POSTGRESQL)
        return tuple(int(count) for count in cursor.fetchone())


def _wal() -> int | None:
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn() - '0/0'")
        return int(cursor.fetchone()[0])


def _forget_peak() -> float:
    """Let the peak of memory be what is held now; return that, in MB. Zero where the system does not tell."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0.0
    return memory_mb("VmRSS")


def memory_mb(name: str) -> float:
    """Return a line of Linux's account of this process, in MB. Not ru_maxrss, which knows the parent's peak, too."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def name_database(name: str) -> None:
    """Let this process use the database of that name."""
    connections["default"].settings_dict["NAME"] = name
