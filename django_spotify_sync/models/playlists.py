"""Playlists, stored once for all, whose libraries they are in, and their items.

What one user's token fetches stands in rows that all share. So that nobody sees more than that user's own token was
last shown, what is shared counts its versions, and each link remembers those that its owner was shown. Whatever speaks
to a user asks by the querysets of this module, or by the properties of ``AccountPlaylist``, which show no later one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.folded import FoldedField
from django_spotify_sync.db.indexes import CompositeHashIndex
from django_spotify_sync.db.positions import places
from django_spotify_sync.models.accounts import AnyUser, SpotifyAccount, open_url
from django_spotify_sync.models.catalog import Track, title_of, track_artists
from django_spotify_sync.models.doubles import Double, doubles_in_lists
from django_spotify_sync.spotify.answers.storable import MAX_ID

#: Links whose owner was shown the name and the like as they are stored.
SHOWS_DETAILS = Q(seen_details=F("playlist__details_version"))
SHOWS_CONTENTS = Q(seen_contents=F("playlist__contents_version"))


class PlaylistQuerySet(models.QuerySet["Playlist"]):
    def for_user(self, user: AnyUser) -> PlaylistQuerySet:
        """The playlists in this user's library, in the user's order, that are stored as this user was shown them.

        One that others' syncs have changed since is left out until the user's own next one: its columns would say what
        that user was not shown. The links have them all.
        """
        if user.pk is None:  # an outer join would give nobody what nobody has
            return self.none()
        return self._linked(user).order_by("account_playlists__position", "pk")

    def readable_by(self, user: AnyUser) -> PlaylistQuerySet:
        """Those of them whose items Spotify lets this user see."""
        if user.pk is None:
            return self.none()
        mine = self._linked(user, account_playlists__can_read_items=True)
        return mine.order_by("account_playlists__position", "pk")

    def _linked(self, user: AnyUser, **which: Any) -> PlaylistQuerySet:
        return self.filter(
            account_playlists__account__user_id=user.pk,
            account_playlists__seen_details=F("details_version"),
            account_playlists__seen_contents=F("contents_version"),
            **which,
        )


class Playlist(models.Model):
    """A playlist, stored once however many users have it; what of it a user may see says AccountPlaylist.

    ``details_version`` goes up with the name, description, owner and ``collaborative``; ``contents_version`` with the
    items, their total and the cover.
    """

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    description = models.TextField(_("description"), blank=True)
    owner_id = models.CharField(_("owner's Spotify id"), max_length=MAX_ID, blank=True)
    owner_name = models.TextField(_("owner"), blank=True)
    collaborative = models.BooleanField(_("collaborative"), default=False)
    image_url = models.TextField(_("cover"), blank=True)
    # Covers of playlists expire within a day, so they are left out of the comparison.
    cover_fetched_at = models.DateTimeField(null=True, blank=True)
    # Under the same snapshot another address is the same picture.
    cover_snapshot_id = models.TextField(blank=True, default="", db_default="")
    total = models.PositiveIntegerField(_("items"), null=True, blank=True)
    items_snapshot_id = models.TextField(blank=True)
    items_synced_at = models.DateTimeField(null=True, blank=True)
    folded = FoldedField(sources=["name", "owner_name"])
    # By how much the listing's total, and the items' own, differed from the items that came at the last reading that
    # got to their end; believed when two readings agree.
    listed_surplus = models.IntegerField(default=0, db_default=0)
    counted_surplus = models.IntegerField(default=0, db_default=0)
    details_version = models.PositiveIntegerField(default=0, db_default=0)
    contents_version = models.PositiveIntegerField(default=0, db_default=0)
    # The account whose token read the items, so in whose market they are playable or not; null where none is known.
    items_read_by = models.BigIntegerField(null=True, blank=True)

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

    def as_shown(self) -> AccountPlaylistQuerySet:
        """With the playlists, and with what to order by: ``shown_name``, ``shown_folded`` and ``shown_total``."""
        texts = {"shown_name": "playlist__name", "shown_folded": "playlist__folded"}
        return self.select_related("playlist").annotate(
            **{
                shown: Case(
                    When(SHOWS_DETAILS, then=column),
                    default=Value(""),
                    output_field=models.TextField(),
                )
                for shown, column in texts.items()
            },
            shown_total=Case(When(SHOWS_CONTENTS, then="playlist__total")),
        )

    def kept(self) -> AccountPlaylistQuerySet:
        """Those that Spotify does not list any more, and of which somebody decided that they stay."""
        return self.filter(is_kept=True)

    def called(self, word: str) -> AccountPlaylistQuerySet:
        """Those with ``word`` in the names, of list and owner, that the link's owner was shown."""
        return self.filter(SHOWS_DETAILS, playlist__folded__contains=word)

    def readable(self) -> Self:
        """Those whose items Spotify lets the link's owner see, and which that owner was shown as they are stored."""
        return self.filter(SHOWS_CONTENTS, can_read_items=True)

    def holding(self, tracks: QuerySet[Track]) -> Self:
        """Those in which their owner sees one of the tracks, each with ``held``: how many of them."""
        held = self.readable().filter(playlist__items__track__in=tracks)
        return held.annotate(held=Count("playlist__items__track", distinct=True))


