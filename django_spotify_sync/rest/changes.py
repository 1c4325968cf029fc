"""The journal over REST: what came into a library and what left it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.models import LibraryChange
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.cursors import CursorPages, Ordered, parameter
from django_spotify_sync.rest.fields import RowSerializer, UTCField
from django_spotify_sync.rest.filters import asked
from django_spotify_sync.rest.keyset import by_time
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account
from django_spotify_sync.rest.throttles import ListsThrottle


class PlaylistReferenceSerializer(RowSerializer[LibraryChange]):
    """The playlist that an item came into or left, null for what is no item."""

    spotify_id = serializers.CharField(source="playlist_spotify_id", read_only=True)
    name = serializers.CharField(source="playlist_name", read_only=True)

    class Meta:
        ref_name = "SpotifyPlaylistReference"
        model = LibraryChange
        fields = ("spotify_id", "name")

    def get_attribute(self, change: LibraryChange) -> LibraryChange | None:
        return change if change.playlist_spotify_id else None


class LibraryChangeSerializer(RowSerializer[LibraryChange]):
    playlist = PlaylistReferenceSerializer(read_only=True, allow_null=True)
    run = serializers.IntegerField(source="run_id", read_only=True, allow_null=True)

    class Meta:
        ref_name = "SpotifyChange"
        model = LibraryChange
        fields = (
            "id",
            "resource",
            "kind",
            "count",
            "spotify_id",
            "title",
            "subtitle",
            "playlist",
            "likely_withdrawn",
            "seen_at",
            "run",
        )
        read_only_fields = fields


class LibraryChangeFilter(BaseFilterBackend):
    """``?resource=`` and ``?kind=``, each one of its words, and ``?since=``, a time."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        # A resource that the site no longer syncs is one too: the journal holds what was seen of it.
        for name, words in (("resource", Resource.values), ("kind", ChangeKind.values)):
            if word := asked(request, name, _one_of(words)):
                queryset = queryset.filter(**{name: word})
        if since := asked(request, "since", UTCField()):
            queryset = queryset.filter(seen_at__gte=since)
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("resource", "Changes of this resource alone.", enum=Resource.values),
            parameter("kind", "Changes of this kind alone.", enum=ChangeKind.values),
            parameter("since", "Seen then or later.", format="date-time"),
        ]


def _one_of(words: list[str]) -> serializers.ChoiceField:
    """Return a field that reads one of ``words``, and says of any other what there is."""
    known = _("There is: %(known)s.") % {"known": ", ".join(words)}
    return serializers.ChoiceField(choices=words, error_messages={"invalid_choice": known})


class LibraryChangeViewSet(Ordered, PinnedAPIView, ListModelMixin, GenericViewSet[LibraryChange]):
    """What came into the user's library and what left it, latest seen first."""

    serializer_class = LibraryChangeSerializer
    throttle_classes = (ListsThrottle,)
    filter_backends = (LibraryChangeFilter,)
    pagination_class = CursorPages
    orders = {"seen_at": by_time("seen_at")}
    default_order = "-seen_at"

    def get_queryset(self) -> QuerySet[LibraryChange]:
        # by the account and not by its user: only so the index that has the order is read in it
        return LibraryChange.objects.filter(account=own_account(self.request))
