"""What Celery's beat calls, and when. Only data: it can be imported from a settings module."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the entries for CELERY_BEAT_SCHEDULE. Merge them with your own by ``{**beat_schedule(), ...}``.

    A call that no worker took in time is dropped, and the next one does its work. Times are in CELERY_TIMEZONE. The
    entries are plain values, so a site can leave one out or change it.
    """

    def dropped_after(seconds: int) -> dict[str, int]:
        # the second is how django-celery-beat's DatabaseScheduler calls it, which reads no other
        return {"expires": seconds, "expire_seconds": seconds}

    every_minute: dict[str, Any] = {
        "task": "django_spotify_sync.sync_due_accounts",
        "schedule": timedelta(minutes=1),
        "options": dropped_after(300),
    }
    every_five_minutes: dict[str, Any] = {
        "task": "django_spotify_sync.refresh_expiring_tokens",
        "schedule": timedelta(minutes=5),
        "options": dropped_after(300),
    }
    every_hour: dict[str, Any] = {
        "task": "django_spotify_sync.warn_expiring_grants",
        "schedule": crontab(minute="12"),
        "options": dropped_after(3600),
    }
    every_hour_too: dict[str, Any] = {
        "task": "django_spotify_sync.purge_accounts",
        "schedule": crontab(minute="27"),
        "options": dropped_after(3600),
    }
    # At a time of day, since an interval of a day begins anew whenever beat is restarted.
    every_night: dict[str, Any] = {
        "task": "django_spotify_sync.prune",
        "schedule": crontab(hour="3", minute="42"),
        "options": dropped_after(12 * 3600),
    }
    return {
        "spotify-sync-due-accounts": every_minute,
        "spotify-refresh-expiring-tokens": every_five_minutes,
        "spotify-warn-expiring-grants": every_hour,
        "spotify-purge-accounts": every_hour_too,
        "spotify-prune": every_night,
    }
