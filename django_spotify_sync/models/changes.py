"""The journal: what came into a library and what left it, as its syncs saw it."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount, open_url
from django_spotify_sync.models.runs import Resource, SyncRun
from django_spotify_sync.spotify.answers.storable import MAX_ID

#: What Spotify's addresses call one of each resource. Audiobooks have the addresses of shows.
_NAMES_IN_ADDRESSES: dict[str, str] = {
    Resource.TRACKS: "track",
    Resource.PLAYLISTS: "playlist",
    Resource.FOLLOWING: "artist",
    Resource.ALBUMS: "album",
    Resource.SHOWS: "show",
    Resource.EPISODES: "episode",
    Resource.AUDIOBOOKS: "show",
}


class ChangeKind(models.TextChoices):
    ADDED = "added", _("added")
    REMOVED = "removed", _("removed")
    RETURNED = "returned", _("returned")
    RENAMED = "renamed", _("renamed")
    UNAVAILABLE = "unavailable", _("unavailable")
    AVAILABLE = "available", _("available again")
    IMPORTED = "imported", _("imported")


class LibraryChangeQuerySet(models.QuerySet["LibraryChange"]):
    def for_user(self, user: AnyUser) -> LibraryChangeQuerySet:
        """The changes of this user's library alone."""
        # by a key that is known beforehand, not by a join: only so the index of one account is read in its order
        account = SpotifyAccount.objects.filter(user_id=user.pk).values("pk")[:1]
        return self.filter(account_id=account)

    def recent(self) -> LibraryChangeQuerySet:
        """Latest seen first."""
        return self.order_by("-seen_at", "-id")

    def since(self, moment: datetime) -> LibraryChangeQuerySet:
        """Those seen at that moment or later."""
        return self.filter(seen_at__gte=moment)


class LibraryChange(models.Model):
    """One thing that came or went, with its name as it was: that outlives the row, and the catalogue's."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="changes"
    )
    # Null once the run's record is pruned, which is kept for less long.
    run = models.ForeignKey(SyncRun, models.SET_NULL, null=True, blank=True, related_name="changes")
    resource = models.CharField(_("resource"), max_length=20, choices=Resource.choices)
    kind = models.CharField(_("kind"), max_length=20, choices=ChangeKind.choices)
    # 1, but for a first import, which is one line.
    count = models.PositiveIntegerField(_("count"), default=1)
    # Empty for a first import, and for an entry that never had an id.
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID, blank=True)
    title = models.TextField(_("title"), blank=True)
    subtitle = models.TextField(_("subtitle"), blank=True)
    # Of an item of a playlist, else empty.
    playlist_spotify_id = models.CharField(max_length=MAX_ID, blank=True)
    playlist_name = models.TextField(_("playlist"), blank=True)
    likely_withdrawn = models.BooleanField(_("likely withdrawn"), default=False)
    seen_at = models.DateTimeField(_("seen at"))

    objects = LibraryChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of a library")
        verbose_name_plural = _("changes of libraries")
        indexes = [
            models.Index(fields=["account", "-seen_at", "-id"], name="spotify_sync_change_recent"),
            models.Index(fields=["seen_at"], name="spotify_sync_change_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.spotify_id or self.count}: {self.kind_words}"

    def get_absolute_url(self) -> str:
        """Return where Spotify shows what came or went, for an item its playlist; empty where there is no id."""
        if self.playlist_spotify_id:
            return open_url("playlist", self.playlist_spotify_id)
        if not self.spotify_id:
            return ""
        return open_url(_NAMES_IN_ADDRESSES[self.resource], self.spotify_id)

    @property
    def kind_words(self) -> str:
        """What happened, as a user is told. No cause is named: Spotify does not say who took something away."""
        return gettext("no longer available") if self.likely_withdrawn else self.get_kind_display()

    @property
    def uri(self) -> str:
        """Spotify's URI of what came or went; empty where there is no id, and of an item of a playlist.

        The row does not say whether an item was a track or an episode.
        """
        if self.playlist_spotify_id or not self.spotify_id:
            return ""
        return f"spotify:{_NAMES_IN_ADDRESSES[self.resource]}:{self.spotify_id}"
