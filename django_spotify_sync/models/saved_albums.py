"""Saved albums."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import SpotifyAccount
from django_spotify_sync.models.catalog import Album, AlbumArtist, AlbumTrack, track_artists
from django_spotify_sync.models.saved import Saved, SavedQuerySet
from django_spotify_sync.models.saved_tracks import SavedTrack


class SavedAlbumQuerySet(SavedQuerySet["SavedAlbum"]):
    def with_albums(self) -> Self:
        """With the album and its artists, in two queries for any number of rows."""
        links = AlbumArtist.objects.select_related("artist").order_by("album_id", "position")
        artists = models.Prefetch("album__album_artists", queryset=links)
        return self.select_related("album").prefetch_related(artists)

    def counted(self, rows: Iterable[SavedAlbum]) -> list[SavedAlbum]:
        """The rows, each with ``saved_tracks``: how many of the album's tracks its account has saved. In one query."""
        rows = list(rows)
        saved = AlbumTrack.objects.using(self.db).filter(
            album__in={row.album_id for row in rows},
            track__saved_by__account__in={row.account_id for row in rows},
        )
        counts = saved.values_list("track__saved_by__account", "album").annotate(Count("pk"))
        known = {(account, album): count for account, album, count in counts}
        for row in rows:
            row.saved_tracks = known.get((row.account_id, row.album_id), 0)
        return rows


class SavedAlbum(Saved):
    #: How many of the album's tracks the account has saved; only ``counted()`` knows.
    saved_tracks: int

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

    objects = SavedAlbumQuerySet.as_manager()

    class Meta(Saved.Meta):
        verbose_name = _("saved album")
        verbose_name_plural = _("saved albums")

    def tracks(self) -> models.QuerySet[AlbumTrack]:
        """Return the album's tracks as Spotify orders them, each with ``is_saved``: whether the account has saved it.

        With their artists, in two queries for any number of tracks.
        """
        saved = SavedTrack.objects.filter(account=self.account_id, track=OuterRef("track"))
        tracks = AlbumTrack.objects.using(self._state.db).filter(album=self.album_id)
        tracks = tracks.annotate(is_saved=Exists(saved)).select_related("track")
        return tracks.prefetch_related(track_artists("track__")).order_by("position")
