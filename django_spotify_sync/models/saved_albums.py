"""Saved albums."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import SpotifyAccount
from django_spotify_sync.models.catalog import Album
from django_spotify_sync.models.saved import Saved, SavedQuerySet


class SavedAlbum(Saved):
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="saved_albums"
    )
    album = models.ForeignKey(
        Album,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="saved_by",
        verbose_name=_("album"),
    )

    objects = SavedQuerySet["SavedAlbum"].as_manager()

    class Meta(Saved.Meta):
        verbose_name = _("saved album")
        verbose_name_plural = _("saved albums")
