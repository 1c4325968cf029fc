"""A host with an API of its own, whose tracks are not ours."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from rest_framework import serializers
from rest_framework.generics import ListAPIView


class TrackSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["loop", "song"])
    status = serializers.ChoiceField(choices=["draft", "released"])


class TrackListView(ListAPIView[Any]):
    """The host's tracks."""

    serializer_class = TrackSerializer


urlpatterns = [
    path("api/tracks/", TrackListView.as_view()),
    path("music/", include("django_spotify_sync.urls")),
]
