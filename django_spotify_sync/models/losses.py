"""Large losses: what a run did not believe to be gone, as a list to look at, and what somebody said of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount
from django_spotify_sync.models.runs import Resource, SyncRun
from django_spotify_sync.spotify.answers.storable import MAX_ID

#: Why a run is partial that met one.
LARGE_LOSS = "large_loss"


class Decision(models.TextChoices):
    ACCEPT = "accept", _("accept")
    KEEP = "keep", _("keep")


class LargeLossQuerySet(models.QuerySet["LargeLoss"]):
    def for_user(self, user: AnyUser) -> LargeLossQuerySet:
        """The losses of this user's library alone."""
        return self.filter(account__user_id=user.pk)

    def unsettled(self) -> LargeLossQuerySet:
        """Those of which something can still be decided: the rows are in the library."""
        return self.filter(settled_at__isnull=True)

    def undecided(self) -> LargeLossQuerySet:
        """Those of which nobody has said anything yet."""
        return self.unsettled().filter(decision__isnull=True)

    def waiting(self) -> LargeLossQuerySet:
        """Those that the next run looks for: undecided, or accepted and not removed yet."""
        return self.unsettled().exclude(decision=Decision.KEEP)

    def of_run(self, run: SyncRun) -> LargeLoss | None:
        """Return the loss that the run met, None if it met none: one of its own, or that of the run before."""
        if run.reason != LARGE_LOSS:
            return None
        met = self.filter(account_id=run.account_id, resource=run.resource, run_id__lte=run.pk)
        return met.order_by("-run_id").first()


class LargeLoss(models.Model):
    """A loss too large to be believed at once: what the run would have removed, and what was decided.

    Later runs that meet the same loss make no other one. What is *kept* stays in the library, marked ``is_kept``.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.OneToOneField(SyncRun, models.CASCADE, related_name="loss")
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="losses"
    )
    resource = models.CharField(_("resource"), max_length=20, choices=Resource.choices)
    total = models.PositiveIntegerField(_("rows"))
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision.choices, null=True, blank=True
    )
    created_at = models.DateTimeField(_("created at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    # Since then nothing is left to decide: the rows were removed, came back, or are part of a later loss.
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = LargeLossQuerySet.as_manager()

    class Meta:
        verbose_name = _("large loss")
        verbose_name_plural = _("large losses")
        indexes = [
            models.Index(fields=["account", "resource", "-run"], name="spotify_sync_loss_recent")
        ]

    def __str__(self) -> str:
        return f"loss of {self.total} rows: {self.resource} of account {self.account_id}"


class LostRowQuerySet(models.QuerySet["LostRow"]):
    def in_order(self) -> LostRowQuerySet:
        """In the order of the library."""
        return self.order_by("position", "pk")


class LostRow(models.Model):
    """A row of a library that seems gone at Spotify, with its name as it was then."""

    id = models.BigAutoField(primary_key=True)
    loss = models.ForeignKey(LargeLoss, models.CASCADE, db_index=False, related_name="rows")
    position = models.PositiveIntegerField()
    # Which row of the library: ids of Spotify's may be missing, and stand there twice.
    row_id = models.BigIntegerField()
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID, blank=True)
    title = models.TextField(_("title"), blank=True)
    subtitle = models.TextField(_("subtitle"), blank=True)

    objects = LostRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a large loss")
        verbose_name_plural = _("rows of large losses")
        indexes = [models.Index(fields=["loss", "position"], name="spotify_sync_lost_position")]

    def __str__(self) -> str:
        return self.title or self.spotify_id or f"row {self.row_id}"
