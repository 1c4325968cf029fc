"""Saved episodes over REST."""

from __future__ import annotations

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import NullIf
from rest_framework import serializers

from django_spotify_sync.models import SavedEpisode, Show
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_number, by_text, by_time
from django_spotify_sync.rest.library import LibraryViewSet


class ShowReferenceSerializer(RowSerializer[Show]):
    class Meta:
        ref_name = "SpotifyShowReference"
        model = Show
        fields = ("spotify_id", "name")
        read_only_fields = fields


class SavedEpisodeSerializer(RowSerializer[SavedEpisode]):
    """An episode that a user has saved. Wants ``episode`` and its ``show`` selected."""

    uri = serializers.CharField(source="episode.uri", read_only=True)
    name = serializers.CharField(source="episode.name", read_only=True)
    show = ShowReferenceSerializer(source="episode.show", read_only=True, allow_null=True)
    duration_ms = serializers.IntegerField(source="episode.duration_ms", read_only=True)
    release_date = serializers.CharField(source="episode.release_date", read_only=True)
    image_url = serializers.CharField(source="episode.image_url", read_only=True)
    url = serializers.CharField(source="episode.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyEpisode"
        model = SavedEpisode
        fields = (
            "spotify_id",
            "uri",
            "name",
            "show",
            "duration_ms",
            "release_date",
            "image_url",
            "added_at",
            "is_available",
            "url",
        )
        read_only_fields = fields


class SavedEpisodeViewSet(LibraryViewSet[SavedEpisode]):
    """The user's saved episodes, latest saved first."""

    resource = Resource.EPISODES
    serializer_class = SavedEpisodeSerializer
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_name("episode__name"),
        "release_date": by_text(NullIf("episode__release_date", Value("")), nullable=True),
        "duration": by_number("episode__duration_ms"),
    }
    default_order = "-added_at"

    def get_queryset(self) -> QuerySet[SavedEpisode]:
        return SavedEpisode.objects.filter(self.is_own()).select_related("episode__show")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(episode__folded__contains=word) | Q(episode__show__folded__contains=word)
