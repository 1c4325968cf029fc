"""The record of syncs: one SyncRun an attempt, one SyncState an account and resource, and pages kept for a resume."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.conf import conf
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.errors import message_for
from django_spotify_sync.exceptions import GrantInDoubt
from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount

#: Why a run waits, where that is true of the whole app.
BLOCKS = ("rate_limited", "quota_exceeded")
#: A run that nobody began for so long after it was handed to a queue is handed over again.
QUEUED_FOR_TOO_LONG = timedelta(minutes=10)


class Resource(models.TextChoices):
    TRACKS = "tracks", _("saved tracks")
    PLAYLISTS = "playlists", _("playlists")
    FOLLOWING = "following", _("followed artists")
    ALBUMS = "albums", _("saved albums")
    SHOWS = "shows", _("saved shows")
    EPISODES = "episodes", _("saved episodes")
    AUDIOBOOKS = "audiobooks", _("saved audiobooks")


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    WAITING = "waiting", _("waiting")
    SUCCEEDED = "succeeded", _("succeeded")
    PARTIAL = "partial", _("partial")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost")
    CANCELLED = "cancelled", _("cancelled")


class Mode(models.TextChoices):
    PROBE = "probe", _("probe")
    DELTA = "delta", _("delta")
    FULL = "full", _("full")


class Trigger(models.TextChoices):
    USER = "user", _("user")
    ADMIN = "admin", _("admin")
    COMMAND = "command", _("command")
    SCHEDULE = "schedule", _("schedule")
    CONNECT = "connect", _("connecting")


class SyncState(models.Model):
    """What is known of one resource of one account between runs. A write locks this row."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.CASCADE, db_index=False, related_name="sync_states"
    )
    resource = models.CharField(max_length=20, choices=Resource.choices)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    next_sync_at = models.DateTimeField(_("next sync at"), null=True, blank=True)
    interval = models.DurationField(_("interval"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    # The last whole pass, and whether the next run has to make one.
    full_at = models.DateTimeField(_("last full pass"), null=True, blank=True)
    full_due = models.BooleanField(default=True)
    # What Spotify's total counts beyond the entries that come; believed when two passes agree on both numbers.
    hidden = models.IntegerField(default=0)
    full_total = models.PositiveIntegerField(null=True, blank=True)
    full_entries = models.PositiveIntegerField(null=True, blank=True)
    # Elements without an id that always were there, so that none of them stands for a row that is missing.
    nulls = models.PositiveIntegerField(default=0, db_default=0)
    # Spotify has no such list for this account, perhaps in its market: the schedule does not ask before.
    absent_until = models.DateTimeField(null=True, blank=True)
    # The total of a run that saw a loss too large to be believed at once.
    suspected_shrink = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("state of a sync")
        verbose_name_plural = _("states of syncs")
        constraints = [
            models.UniqueConstraint(fields=["account", "resource"], name="spotify_sync_state_uniq")
        ]
        indexes = [
            models.Index(fields=["next_sync_at"], name="spotify_sync_state_next"),
            models.Index(
                fields=["-failures"], condition=Q(failures__gt=0), name="spotify_sync_state_failing"
            ),
        ]

    def __str__(self) -> str:
        names = {"resource": self.get_resource_display(), "account": self.account_id}
        return gettext("%(resource)s of account %(account)s") % names


#: A check by the schedule that ended well and had nothing to write.
FOUND_NOTHING = Q(
    trigger=Trigger.SCHEDULE, status=RunStatus.SUCCEEDED, created=0, updated=0, removed=0
)


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def live(self) -> SyncRunQuerySet:
        """Runs that have not ended."""
        return self.filter(finished_at__isnull=True)

    def for_user(self, user: AnyUser) -> SyncRunQuerySet:
        """The runs of this user alone."""
        return self.filter(account__user_id=user.pk)

    def silent(self) -> SyncRunQuerySet:
        """Running runs whose heartbeat died, by the database's clock."""
        return self.filter(status=RunStatus.RUNNING, heartbeat_at__lt=Now() - conf.LOST_AFTER)

    def due(self) -> SyncRunQuerySet:
        """Runs that a worker may begin now: queued ones, and waiting ones whose time has come."""
        return self.filter(
            Q(status=RunStatus.QUEUED) | Q(status=RunStatus.WAITING, resume_at__lte=Now())
        )

    def in_queue(self) -> SyncRunQuerySet:
        """Due runs that were handed to a queue lately: a worker will come for them."""
        return self.due().filter(published_at__gte=Now() - QUEUED_FOR_TOO_LONG)

    def not_in_queue(self) -> SyncRunQuerySet:
        """Due runs that were not handed to a queue, or so long ago that they seem to be forgotten."""
        lately = Q(published_at__gte=Now() - QUEUED_FOR_TOO_LONG)
        return self.due().filter(Q(published_at=None) | ~lately)

    def found_nothing(self) -> SyncRunQuerySet:
        """Checks by the schedule that ended well and had nothing to write."""
        return self.filter(FOUND_NOTHING)

    def blocked(self) -> SyncRun | None:
        """Return the run that waits longest for Spotify's patience, None if Spotify may be asked.

        The limits are the app's and not a user's: while one account has to wait, so have all.
        """
        waiting = self.filter(status=RunStatus.WAITING, reason__in=BLOCKS, resume_at__gt=Now())
        return waiting.order_by("-resume_at").first()

    def mark_lost(self) -> int:
        """End the runs that are silent; their workers can write nothing any more. Return how many."""
        return self.silent().update(
            status=RunStatus.LOST, finished_at=Now(), claim=None, reason="heartbeat", resume_at=None
        )


class SyncRun(models.Model):
    """One attempt to bring one resource of one account up to date. Live until ``finished_at`` is set."""

    Status = RunStatus
    Mode = Mode
    Trigger = Trigger

    id = models.BigAutoField(primary_key=True)
    # Deleted by SQL before its account goes (`accounts.receivers`), as the library is.
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="sync_runs"
    )
    resource = models.CharField(_("resource"), max_length=20, choices=Resource.choices)
    trigger = models.CharField(_("trigger"), max_length=20, choices=Trigger.choices)
    full = models.BooleanField(_("full pass asked for"), default=False)
    status = models.CharField(
        _("status"), max_length=20, choices=RunStatus.choices, default=RunStatus.QUEUED
    )
    mode = models.CharField(_("mode"), max_length=20, choices=Mode.choices, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=50, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), null=True, blank=True)
    requests = models.PositiveIntegerField(_("requests"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    removed = models.PositiveIntegerField(_("removed"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    skipped_reasons = models.JSONField(_("skipped, by reason"), default=dict, blank=True)
    error_code = models.CharField(_("error"), max_length=50, blank=True)
    error_detail = models.TextField(_("error in words"), blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    published_at = models.DateTimeField(_("handed to a queue at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    resume_at = models.DateTimeField(_("resumes at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "resource"],
                condition=Q(finished_at__isnull=True),
                name="spotify_sync_run_live",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="spotify_sync_run_recent"),
            models.Index(fields=["status", "resume_at"], name="spotify_sync_run_status"),
        ]

    def __str__(self) -> str:
        names = {
            "run": self.pk,
            "resource": self.get_resource_display(),
            "account": self.account_id,
            "status": self.get_status_display(),
        }
        return gettext("run %(run)s: %(resource)s of account %(account)s, %(status)s") % names

    @property
    def is_live(self) -> bool:
        return self.finished_at is None

    @property
    def error_words(self) -> str:
        """Why the run failed, as a user is told; empty if it did not. ``error_detail`` is for operators."""
        return message_for(self.error_code) if self.error_code else ""

    def start(self) -> bool:
        """Claim the run for this worker; False if it is not due, has ended or gone, or another worker was first."""
        claim = uuid.uuid4()
        claimed = self._update(
            self._row().due(),
            status=RunStatus.RUNNING,
            claim=claim,
            heartbeat_at=Now(),
            started_at=Coalesce("started_at", Now()),
            resume_at=None,
            reason="",
        )
        # with the account, and from where it was written: a router may name another to read from, which is behind
        try:
            self.refresh_from_db(from_queryset=self._row().select_related("account"))
        except SyncRun.DoesNotExist:  # its account was deleted in this moment
            return False
        return bool(claimed) and self.claim == claim

    def record(self, **values: Any) -> bool:
        """Write progress, and a heartbeat with it; False if the run is no longer this worker's."""
        written = self._update(self._mine(), heartbeat_at=Now(), **values)
        for name, value in values.items():
            setattr(self, name, value)
        return bool(written)

    def finish(self, status: RunStatus, **values: Any) -> bool:
        """End the run; False, and nothing written, if it is no longer this worker's."""
        finished_at = timezone.now()
        values |= {"status": status, "finished_at": finished_at, "resume_at": None, "claim": None}
        if not self._update(self._mine(), **values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def wait(self, resume_at: datetime, reason: str, **values: Any) -> bool:
        """Put the run down until ``resume_at``; False if it is no longer this worker's."""
        values |= {
            "status": RunStatus.WAITING,
            "resume_at": resume_at,
            "reason": reason,
            "claim": None,
            "published_at": None,
        }
        if not self._update(self._mine(), **values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def publish(self) -> bool:
        """Note that the run is handed to a queue; False if it was a moment ago, or is not due."""
        return bool(self._update(self._row().not_in_queue(), published_at=Now()))

    def publish_later(self) -> bool:
        """Note that a queue was told to deliver the waiting run at ``resume_at``; False if somebody else did."""
        rows = self._row().filter(
            status=RunStatus.WAITING, resume_at=self.resume_at, published_at=None
        )
        return bool(self._update(rows, published_at=self.resume_at))

    def _update(self, rows: SyncRunQuerySet, **values: Any) -> int:
        """Update rows by one statement; return how many."""
        return done_again(lambda: rows.update(**values), using=self._state.db or DEFAULT_DB_ALIAS)

    def _row(self) -> SyncRunQuerySet:
        return SyncRun.objects.using(self._state.db).filter(pk=self.pk)

    def _mine(self) -> SyncRunQuerySet:
        return self._row().live().filter(claim=self.claim, claim__isnull=False)


class StagedPage(models.Model):
    """A page that a run has fetched and not yet written, compressed: a resumed run need not ask for it again."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(SyncRun, models.CASCADE, db_index=False, related_name="staged_pages")
    listing = models.CharField(max_length=300, blank=True)
    offset = models.PositiveIntegerField()
    rows = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("staged page")
        verbose_name_plural = _("staged pages")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "listing", "offset"], name="spotify_sync_staged_uniq"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="spotify_sync_staged_age")]

    def __str__(self) -> str:
        return f"page {self.offset} of run {self.run_id}"


def wake_runs(account_id: int, using: str | None) -> None:
    """Let the runs of an account that wait for a verdict go on at once."""
    waiting = SyncRun.objects.using(using).filter(
        account_id=account_id, status=RunStatus.WAITING, reason=GrantInDoubt.code
    )
    waiting.update(resume_at=Now(), published_at=None)
