"""Saved tracks over REST."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync.models import Album, PlaylistItem, SavedTrack, TrackArtist
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.models.saved_tracks import sort_keys
from django_spotify_sync.models.search import track_has
from django_spotify_sync.rest.cursors import ensure_known, parameter
from django_spotify_sync.rest.fields import RowSerializer, UTCField
from django_spotify_sync.rest.filters import MAX_TEXT, WordSearch, asked, asked_ids
from django_spotify_sync.rest.keyset import Order, by_number, by_text, by_time
from django_spotify_sync.rest.library import LibraryViewSet

_KEYS = sort_keys()


class ArtistsInOrder(serializers.ListSerializer[Any]):
    """The artists of a track as Spotify has them, of links that may have been fetched before."""

    def to_representation(self, links: Any) -> list[Any]:
        in_order: Any = sorted(links.all(), key=attrgetter("position"))
        return super().to_representation(in_order)


class ArtistReferenceSerializer(RowSerializer[TrackArtist]):
    spotify_id = serializers.CharField(source="artist.spotify_id", read_only=True)
    name = serializers.CharField(source="artist.name", read_only=True)

    class Meta:
        ref_name = "SpotifyArtistReference"
        model = TrackArtist
        fields = ("spotify_id", "name")
        list_serializer_class = ArtistsInOrder


class AlbumReferenceSerializer(RowSerializer[Album]):
    class Meta:
        ref_name = "SpotifyAlbumReference"
        model = Album
        fields = ("spotify_id", "name", "image_url", "release_date")
        read_only_fields = fields


class SavedTrackSerializer(serializers.Serializer[Any]):
    """An entry that holds a track. Wants ``with_tracks()``."""

    spotify_id = serializers.CharField(source="track.spotify_id", read_only=True)
    uri = serializers.CharField(source="track.uri", read_only=True)
    name = serializers.CharField(source="track.name", read_only=True)
    artists = ArtistReferenceSerializer(source="track.track_artists", many=True, read_only=True)
    album = AlbumReferenceSerializer(source="track.album", read_only=True, allow_null=True)
    duration_ms = serializers.IntegerField(source="track.duration_ms", read_only=True)
    explicit = serializers.BooleanField(source="track.explicit", read_only=True)
    isrc = serializers.CharField(source="track.isrc", read_only=True)
    is_playable = serializers.BooleanField(read_only=True, allow_null=True)
    added_at = UTCField(read_only=True, allow_null=True)
    url = serializers.CharField(source="track.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyTrack"

    def to_representation(self, entry: SavedTrack | PlaylistItem) -> dict[str, Any]:
        if entry.track is None:
            raise TypeError("an entry without a track has no representation")
        answer = super().to_representation(entry)
        if isinstance(entry, SavedTrack) and not entry.spotify_id:
            answer["is_playable"] = False  # answered without an id: Spotify no longer has it
        return answer


class SavedTrackFilter(BaseFilterBackend):
    """``?artist=`` and ``?album=``, by Spotify id, and ``?added_since=``, a time."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        if artist := asked(request, "artist", CharField(max_length=MAX_TEXT)):
            links = TrackArtist.objects.filter(artist__spotify_id=artist)
            queryset = queryset.filter(track__in=links.values("track"))
        if album := asked(request, "album", CharField(max_length=MAX_TEXT)):
            queryset = queryset.filter(track__album__spotify_id=album)
        if added_since := asked(request, "added_since", UTCField()):
            queryset = queryset.filter(added_at__gte=added_since)
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("artist", "Spotify id of one of the track's artists."),
            parameter("album", "Spotify id of the track's album."),
            parameter("added_since", "Saved then or later.", format="date-time"),
        ]


class SavedTrackViewSet(LibraryViewSet[SavedTrack]):
    """The user's saved tracks, latest saved first."""

    resource = Resource.TRACKS
    serializer_class = SavedTrackSerializer
    filter_backends = (WordSearch, SavedTrackFilter)
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_text(_KEYS["name_key"], apart=True),
        "artist": by_text(_KEYS["artist_key"], apart=True),
        "duration": by_number(_KEYS["duration_key"], apart=True),
    }
    default_order = "-added_at"
    has_word = staticmethod(track_has)
    #: The same orders where the rows keep their keys: see ``SavedTrack.objects.keeps_sort_keys``.
    kept_orders: ClassVar[dict[str, Order]] = {
        "name": by_text("name_key", nullable=True, apart=True),
        "artist": by_text("artist_key", nullable=True, apart=True),
        "duration": by_number("duration_key", nullable=True, apart=True),
    }

    def get_queryset(self) -> QuerySet[SavedTrack]:
        return SavedTrack.objects.filter(self.is_own()).with_tracks()

    def order_of(self, name: str) -> Order:
        kept = self.kept_orders.get(name)
        if kept and SavedTrack.objects.keeps_sort_keys(self.account):
            return kept
        return super().order_of(name)

    @action(detail=False, filter_backends=(), pagination_class=None)
    def contains(self, request: Request) -> Response:
        """Which of these tracks the user has saved. Spotify is not asked."""
        account = self.account
        ensure_known(request, ["ids"])
        spotify_ids = asked_ids(request)
        saved = SavedTrack.objects.saved_ids(account, spotify_ids)
        return Response({spotify_id: spotify_id in saved for spotify_id in spotify_ids})
