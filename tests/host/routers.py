"""Where a host of several databases keeps what."""

from __future__ import annotations

from typing import Any


class AllOnMusic:
    """Every table is on the database `music`; `default` has none, so that whoever asks it by mistake fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "music"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "music"


class StaleReplica:
    """Reads go to `replica`, which is always behind: it has the users and sessions, and no row of ours, ever."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica" if model._meta.app_label == "spotify_sync" else "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True


class LibraryApart:
    """Our tables on another database than the users, to whom they refer: Django has no relations across databases."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "music" if model._meta.app_label == "spotify_sync" else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "music") == (app_label == "spotify_sync")
