"""Followed artists."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount
from django_spotify_sync.models.catalog import Artist


class FollowedArtistQuerySet(models.QuerySet["FollowedArtist"]):
    def for_user(self, user: AnyUser) -> FollowedArtistQuerySet:
        """The artists whom this user follows, alone."""
        return self.filter(account__user_id=user.pk)

    def in_order(self) -> FollowedArtistQuerySet:
        """In the order in which Spotify lists them."""
        return self.order_by("position", "pk")

    def kept(self) -> FollowedArtistQuerySet:
        """Those whom Spotify does not list any more, and of whom somebody decided that they stay."""
        return self.filter(is_kept=True)


class FollowedArtist(models.Model):
    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="followed_artists"
    )
    artist = models.ForeignKey(Artist, models.PROTECT, related_name="followed_by")
    position = models.PositiveIntegerField()
    # Spotify does not list it any more, and somebody decided that it stays: no part of what a sync compares.
    is_kept = models.BooleanField(_("kept"), default=False, db_default=False)

    objects = FollowedArtistQuerySet.as_manager()

    class Meta:
        verbose_name = _("followed artist")
        verbose_name_plural = _("followed artists")
        constraints = [
            models.UniqueConstraint(fields=["account", "artist"], name="spotify_sync_followed_uniq")
        ]

    def __str__(self) -> str:
        if type(self).artist.is_cached(self):
            return str(self.artist)
        return f"artist {self.artist_id} of account {self.account_id}"
