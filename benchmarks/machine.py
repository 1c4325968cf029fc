"""What was measured with: the machine, the versions, the commit, the day."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from django.db import connection

PACKAGES = ("Django", "psycopg", "requests", "urllib3", "msgspec", "spotipy", "tekore", "httpx")


def described(*, quick: bool) -> dict[str, Any]:
    """Return all of it, for the head of a file of results."""
    return {
        "quick": quick,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _said("git", "rev-parse", "--short", "HEAD")
        + ("+" if _said("git", "status", "--porcelain", "--untracked-files=no") else ""),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load_before": round(os.getloadavg()[0], 1),
        "versions": {
            "Python": platform.python_version(),
            **_postgresql(),
            "SQLite": sqlite3.sqlite_version,
            **{name: found for name in PACKAGES if (found := _version(name))},
        },
    }


def _postgresql() -> dict[str, str]:
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        found, fsync = cursor.fetchone()
    connection.close()
    return {"PostgreSQL": found.partition(" ")[0], "fsync": fsync}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    return done.stdout.strip()