class AccountPlaylist(models.Model):
    """That a playlist is in a user's library, where, and what Spotify lets this user see of it.

    Its properties are the playlist as its owner was last shown it: what only others were shown since is blank. They
    want ``playlist`` selected.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        SpotifyAccount, models.DO_NOTHING, db_index=False, related_name="account_playlists"
    )
    playlist = models.ForeignKey(Playlist, models.PROTECT, related_name="account_playlists")
    position = models.PositiveIntegerField()
    # Spotify does not list it any more, and somebody decided that it stays: no part of what a sync compares.
    is_kept = models.BooleanField(_("kept"), default=False, db_default=False)
    snapshot_id = models.TextField(blank=True)
    can_read_items = models.BooleanField(null=True, blank=True)
    unreadable_reason = models.CharField(max_length=50, blank=True)
    # Whether it stands on this user's own profile: each of those who have a list is answered another flag.
    public = models.BooleanField(_("public"), null=True, blank=True)
    # The playlist's versions that this account's own token was last shown; null for none.
    seen_details = models.PositiveIntegerField(null=True, default=0, db_default=0)
    seen_contents = models.PositiveIntegerField(null=True, default=0, db_default=0)

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
            return self.name or self.spotify_id
        return f"playlist {self.playlist_id} of account {self.account_id}"

    def get_absolute_url(self) -> str:
        return self.playlist.get_absolute_url()

    @property
    def shows_details(self) -> bool:
        """Whether the owner was shown the name, description, playlist's owner and flags that are stored."""
        return self.seen_details == self.playlist.details_version

    @property
    def shows_contents(self) -> bool:
        """Whether the owner was shown the total, the cover and, where they may be read, the items that are stored."""
        return self.seen_contents == self.playlist.contents_version

    @property
    def may_read_items(self) -> bool | None:
        """``can_read_items``; null as well while items are stored that the owner was not shown."""
        return self.can_read_items if self.shows_contents or not self.can_read_items else None

    @property
    def spotify_id(self) -> str:
        return self.playlist.spotify_id

    @property
    def uri(self) -> str:
        return self.playlist.uri

    @property
    def name(self) -> str:
        return self.playlist.name if self.shows_details else ""

    @property
    def description(self) -> str:
        return self.playlist.description if self.shows_details else ""

    @property
    def owner_id(self) -> str:
        return self.playlist.owner_id if self.shows_details else ""

    @property
    def owner_name(self) -> str:
        return self.playlist.owner_name if self.shows_details else ""

    @property
    def collaborative(self) -> bool:
        return self.shows_details and self.playlist.collaborative

    @property
    def image_url(self) -> str:
        return self.playlist.image_url if self.shows_contents else ""

    @property
    def total(self) -> int | None:
        return self.playlist.total if self.shows_contents else None


class ItemKind(models.TextChoices):
    TRACK = "track", _("track")
    EPISODE = "episode", _("episode")
    LOCAL = "local", _("local file")
    UNAVAILABLE = "unavailable", _("unavailable")


