"""Checks of the databases: which they are, and how they were set up."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.db import connections, router

from django_spotify_sync.models import SyncRun

#: Elsewhere rows cannot be locked as connecting and syncing do it, nor one live run be had by a partial index.
VENDORS = ("postgresql", "sqlite")


def databases() -> Iterator[CheckMessage]:
    """The tables are on a database that can do what is asked of it, and where the users are."""
    ours, users = router.db_for_write(SyncRun), router.db_for_write(get_user_model())
    if connections[ours].vendor not in VENDORS:
        yield Error(
            f"The app's tables are on {connections[ours].display_name}, which the app does not support.",
            hint="Keep them on PostgreSQL or SQLite; DATABASE_ROUTERS can send the app spotify_sync there.",
            id="spotify_sync.E013",
        )
    if ours != users:
        yield Error(
            f"The app's tables are on the database {ours!r} and the users on {users!r}: no row of the one can refer to "
            "one of the other.",
            hint="Let DATABASE_ROUTERS keep the app spotify_sync where the user model is.",
            id="spotify_sync.E012",
        )


def autocommit() -> Iterator[CheckMessage]:
    """What is written in one statement is stored by itself."""
    alias = router.db_for_write(SyncRun)
    if not settings.DATABASES[alias].get("AUTOCOMMIT", True):
        yield Error(
            f"AUTOCOMMIT is False for the database {alias!r}: what this app writes in one statement would not be "
            "stored, and its transactions would never end.",
            hint="Take AUTOCOMMIT out of DATABASES: Django's default is True, and atomic() makes transactions.",
            id="spotify_sync.E017",
        )


def sqlite() -> Iterator[CheckMessage]:
    """Transactions of SQLite begin as writers."""
    database = settings.DATABASES[router.db_for_write(SyncRun)]
    if database["ENGINE"].endswith("sqlite3") and (
        str(database.get("OPTIONS", {}).get("transaction_mode", "")).upper() != "IMMEDIATE"
    ):
        yield checks.Warning(
            "SQLite begins its transactions as deferred ones, so a sync may fail because the database is locked.",
            hint="Set OPTIONS = {'transaction_mode': 'IMMEDIATE', 'timeout': 20} of that database.",
            id="spotify_sync.W005",
        )


def time_zones() -> Iterator[CheckMessage]:
    """Times name their zone."""
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is False: Django's times have no zone then, and this app's tables hold times with a zone.",
            hint="Set USE_TZ = True, Django's default. TIME_ZONE still says in which zone times are shown.",
            id="spotify_sync.E014",
        )
