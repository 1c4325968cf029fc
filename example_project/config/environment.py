"""What the environment says, as settings; and the keys that are made where it says nothing.

Knows nothing of Spotify.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
DATABASE_URLS = "postgres://user:password@host:port/name or sqlite:////path/of/file"


def flag(name: str) -> bool:
    """Tell whether a variable says yes."""
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def words(name: str) -> list[str]:
    """Return what a variable lists, separated by commas."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def kept_key(name: str, make: Callable[[], str]) -> str:
    """Return the key that a variable gives, or one that is made once and kept in var/, readable by its owner only.

    :raises ImproperlyConfigured: if there is none and none can be kept.
    """
    if given := os.environ.get(name):
        return given
    file = VAR / f"{name.lower()}.txt"
    try:
        if not file.exists():
            VAR.mkdir(exist_ok=True)
            with NamedTemporaryFile("w", dir=VAR) as new:
                new.write(make())
                new.flush()
                with suppress(FileExistsError):  # another process was first: its key counts
                    os.link(new.name, file)
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"Set {name}: it is not in the environment, and no key can be kept in {VAR} ({error})."
        ) from error


def https_host(name: str) -> str:
    """Return the host of a variable's https address; empty if the variable says nothing.

    :raises ImproperlyConfigured: if it is anything but https and a host, and a port at most.
    """
    address = os.environ.get(name, "").rstrip("/")
    parts = urlsplit(address)
    if address and (not parts.hostname or address != f"https://{parts.netloc}"):
        raise ImproperlyConfigured(f"{name} has to be like https://music.example.org.")
    return parts.hostname or ""


def database(url: str) -> dict[str, Any]:
    """Return the entry of DATABASES for an address.

    :raises ImproperlyConfigured: if it is no address of a PostgreSQL or SQLite database. It is not
        repeated in the message, for it may hold a password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be understood; it should be like {DATABASE_URLS}. "
            "Characters such as / and @ in a password are written as %2F and %40."
        ) from None
    name = unquote(parts.path[1:])
    if not name or parts.scheme not in {"postgres", "postgresql", "sqlite"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL names no database that this site knows; it should be like {DATABASE_URLS}."
        )
    if parts.scheme == "sqlite":
        Path(name).parent.mkdir(exist_ok=True)
        return _sqlite(name)
    # Not parts.hostname, which is in lower case: the host may be the folder of a socket (%2Frun%2F…).
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").strip("[]")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": port or "",
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _sqlite(file: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            # A sync writes in one transaction while pages are being read and progress is written:
            # readers do not wait for a writer (WAL), and writers wait for each other, up to 20 s.
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }
