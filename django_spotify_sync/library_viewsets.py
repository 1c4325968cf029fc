"""The REST doors to the library, for reading. Nobody sees rows that are not their own, nor items that Spotify hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.cursors import CursorPages, by_name, by_number, by_time
from django_spotify_sync.filters import SavedTrackFilter, WordSearch, asked_ids, track_has
from django_spotify_sync.library_serializers import (
    AccountPlaylistSerializer,
    FollowedArtistSerializer,
    PlaylistItemSerializer,
    SavedTrackSerializer,
)
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    PlaylistItem,
    SavedTrack,
    TrackArtist,
)
from django_spotify_sync.rest import PinnedAPIView, own_account


class LibraryViewSet[Row: Model](PinnedAPIView, ListModelMixin, GenericViewSet[Row]):
    """A list in pages, with ``?search=`` and ``?ordering=``."""

    filter_backends: Any = (WordSearch,)
    pagination_class = CursorPages
    #: Says for a word under which condition a row has it.
    has_word: Callable[[str], Q]


class SavedTrackViewSet(LibraryViewSet[SavedTrack]):
    """The user's saved tracks, latest saved first."""

    serializer_class = SavedTrackSerializer
    filter_backends = (WordSearch, SavedTrackFilter)
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_name("track__name"),
        "artist": by_name(
            Coalesce(
                Subquery(
                    TrackArtist.objects.filter(track=OuterRef("track"))
                    .order_by("position")
                    .values("artist__name")[:1]
                ),
                Value(""),
            )
        ),
        "duration": by_number("track__duration_ms"),
    }
    default_order = "-added_at"
    has_word = staticmethod(track_has)

    def get_queryset(self) -> QuerySet[SavedTrack]:
        # by the account and not by its user: only so the index that has the order is read in it
        mine = SavedTrack.objects.filter(account=own_account(self.request))
        return mine.filter(track__isnull=False).with_tracks()

    @action(detail=False, filter_backends=(), pagination_class=None)
    def contains(self, request: Request) -> Response:
        """Which of these tracks the user has saved. Spotify is not asked."""
        account = own_account(request)
        spotify_ids = asked_ids(request)
        saved = SavedTrack.objects.contains(account, spotify_ids)
        return Response({spotify_id: spotify_id in saved for spotify_id in spotify_ids})


class PlaylistViewSet(LibraryViewSet[AccountPlaylist]):
    """The playlists in the user's library, in the user's order."""

    serializer_class = AccountPlaylistSerializer
    orders = {"position": by_number("position"), "name": by_name("playlist__name")}
    default_order = "position"

    def get_queryset(self) -> QuerySet[AccountPlaylist]:
        mine = AccountPlaylist.objects.filter(account=own_account(self.request))
        return mine.select_related("playlist")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(playlist__name__icontains=word) | Q(playlist__owner_name__icontains=word)


class PlaylistItemViewSet(LibraryViewSet[PlaylistItem]):
    """What is in a playlist of the user's library, in its order. None, as long as Spotify is not known to show it."""

    serializer_class = PlaylistItemSerializer
    orders = {
        "position": by_number("position"),
        "added_at": by_time("added_at", nullable=True),
    }
    default_order = "position"

    def get_queryset(self) -> QuerySet[PlaylistItem]:
        mine = AccountPlaylist.objects.filter(account=own_account(self.request))
        spotify_id = self.kwargs["spotify_id"]
        link = None if "\0" in spotify_id else mine.filter(playlist__spotify_id=spotify_id).first()
        if link is None:
            raise NotFound
        if not link.can_read_items:  # what is stored, another user's token fetched
            return PlaylistItem.objects.none()
        return PlaylistItem.objects.filter(playlist=link.playlist_id).with_tracks()

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(title__icontains=word) | Q(subtitle__icontains=word) | track_has(word)


class FollowedArtistViewSet(LibraryViewSet[FollowedArtist]):
    """The artists whom the user follows, in Spotify's order."""

    serializer_class = FollowedArtistSerializer
    orders = {"position": by_number("position"), "name": by_name("artist__name")}
    default_order = "position"

    def get_queryset(self) -> QuerySet[FollowedArtist]:
        mine = FollowedArtist.objects.filter(account=own_account(self.request))
        return mine.select_related("artist")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(artist__name__icontains=word)
