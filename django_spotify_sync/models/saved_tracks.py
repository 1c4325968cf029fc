"""Saved tracks: one row an entry, in Spotify's order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, overload

from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, Substr
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.indexes import CompositeHashIndex, matching_any
from django_spotify_sync.models.accounts import OPEN_URL, AnyUser, SpotifyAccount, open_url
from django_spotify_sync.models.catalog import (
    Artist,
    Track,
    TrackArtist,
    title_of,
    track_artists,
)
from django_spotify_sync.models.doubles import Double, doubles_among
from django_spotify_sync.models.playlists import PlaylistItem
from django_spotify_sync.spotify.answers.storable import MAX_ID

#: Columns that hold what saved tracks are sorted by, where a library is long.
SORT_KEYS = ("name_key", "artist_key", "duration_key")
#: A name may be as long as it likes, a key may not: names alike for so long are told apart by their rows' ids.
NAME_LENGTH = 100


def name_key(name: str | Combinable) -> Combinable:
    """Return what names are sorted by: capitals as small letters, compared as the database's collation has it."""
    return Substr(Lower(name), 1, NAME_LENGTH)


def folded_key(folded: str | Combinable) -> Combinable:
    """Return what names are sorted by where they are folded: „Für“ is beside "fur", which no SQLite does by itself."""
    return Substr(folded, 1, NAME_LENGTH)


def sort_keys() -> dict[str, Combinable]:
    """Return the sort keys as the catalogue has them, each by a look-up in an index.

    Of a join, PostgreSQL may go through all artists for each row, as long as it does not know how many there are.
    """
    track = Track.objects.filter(pk=OuterRef("track"))
    links = TrackArtist.objects.filter(track=OuterRef(OuterRef("track"))).order_by("position")
    artist = Artist.objects.filter(pk=Subquery(links.values("artist")[:1]))
    first_artist = Subquery(artist.values(key=folded_key("folded"))[:1])
    return {
        "name_key": Subquery(track.values(key=folded_key("folded"))[:1]),
        "artist_key": Coalesce(first_artist, Value("")),
        "duration_key": Subquery(track.values("duration_ms")[:1]),
    }


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

    def by_artist(self, artist: Artist | str) -> SavedTrackQuerySet:
        """The entries whose track has this artist, given as the row or by Spotify id, among its artists."""
        links = TrackArtist.objects.filter(
            artist__spotify_id=artist if isinstance(artist, str) else artist.spotify_id
        )
        return self.filter(track__in=links.values("track"))

    def unavailable(self) -> SavedTrackQuerySet:
        """Those that Spotify does not play for their user, or does not have any more."""
        return self.filter(models.Q(is_playable=False) | models.Q(spotify_id=None))

    def in_no_playlist(self, account: SpotifyAccount) -> SavedTrackQuerySet:
        """Those whose track is in none of the account's playlists, as far as their items may be seen."""
        listed = PlaylistItem.objects.shown_to(account).filter(track__isnull=False)
        return self.filter(track__isnull=False).exclude(track__in=listed.values("track"))

    def kept(self) -> SavedTrackQuerySet:
        """Those that Spotify does not list any more, and of which somebody decided that they stay."""
        return self.filter(is_kept=True)

    def doubles(self, account: SpotifyAccount) -> list[Double]:
        """Return what the account has saved more than once: the same recording, or the same names and length.

        In three queries for any number of rows. It looks at all of a library: keep what it says until the next sync.
        """
        return doubles_among(self.filter(account=account).in_order())

    def keeps_sort_keys(self, account: SpotifyAccount) -> bool:
        """Tell whether the rows of this account keep what they are sorted by, which those of a long library do."""
        kept = self.filter(account=account, track__isnull=False, name_key__isnull=False)
        return bool(kept.order_by("name_key", "pk").values_list("pk")[:1])  # by its index alone

    def with_tracks(self) -> SavedTrackQuerySet:
        """With track, album and artists, in three queries for any number of rows."""
        return self.select_related("track__album").prefetch_related(track_artists("track__"))

    @overload
    def contains(self, obj: models.Model) -> bool: ...
    @overload
    def contains(self, obj: SpotifyAccount, spotify_ids: Iterable[str]) -> set[str]: ...
    @overload
    def contains(self, *, account: SpotifyAccount, spotify_ids: Iterable[str]) -> set[str]: ...
    def contains(
        self, obj: Any = None, spotify_ids: Any = None, *, account: Any = None
    ) -> bool | set[str]:
        """Tell whether a row is among these, as every QuerySet does; or, with an account and ids, ``saved_ids``."""
        if spotify_ids is None:
            return super().contains(obj)
        return self.saved_ids(obj if account is None else account, spotify_ids)

    def saved_ids(self, account: SpotifyAccount, spotify_ids: Iterable[str]) -> set[str]:
        """Return which of ``spotify_ids`` the account has saved, by the composite HASH index; Spotify is not asked."""
        wanted = matching_any(
            "spotify_sync_saved_hash",
            SavedTrack,
            {"account_id": account.pk},
            spotify_id=dict.fromkeys(spotify_ids),
        )
        found = self.filter(wanted).values_list("spotify_id", flat=True)
        return {spotify_id for spotify_id in found if spotify_id}


class SavedTrack(models.Model):
    """One entry of a user's saved tracks as Spotify lists them: nulls and doubles are entries too."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="saved_tracks"
    )
    # Null where the entry never held a track, or holds one that another entry of the account has already.
    track = models.ForeignKey(Track, models.PROTECT, null=True, blank=True, related_name="saved_by")
    # As last answered: relinking changes it, an unavailable track makes it null.
    spotify_id = models.CharField(max_length=MAX_ID, null=True, blank=True)
    added_at = models.DateTimeField(_("added at"), null=True, blank=True)
    # Sparse: ORDER BY rank DESC is Spotify's order, ties of one second included, and a new like moves no row.
    rank = models.BigIntegerField()
    is_playable = models.BooleanField(null=True, blank=True)
    # Spotify does not list it any more, and somebody decided that it stays: no part of what a sync compares.
    is_kept = models.BooleanField(_("kept"), default=False, db_default=False)
    # Copies out of the catalogue, as of the account's last sync, so that one index has an account's rows in an order of
    # names. Null in libraries that are short enough to be sorted whenever somebody asks.
    name_key = models.TextField(null=True, blank=True, editable=False)
    artist_key = models.TextField(null=True, blank=True, editable=False)
    duration_key = models.PositiveIntegerField(null=True, blank=True, editable=False)

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
            models.Index(fields=["account", "-rank"], name="spotify_sync_saved_rank"),
            CompositeHashIndex(fields=["account", "spotify_id"], name="spotify_sync_saved_hash"),
            models.Index(
                fields=["account"], condition=models.Q(is_kept=True), name="spotify_sync_saved_kept"
            ),
            *(
                models.Index(
                    fields=["account", key, "id"],
                    condition=models.Q(**{f"{key}__isnull": False, "track__isnull": False}),
                    name=f"spotify_sync_saved_{key.removesuffix('_key')}",
                )
                for key in SORT_KEYS
            ),
        ]

    def __str__(self) -> str:
        return title_of(self) or self.spotify_id or f"saved track {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the track's address at Spotify; for an entry that holds none, that of the list it stands in."""
        spotify_id = self.spotify_id or (self.track and self.track.spotify_id)
        return open_url("track", spotify_id) if spotify_id else f"{OPEN_URL}/collection/tracks"
