"""Saved audiobooks over REST."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from rest_framework import serializers

from django_spotify_sync.models import SavedAudiobook
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_time
from django_spotify_sync.rest.library import LibraryViewSet


class NamesField(serializers.ListField):
    """Names of people, in Spotify's order."""

    child = serializers.CharField()


class SavedAudiobookSerializer(RowSerializer[SavedAudiobook]):
    """An audiobook that a user has saved. Wants ``audiobook`` selected."""

    uri = serializers.CharField(source="audiobook.uri", read_only=True)
    name = serializers.CharField(source="audiobook.name", read_only=True)
    authors = NamesField(source="audiobook.authors", read_only=True)
    narrators = NamesField(source="audiobook.narrators", read_only=True)
    total_chapters = serializers.IntegerField(
        source="audiobook.total_chapters", read_only=True, allow_null=True
    )
    image_url = serializers.CharField(source="audiobook.image_url", read_only=True)
    url = serializers.CharField(source="audiobook.get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyAudiobook"
        model = SavedAudiobook
        fields = (
            "spotify_id",
            "uri",
            "name",
            "authors",
            "narrators",
            "total_chapters",
            "image_url",
            "added_at",
            "is_available",
            "url",
        )
        read_only_fields = fields


class SavedAudiobookViewSet(LibraryViewSet[SavedAudiobook]):
    """The user's saved audiobooks, latest saved first."""

    resource = Resource.AUDIOBOOKS
    serializer_class = SavedAudiobookSerializer
    orders = {
        "added_at": by_time("added_at", nullable=True),
        "name": by_name("audiobook__name"),
        "author": by_name("audiobook__folded_authors"),
    }
    default_order = "-added_at"

    def get_queryset(self) -> QuerySet[SavedAudiobook]:
        return SavedAudiobook.objects.filter(self.is_own()).select_related("audiobook")

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(audiobook__folded__contains=word) | Q(audiobook__folded_authors__contains=word)
