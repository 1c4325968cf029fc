"""What happened in an hour, added up: all that plots and monitors need, without a row for each request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.merging import ADDED, MOST, REPLACED, merge
from django_spotify_sync.models.runs import Resource

#: How long an hour is kept. Each library is read whole once a week, so this holds four times of that.
KEPT_FOR = timedelta(days=30)


def hour_of(moment: datetime) -> datetime:
    """Return when the hour of ``moment`` began, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class HourQuerySet(models.QuerySet["Hour"]):
    def since(self, moment: datetime) -> HourQuerySet:
        """The hours from the one in which ``moment`` lies."""
        return self.filter(at__gte=hour_of(moment))

    def last_look(self) -> datetime | None:
        """Return when the schedule looked last for what is due, None if it never did."""
        looks = self.filter(resource="", looked_at__isnull=False).order_by("-at")
        return looks.values_list("looked_at", flat=True).first()


class Hour(models.Model):
    """The runs of one resource that ended in one hour by their outcome, and what was asked of Spotify for it.

    The row without a resource has what concerns no resource: requests for tokens and profiles, and what the schedule
    saw when it looked.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("hour"))
    resource = models.CharField(
        _("resource"), max_length=20, choices=Resource.choices, blank=True, default=""
    )
    # Runs by how they ended. Those that succeeded and had nothing to write are counted apart.
    succeeded = models.PositiveIntegerField(_("succeeded"), default=0)
    nothing = models.PositiveIntegerField(_("nothing to do"), default=0)
    partial = models.PositiveIntegerField(_("partial"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    lost = models.PositiveIntegerField(_("lost"), default=0)
    # What was asked, at each attempt of a run, and what Spotify said of it.
    requests = models.PositiveIntegerField(_("requests"), default=0)
    rate_limited = models.PositiveIntegerField(_("answers 429"), default=0)
    quota_met = models.PositiveIntegerField(_("quotas met"), default=0)
    waited = models.PositiveBigIntegerField(_("seconds waited"), default=0)
    # What the needs of a day are estimated from: checks by the schedule that found nothing, and whole passes.
    checks = models.PositiveIntegerField(_("checks"), default=0)
    check_requests = models.PositiveIntegerField(_("requests of checks"), default=0)
    whole_passes = models.PositiveIntegerField(_("whole passes"), default=0)
    whole_requests = models.PositiveIntegerField(_("requests of whole passes"), default=0)
    # What the schedule saw: the most that was due at once, and for how many seconds the oldest of it was.
    looked_at = models.DateTimeField(_("last look"), null=True, blank=True)
    due = models.PositiveIntegerField(_("due"), default=0)
    oldest_due = models.PositiveIntegerField(_("oldest due, in seconds"), default=0)

    objects = HourQuerySet.as_manager()

    class Meta:
        verbose_name = _("hour")
        verbose_name_plural = _("hours")
        constraints = [
            models.UniqueConstraint(fields=["at", "resource"], name="spotify_sync_hour_uniq")
        ]

    def __str__(self) -> str:
        return f"{self.resource or 'all'} at {self.at:%Y-%m-%d %H}:00 UTC"


def add_to_hour(resource: str, *, at: datetime | None = None, **counts: int) -> None:
    """Add to the row of the hour of ``at``, by default this one, in a statement of its own."""
    _merge(resource, at or timezone.now(), counts, dict.fromkeys(counts, ADDED))


def note_look(due: int, oldest_due: int) -> None:
    """Note that the schedule looks now, and the most that it saw in this hour; ``oldest_due`` is in seconds."""
    now = timezone.now()
    values = {"looked_at": now, "due": due, "oldest_due": oldest_due}
    _merge("", now, values, {"looked_at": REPLACED, "due": MOST, "oldest_due": MOST})


def _merge(resource: str, at: datetime, values: Mapping[str, Any], how: Mapping[str, str]) -> None:
    key = {"at": hour_of(at), "resource": resource}
    merge(Hour, key, values, how, using=router.db_for_write(Hour))