class PlaylistItemQuerySet(models.QuerySet["PlaylistItem"]):
    def readable_by(self, user: AnyUser) -> PlaylistItemQuerySet:
        """The items that Spotify lets this user see, as this user was last shown them, whoever's token fetched them.

        Each has ``is_playable_here``: its ``is_playable`` if this user's own token read the list, else null.
        """
        if user.pk is None:
            return self.none()
        mine = self._shown(playlist__account_playlists__account__user_id=user.pk)
        return mine.annotate(
            is_playable_here=Case(
                When(
                    playlist__items_read_by=F("playlist__account_playlists__account_id"),
                    then="is_playable",
                ),
                output_field=models.BooleanField(null=True),
            )
        )

    def shown_to(self, account: SpotifyAccount) -> PlaylistItemQuerySet:
        """The items in the account's playlists that Spotify lets its user see, as that user was last shown them."""
        return self._shown(playlist__account_playlists__account=account.pk)

    def _shown(self, **to: Any) -> PlaylistItemQuerySet:
        return self.filter(
            playlist__account_playlists__can_read_items=True,
            playlist__account_playlists__seen_contents=F("playlist__contents_version"),
            **to,
        )

    def also_in(self, playlist: Playlist) -> PlaylistItemQuerySet:
        """Those that stand in another playlist too: the same track, or the same episode or file by its URI."""
        other = PlaylistItem.objects.filter(playlist=playlist)
        tracks = other.filter(track__isnull=False).values("track")
        spoken = other.filter(track__isnull=True).exclude(uri="").values("uri")
        return self.filter(Q(track__in=tracks) | Q(track__isnull=True, uri__in=spoken))

    def unavailable_to(self, user: AnyUser) -> PlaylistItemQuerySet:
        """Those of ``readable_by`` where nothing stands any more, or nothing that this user can play.

        What stood there keeps its name: ``track``, or ``title`` and ``subtitle``.
        """
        mine = self.readable_by(user)
        if user.pk is None:
            return mine
        return mine.filter(Q(kind=ItemKind.UNAVAILABLE) | Q(is_playable_here=False))

    def doubles(self, user: AnyUser) -> list[Double]:
        """Return what stands more than once in one of the playlists that this user may read. In one query."""
        return doubles_in_lists(self.readable_by(user))

    def in_order(self) -> PlaylistItemQuerySet:
        """By their places."""
        return self.order_by("position", "pk")

    def numbered(self, items: Iterable[PlaylistItem]) -> list[PlaylistItem]:
        """The items, each with its ``place``: how many stand before it in its list. In one query.

        What is gone meanwhile is left out.
        """
        items = list(items)
        counted = places(self, [item.pk for item in items], group="playlist")
        there = [item for item in items if item.pk in counted]
        for item in there:
            item.place = counted[item.pk]
        return there

    def with_tracks(self) -> PlaylistItemQuerySet:
        """With track, album and artists, in three queries for any number of rows."""
        return self.select_related("track__album").prefetch_related(track_artists("track__"))


class PlaylistItem(models.Model):
    """One place in a playlist. What stands there may be a track, an episode, a local file, or nothing any more.

    Title, subtitle and duration are those of what has no track; a track's own stand in the catalogue. ``position`` only
    orders; which place that is, from 0, says ``PlaylistItem.objects.numbered()``.
    """

    Kind = ItemKind
    #: How many items stand before it in its list; only ``numbered()`` knows.
    place: int

    id = models.BigAutoField(primary_key=True)
    playlist = models.ForeignKey(Playlist, models.CASCADE, db_index=False, related_name="items")
    # Sparse: an item that comes or moves gets a number between its neighbours', and no other row changes.
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
            # Not unique: rows could not be numbered anew under a unique key, which is checked at every row.
            models.Index(fields=["playlist", "position"], name="spotify_sync_item_position"),
            CompositeHashIndex(fields=["playlist", "uri"], name="spotify_sync_item_hash"),
        ]

    def __str__(self) -> str:
        title = title_of(self) or self.title or self.uri
        return title or f"item {self.pk} of playlist {self.playlist_id}"
