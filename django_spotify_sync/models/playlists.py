"""Playlists, stored once for all, whose libraries they are in, and their items."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.folded import FoldedField
from django_spotify_sync.db.indexes import CompositeHashIndex
from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount, open_url
from django_spotify_sync.models.catalog import Track, title_of, track_artists
from django_spotify_sync.spotify.answers.storable import MAX_ID


class PlaylistQuerySet(models.QuerySet["Playlist"]):
    def for_user(self, user: AnyUser) -> PlaylistQuerySet:
        """The playlists in this user's library, in the user's order."""
        if user.pk is None:  # an outer join would give nobody what nobody has
            return self.none()
        mine = self.filter(account_playlists__account__user_id=user.pk)
        return mine.order_by("account_playlists__position", "pk")

    def readable_by(self, user: AnyUser) -> PlaylistQuerySet:
        """Those of them whose items Spotify lets this user see."""
        if user.pk is None:
            return self.none()
        mine = self.filter(
            account_playlists__account__user_id=user.pk, account_playlists__can_read_items=True
        )
        return mine.order_by("account_playlists__position", "pk")


class Playlist(models.Model):
    """A playlist, stored once however many users have it; whether a user may see its items says AccountPlaylist."""

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    description = models.TextField(_("description"), blank=True)
    owner_id = models.CharField(_("owner's Spotify id"), max_length=MAX_ID, blank=True)
    owner_name = models.TextField(_("owner"), blank=True)
    collaborative = models.BooleanField(_("collaborative"), default=False)
    public = models.BooleanField(_("public"), null=True, blank=True)
    image_url = models.TextField(_("cover"), blank=True)
    # Covers of playlists expire within a day, so they are left out of the comparison.
    cover_fetched_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(_("items"), null=True, blank=True)
    items_snapshot_id = models.TextField(blank=True)
    items_synced_at = models.DateTimeField(null=True, blank=True)
    folded = FoldedField(sources=["name", "owner_name"])
    # By how much the listing's total, and the items' own, differed from the items that came at the last reading that
    # got to their end; believed when two readings agree.
    listed_surplus = models.IntegerField(default=0, db_default=0)
    counted_surplus = models.IntegerField(default=0, db_default=0)

    objects = PlaylistQuerySet.as_manager()

    class Meta:
        verbose_name = _("playlist")
        verbose_name_plural = _("playlists")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_playlist_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("playlist", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:playlist:{self.spotify_id}"


class AccountPlaylistQuerySet(models.QuerySet["AccountPlaylist"]):
    def for_user(self, user: AnyUser) -> AccountPlaylistQuerySet:
        """The links of this user alone."""
        return self.filter(account__user_id=user.pk)

    def in_order(self) -> AccountPlaylistQuerySet:
        """In the order of the user's list of playlists."""
        return self.order_by("position", "pk")


class AccountPlaylist(models.Model):
    """That a playlist is in a user's library, where, and what Spotify lets this user see of it."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="account_playlists"
    )
    playlist = models.ForeignKey(Playlist, models.PROTECT, related_name="account_playlists")
    position = models.PositiveIntegerField()
    snapshot_id = models.TextField(blank=True)
    can_read_items = models.BooleanField(null=True, blank=True)
    unreadable_reason = models.CharField(max_length=50, blank=True)

    objects = AccountPlaylistQuerySet.as_manager()

    class Meta:
        verbose_name = _("playlist of an account")
        verbose_name_plural = _("playlists of accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "playlist"], name="spotify_sync_accplaylist_uniq"
            )
        ]

    def __str__(self) -> str:
        if type(self).playlist.is_cached(self):
            return str(self.playlist)
        return f"playlist {self.playlist_id} of account {self.account_id}"


class ItemKind(models.TextChoices):
    TRACK = "track", _("track")
    EPISODE = "episode", _("episode")
    LOCAL = "local", _("local file")
    UNAVAILABLE = "unavailable", _("unavailable")


class PlaylistItemQuerySet(models.QuerySet["PlaylistItem"]):
    def readable_by(self, user: AnyUser) -> PlaylistItemQuerySet:
        """The items that Spotify lets this user see, whoever's token fetched them."""
        if user.pk is None:
            return self.none()
        return self.filter(
            playlist__account_playlists__account__user_id=user.pk,
            playlist__account_playlists__can_read_items=True,
        )

    def in_order(self) -> PlaylistItemQuerySet:
        """By their places."""
        return self.order_by("position", "pk")

    def with_tracks(self) -> PlaylistItemQuerySet:
        """With track, album and artists, in three queries for any number of rows."""
        return self.select_related("track__album").prefetch_related(track_artists("track__"))


class PlaylistItem(models.Model):
    """One place in a playlist. What stands there may be a track, an episode, a local file, or nothing any more.

    Title, subtitle and duration are those of what has no track; a track's own stand in the catalogue.
    """

    Kind = ItemKind

    id = models.BigAutoField(primary_key=True)
    playlist = models.ForeignKey(Playlist, models.CASCADE, db_index=False, related_name="items")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=ItemKind.choices)
    # Local files have URIs of thousands of characters, which no B-tree holds.
    uri = models.TextField(blank=True)
    track = models.ForeignKey(
        Track, models.PROTECT, null=True, blank=True, related_name="playlist_items"
    )
    title = models.TextField(blank=True)
    subtitle = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    added_at = models.DateTimeField(null=True, blank=True)
    added_by = models.CharField(max_length=MAX_ID, blank=True)
    is_playable = models.BooleanField(null=True, blank=True)
    folded = FoldedField(sources=["title", "subtitle"])

    objects = PlaylistItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("playlist item")
        verbose_name_plural = _("playlist items")
        indexes = [
            # Not unique: rows could not be moved under a unique key, which is checked at every row.
            models.Index(fields=["playlist", "position"], name="spotify_sync_item_position"),
            CompositeHashIndex(fields=["playlist", "uri"], name="spotify_sync_item_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {title_of(self) or self.title or self.uri}"
