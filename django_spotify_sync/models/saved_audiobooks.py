"""Saved audiobooks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import SpotifyAccount
from django_spotify_sync.models.catalog import Audiobook
from django_spotify_sync.models.saved import Saved, SavedQuerySet


class SavedAudiobook(Saved):
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="saved_audiobooks"
    )
    audiobook = models.ForeignKey(
        Audiobook,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="saved_by",
        verbose_name=_("audiobook"),
    )

    objects = SavedQuerySet["SavedAudiobook"].as_manager()

    class Meta(Saved.Meta):
        verbose_name = _("saved audiobook")
        verbose_name_plural = _("saved audiobooks")
