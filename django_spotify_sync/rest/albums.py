"""Saved albums over REST, and one of them with its tracks."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync.models import AlbumArtist, AlbumTrack, Artist, SavedAlbum
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.models.saved_tracks import name_key
from django_spotify_sync.models.search import album_has
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_text, by_time
from django_spotify_sync.rest.library import LibraryViewSet
from django_spotify_sync.rest.tracks import ArtistReferenceSerializer

_LINKS = AlbumArtist.objects.filter(album=OuterRef(OuterRef("album"))).order_by("position")
_FIRST_ARTIST = Artist.objects.filter(pk=Subquery(_LINKS.values("artist")[:1]))


class SavedAlbumSerializer(RowSerializer[SavedAlbum]):
    """An album that a user has saved. Wants ``with_albums()`` and ``counted()``."""

    uri = serializers.CharField(source="album.uri", read_only=True)
    name = serializers.CharField(source="album.name", read_only=True)
    artists = ArtistReferenceSerializer(source="album.album_artists", many=True, read_only=True)
    release_date = serializers.CharField(source="album.release_date", read_only=True)
    total_tracks = serializers.IntegerField(
        source="album.total_tracks", read_only=True, allow_null=True
    )
    saved_tracks = serializers.IntegerField(read_only=True)
    image_url = serializers.CharField(source="album.image_url", read_only=True)
    url = serializers.CharField(source="album.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyAlbum"
        model = SavedAlbum
        fields: tuple[str, ...] = (
            "spotify_id",
            "uri",
            "name",
            "artists",
            "release_date",
            "total_tracks",
            "saved_tracks",
            "image_url",
            "added_at",
            "is_available",
            "url",
        )
        read_only_fields = fields


class TrackOfAlbumSerializer(RowSerializer[AlbumTrack]):
    """A track of an album, as ``SavedAlbum.tracks()`` gives it."""

    spotify_id = serializers.CharField(source="track.spotify_id", read_only=True)
    name = serializers.CharField(source="track.name", read_only=True)
    artists = ArtistReferenceSerializer(source="track.track_artists", many=True, read_only=True)
    disc_number = serializers.IntegerField(
        source="track.disc_number", read_only=True, allow_null=True
    )
    track_number = serializers.IntegerField(
        source="track.track_number", read_only=True, allow_null=True
    )
    duration_ms = serializers.IntegerField(source="track.duration_ms", read_only=True)
    is_saved = serializers.BooleanField(read_only=True)

    class Meta:
        ref_name = "SpotifyTrackOfAlbum"
        model = AlbumTrack
        fields = (
            "spotify_id",
            "name",
            "artists",
            "disc_number",
            "track_number",
            "duration_ms",
            "is_saved",
        )


class WholeAlbumSerializer(SavedAlbumSerializer):
    """An album with its tracks."""

    tracks = TrackOfAlbumSerializer(many=True, read_only=True)

    class Meta(SavedAlbumSerializer.Meta):
        ref_name = "SpotifyWholeAlbum"
        fields = (*SavedAlbumSerializer.Meta.fields, "tracks")
        read_only_fields = fields


class SavedAlbumViewSet(LibraryViewSet[SavedAlbum]):
    """The user's saved albums, latest saved first."""

    resource = Resource.ALBUMS
    serializer_class = SavedAlbumSerializer
    lookup_field = "spotify_id"
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_name("album__name"),
        "artist": by_text(
            Coalesce(Subquery(_FIRST_ARTIST.values(key=name_key("name"))[:1]), Value(""))
        ),
        "release_date": by_text(NullIf("album__release_date", Value("")), nullable=True),
    }
    default_order = "-added_at"
    has_word = staticmethod(album_has)

    def get_queryset(self) -> QuerySet[SavedAlbum]:
        return SavedAlbum.objects.filter(self.is_own()).with_albums()

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """Return a page of albums that know how many of their tracks are saved."""
        return SavedAlbum.objects.counted(super().paginate_queryset(queryset) or [])

    def retrieve(self, request: Request, spotify_id: str) -> Response:
        """A saved album with its tracks, and which of them the user has saved."""
        rows = self.get_queryset()
        rows = rows.none() if "\0" in spotify_id else rows.filter(spotify_id=spotify_id)
        for album in SavedAlbum.objects.counted(rows):
            return Response(WholeAlbumSerializer(album).data)
        raise NotFound
