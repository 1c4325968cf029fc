"""Saved shows over REST."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from rest_framework import serializers

from django_spotify_sync.models import SavedShow
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_time
from django_spotify_sync.rest.library import LibraryViewSet


class SavedShowSerializer(RowSerializer[SavedShow]):
    """A show that a user has saved. Wants ``show`` selected."""

    uri = serializers.CharField(source="show.uri", read_only=True)
    name = serializers.CharField(source="show.name", read_only=True)
    publisher = serializers.CharField(source="show.publisher", read_only=True)
    total_episodes = serializers.IntegerField(
        source="show.total_episodes", read_only=True, allow_null=True
    )
    image_url = serializers.CharField(source="show.image_url", read_only=True)
    url = serializers.CharField(source="show.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyShow"
        model = SavedShow
        fields = (
            "spotify_id",
            "uri",
            "name",
            "publisher",
            "total_episodes",
            "image_url",
            "added_at",
            "is_available",
            "url",
        )
        read_only_fields = fields


class SavedShowViewSet(LibraryViewSet[SavedShow]):
    """The user's saved shows, latest saved first."""

    resource = Resource.SHOWS
    serializer_class = SavedShowSerializer
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_name("show__name"),
        "publisher": by_name("show__publisher"),
    }
    default_order = "-added_at"

    def get_queryset(self) -> QuerySet[SavedShow]:
        return SavedShow.objects.filter(self.is_own()).select_related("show")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(show__folded__contains=word) | Q(show__folded_publisher__contains=word)
