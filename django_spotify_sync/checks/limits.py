"""Checks of times and rates: how long a state is good, how often somebody may ask, and who looks by the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from django_spotify_sync.checks.problems import problem
from django_spotify_sync.conf import Conf, conf

LONGEST_STATE = timedelta(hours=1)
DUE_TASK = "django_spotify_sync.sync_due_accounts"


def limits() -> Iterator[CheckMessage]:
    """A state is good for a short time, and nobody may ask without end."""
    if not problem(Conf.STATE_TTL.name, Conf.STATE_TTL) and conf.STATE_TTL > LONGEST_STATE:
        yield checks.Warning(
            "SPOTIFY_SYNC_STATE_TTL is longer than an hour: a leaked state can be used for that long.",
            hint="Ten minutes are enough for a consent page.",
            id="spotify_sync.W018",
        )
    if problem(Conf.THROTTLE_RATES.name, Conf.THROTTLE_RATES):
        return  # told above
    unlimited = [
        scope for scope in Conf.THROTTLE_RATES.default if not conf.THROTTLE_RATES.get(scope)
    ]
    if unlimited:
        yield checks.Warning(
            f"SPOTIFY_SYNC_THROTTLE_RATES sets no rate for {', '.join(unlimited)}: anybody may ask without limit.",
            hint="The dict replaces the whole default: name all scopes. Silence this if something in front of Django "
            "limits requests.",
            id="spotify_sync.W019",
        )


def schedule() -> Iterator[CheckMessage]:
    """Somebody looks for what is due, at intervals that make sense."""
    scheduled = [*(getattr(settings, "CELERY_BEAT_SCHEDULE", None) or {}).values()]
    scheduled += (current_app.conf.beat_schedule or {}).values()
    # An entry is a dict, or a celery.beat.ScheduleEntry.
    names = {
        entry.get("task") if isinstance(entry, dict) else getattr(entry, "task", None)
        for entry in scheduled
    }
    elsewhere = apps.is_installed("django_celery_beat")  # whose schedule is in the database
    if DUE_TASK not in names and not elsewhere and not settings.DEBUG:
        yield checks.Warning(
            "Nothing calls sync_due_accounts: nothing is synced automatically, and runs that wait do not go on.",
            hint="Put django_spotify_sync.schedules.beat_schedule() into CELERY_BEAT_SCHEDULE. Or let cron run "
            "spotify_sync --due, and silence this.",
            id="spotify_sync.W009",
        )
    intervals = (Conf.SYNC_INTERVAL, Conf.MAX_SYNC_INTERVAL)
    if any(problem(one.name, one) for one in intervals):
        return  # told above
    if conf.MAX_SYNC_INTERVAL < conf.SYNC_INTERVAL:
        yield checks.Warning(
            "SPOTIFY_SYNC_MAX_SYNC_INTERVAL is shorter than SPOTIFY_SYNC_SYNC_INTERVAL, which is then used for both.",
            hint="As long as nothing changes, the time between checks grows from SYNC_INTERVAL to MAX_SYNC_INTERVAL.",
            id="spotify_sync.W010",
        )
