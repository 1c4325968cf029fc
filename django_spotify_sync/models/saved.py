"""What the rows of saved albums, shows, episodes and audiobooks have in common."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import AnyUser
from django_spotify_sync.spotify.answers.storable import MAX_ID


class SavedQuerySet[Row: models.Model](models.QuerySet[Row]):
    def for_user(self, user: AnyUser) -> Self:
        """What this user has saved, alone."""
        return self.filter(account__user_id=user.pk)

    def recent(self) -> Self:
        """Latest saved first, those without a date last."""
        return self.order_by(models.F("added_at").desc(nulls_last=True), "-id")

    def unavailable(self) -> Self:
        """Those that Spotify lists as null: withdrawn, or not out yet."""
        return self.filter(is_available=False)

    def kept(self) -> Self:
        """Those that Spotify does not list any more, and of which somebody decided that they stay."""
        return self.filter(is_kept=True)


class Saved(models.Model):
    """One entry of a list that Spotify keeps in no order that lasts: an id, and when it was saved.

    Each model has its ``account`` and what it holds of the catalogue, null where that was never known.
    """

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    added_at = models.DateTimeField(_("added at"), null=True, blank=True)
    # False where Spotify lists it still, as null: withdrawn, or not out yet.
    is_available = models.BooleanField(_("available"), default=True)
    # Spotify does not list it any more, and somebody decided that it stays: no part of what a sync compares.
    is_kept = models.BooleanField(_("kept"), default=False, db_default=False)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["account", "spotify_id"], name="spotify_sync_%(class)s_uniq"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-added_at", "-id"], name="spotify_sync_%(class)s_at")
        ]

    def __str__(self) -> str:
        return f"{self.spotify_id} of account {getattr(self, 'account_id', None)}"
