"""Saved shows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import SpotifyAccount
from django_spotify_sync.models.catalog import Show
from django_spotify_sync.models.saved import Saved, SavedQuerySet


class SavedShow(Saved):
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="saved_shows"
    )
    show = models.ForeignKey(
        Show, models.PROTECT, null=True, blank=True, related_name="saved_by", verbose_name=_("show")
    )

    objects = SavedQuerySet["SavedShow"].as_manager()

    class Meta(Saved.Meta):
        verbose_name = _("saved show")
        verbose_name_plural = _("saved shows")
