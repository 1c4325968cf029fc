"""The trace that each look of the schedule leaves in the database, where every process sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.hours import note_look as write_look


def synced_states(using: str) -> QuerySet[SyncState]:
    """Return the states that the schedule keeps in step."""
    return SyncState.objects.using(using).filter(
        resource__in=conf.RESOURCES, account__status=AccountStatus.CONNECTED
    )


def due_states(using: str) -> tuple[int, datetime | None]:
    """Return how many of them are due, and since when the first of them is. One query."""
    due = synced_states(using).filter(next_sync_at__lte=timezone.now())
    found: dict[str, Any] = due.aggregate(states=Count("pk"), since=Min("next_sync_at"))
    return found["states"], found["since"]


def note_look() -> None:
    """Note that the schedule looks now, and what it finds due. Three statements."""
    using = router.db_for_write(SyncRun)
    states, since = due_states(using)
    age = timezone.now() - since if since else None
    runs = SyncRun.objects.using(using).due().count()
    write_look(states + runs, max(0, round(age.total_seconds())) if age else 0)
