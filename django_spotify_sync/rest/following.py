"""Followed artists over REST."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from rest_framework import serializers

from django_spotify_sync.models import FollowedArtist
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_number
from django_spotify_sync.rest.library import LibraryViewSet


class FollowedArtistSerializer(RowSerializer[FollowedArtist]):
    """An artist whom a user follows. Wants ``artist`` selected."""

    spotify_id = serializers.CharField(source="artist.spotify_id", read_only=True)
    uri = serializers.CharField(source="artist.uri", read_only=True)
    name = serializers.CharField(source="artist.name", read_only=True)
    image_url = serializers.CharField(source="artist.image_url", read_only=True)
    url = serializers.CharField(source="artist.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyArtist"
        model = FollowedArtist
        fields = ("spotify_id", "uri", "name", "image_url", "url")


class FollowedArtistViewSet(LibraryViewSet[FollowedArtist]):
    """The artists whom the user follows, in Spotify's order."""

    resource = Resource.FOLLOWING
    serializer_class = FollowedArtistSerializer
    orders = {"position": by_number("position"), "name": by_name("artist__name")}
    default_order = "position"

    def get_queryset(self) -> QuerySet[FollowedArtist]:
        return FollowedArtist.objects.filter(self.is_own()).select_related("artist")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(artist__folded__contains=word)
