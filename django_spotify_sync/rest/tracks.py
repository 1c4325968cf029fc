"""Saved tracks over REST."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import CharField
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync.models import Album, PlaylistItem, SavedTrack, Track, TrackArtist
from django_spotify_sync.rest.cursors import by_name, by_number, by_time, ensure_known, parameter
from django_spotify_sync.rest.fields import RowSerializer, UTCField
from django_spotify_sync.rest.filters import MAX_TEXT, WordSearch, asked, asked_ids
from django_spotify_sync.rest.library import LibraryViewSet
from django_spotify_sync.rest.pinned import own_account


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


def track_has(word: str) -> Q:
    """Return the condition that ``word`` is in the name of a row's track, of its album or of one of its artists.

    Each is a question of its own, which PostgreSQL may answer by an index, or row by row where that is cheaper.
    """
    track = Track.objects.filter(pk=OuterRef("track"))
    artists = TrackArtist.objects.filter(track=OuterRef("track"))
    return (
        Q(Exists(track.filter(folded__contains=word)))
        | Q(Exists(track.filter(album__folded__contains=word)))
        | Q(Exists(artists.filter(artist__folded__contains=word)))
    )


class SavedTrackFilter(BaseFilterBackend):
    """``?artist=`` and ``?album=``, by Spotify id, and ``?added_since=``, a time."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        if artist := asked(request, "artist", CharField(max_length=MAX_TEXT)):
            links = TrackArtist.objects.filter(track=OuterRef("track"))
            queryset = queryset.filter(Exists(links.filter(artist__spotify_id=artist)))
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
        ensure_known(request, ["ids"])
        spotify_ids = asked_ids(request)
        saved = SavedTrack.objects.saved_ids(account, spotify_ids)
        return Response({spotify_id: spotify_id in saved for spotify_id in spotify_ids})
