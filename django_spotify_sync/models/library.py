"""Each account's library: saved tracks, playlists and followed artists."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import batched

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.indexes import CompositeHashIndex, matching
from django_spotify_sync.models.accounts import MAX_ID, AnyUser, SpotifyAccount
from django_spotify_sync.models.catalog import OPEN_URL, Artist, Track

_CHUNK = 50  # a longer OR over a hash index is slower than several


class SavedTrackQuerySet(models.QuerySet["SavedTrack"]):
    def for_user(self, user: AnyUser) -> SavedTrackQuerySet:
        """The entries of this user alone."""
        return self.filter(account__user_id=user.pk)

    def recent(self) -> SavedTrackQuerySet:
        """Latest saved first."""
        return self.order_by("-added_at", "-id")

    def in_order(self) -> SavedTrackQuerySet:
        """In Spotify's own order, which tells entries of the same second apart."""
        return self.order_by("-rank")

    def contains(  # type: ignore[override]
        self, account: SpotifyAccount, spotify_ids: Iterable[str]
    ) -> set[str]:
        """Return which of ``spotify_ids`` the account has saved, by the composite HASH index; Spotify is not asked."""
        found: set[str] = set()
        for chunk in batched(dict.fromkeys(spotify_ids), _CHUNK):
            condition = models.Q()
            for spotify_id in chunk:
                condition |= matching(
                    "spotify_sync_saved_hash",
                    SavedTrack,
                    {"account_id": account.pk, "spotify_id": spotify_id},
                )
            found |= {
                spotify_id
                for spotify_id in self.filter(condition).values_list("spotify_id", flat=True)
                if spotify_id
            }
        return found


class SavedTrack(models.Model):
    """One entry of a user's saved tracks as Spotify lists them: nulls and doubles are entries too."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.CASCADE, db_index=False, related_name="saved_tracks"
    )
    # Null where the entry never held a track, or holds one that another entry of the account has already.
    track = models.ForeignKey(Track, models.PROTECT, null=True, blank=True, related_name="saved_by")
    # As last answered: relinking changes it, an unavailable track makes it null.
    spotify_id = models.CharField(max_length=MAX_ID, null=True, blank=True)
    added_at = models.DateTimeField(_("added at"), null=True, blank=True)
    # Sparse: ORDER BY rank DESC is Spotify's order, ties of one second included, and a new like moves no row.
    rank = models.BigIntegerField()
    is_playable = models.BooleanField(null=True, blank=True)

    objects = SavedTrackQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved track")
        verbose_name_plural = _("saved tracks")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "track"],
                condition=models.Q(track__isnull=False),
                name="spotify_sync_saved_track",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-added_at", "-id"], name="spotify_sync_saved_recent"),
            CompositeHashIndex(fields=["account", "spotify_id"], name="spotify_sync_saved_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.spotify_id or '—'} of account {self.account_id}"


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

    class Meta:
        verbose_name = _("playlist")
        verbose_name_plural = _("playlists")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_playlist_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return f"{OPEN_URL}/playlist/{self.spotify_id}"

    @property
    def uri(self) -> str:
        return f"spotify:playlist:{self.spotify_id}"


class AccountPlaylist(models.Model):
    """That a playlist is in a user's library, where, and what Spotify lets this user see of it."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.CASCADE, db_index=False, related_name="account_playlists"
    )
    playlist = models.ForeignKey(Playlist, models.PROTECT, related_name="account_playlists")
    position = models.PositiveIntegerField()
    snapshot_id = models.TextField(blank=True)
    can_read_items = models.BooleanField(null=True, blank=True)
    unreadable_reason = models.CharField(max_length=50, blank=True)

    class Meta:
        verbose_name = _("playlist of an account")
        verbose_name_plural = _("playlists of accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "playlist"], name="spotify_sync_accplaylist_uniq"
            )
        ]

    def __str__(self) -> str:
        return f"playlist {self.playlist_id} of account {self.account_id}"


class ItemKind(models.TextChoices):
    TRACK = "track", _("track")
    EPISODE = "episode", _("episode")
    LOCAL = "local", _("local file")
    UNAVAILABLE = "unavailable", _("unavailable")


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

    class Meta:
        verbose_name = _("playlist item")
        verbose_name_plural = _("playlist items")
        indexes = [
            # Not unique: rows could not be moved under a unique key, which is checked at every row.
            models.Index(fields=["playlist", "position"], name="spotify_sync_item_position"),
            CompositeHashIndex(fields=["playlist", "uri"], name="spotify_sync_item_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.title or self.uri}"


class FollowedArtist(models.Model):
    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.CASCADE, db_index=False, related_name="followed_artists"
    )
    artist = models.ForeignKey(Artist, models.PROTECT, related_name="followed_by")
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("followed artist")
        verbose_name_plural = _("followed artists")
        constraints = [
            models.UniqueConstraint(fields=["account", "artist"], name="spotify_sync_followed_uniq")
        ]

    def __str__(self) -> str:
        return f"artist {self.artist_id} of account {self.account_id}"
