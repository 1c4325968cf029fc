"""Saved episodes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import SpotifyAccount
from django_spotify_sync.models.catalog import Episode
from django_spotify_sync.models.saved import Saved, SavedQuerySet


class SavedEpisode(Saved):
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="saved_episodes"
    )
    episode = models.ForeignKey(
        Episode,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="saved_by",
        verbose_name=_("episode"),
    )

    objects = SavedQuerySet["SavedEpisode"].as_manager()

    class Meta(Saved.Meta):
        verbose_name = _("saved episode")
        verbose_name_plural = _("saved episodes")
