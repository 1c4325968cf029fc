"""Playlists and their items over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from django_spotify_sync.models import AccountPlaylist, PlaylistItem
from django_spotify_sync.models.playlists import SHOWS_DETAILS
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.models.search import track_has
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_name, by_number, by_time
from django_spotify_sync.rest.library import LibraryViewSet
from django_spotify_sync.rest.tracks import SavedTrackSerializer


class OwnerSerializer(RowSerializer[AccountPlaylist]):
    spotify_id = serializers.CharField(source="owner_id", read_only=True)
    display_name = serializers.CharField(source="owner_name", read_only=True)

    class Meta:
        ref_name = "SpotifyPlaylistOwner"
        model = AccountPlaylist
        fields = ("spotify_id", "display_name")


class AccountPlaylistSerializer(RowSerializer[AccountPlaylist]):
    """A playlist of a user's library, as this user was last shown it. Wants ``playlist`` selected."""

    spotify_id = serializers.CharField(read_only=True)
    uri = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    owner = OwnerSerializer(source="*", read_only=True)
    collaborative = serializers.BooleanField(read_only=True)
    public = serializers.BooleanField(read_only=True, allow_null=True)
    image_url = serializers.CharField(read_only=True)
    total = serializers.IntegerField(read_only=True, allow_null=True)
    can_read_items = serializers.BooleanField(
        source="may_read_items", read_only=True, allow_null=True
    )
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        ref_name = "SpotifyPlaylist"
        model = AccountPlaylist
        fields = (
            "spotify_id",
            "uri",
            "name",
            "description",
            "owner",
            "collaborative",
            "public",
            "image_url",
            "total",
            "can_read_items",
            "url",
        )
        read_only_fields = fields


class TrackOfItemSerializer(SavedTrackSerializer):
    """The track of a playlist's item, null where the item has none."""

    is_playable = serializers.BooleanField(
        source="is_playable_here", read_only=True, allow_null=True
    )

    class Meta:
        ref_name = "SpotifyTrackOfItem"

    def get_attribute(self, item: PlaylistItem) -> PlaylistItem | None:
        return item if item.track else None


class PlaylistItemSerializer(RowSerializer[PlaylistItem]):
    """One place in a playlist. A track's names and duration stand in the catalogue.

    Wants ``readable_by()``, ``with_tracks()`` and ``numbered()``.
    """

    position = serializers.IntegerField(source="place", read_only=True, min_value=0)
    track = TrackOfItemSerializer(read_only=True, allow_null=True)
    is_playable = serializers.BooleanField(
        source="is_playable_here", read_only=True, allow_null=True
    )

    class Meta:
        ref_name = "SpotifyPlaylistItem"
        model = PlaylistItem
        fields = (
            "position",
            "kind",
            "uri",
            "title",
            "subtitle",
            "track",
            "duration_ms",
            "added_at",
            "added_by",
            "is_playable",
        )
        read_only_fields = fields

    def to_representation(self, item: PlaylistItem) -> dict[str, Any]:
        answer = super().to_representation(item)
        if track := answer["track"]:
            artists = ", ".join(artist["name"] for artist in track["artists"])
            answer |= {
                "uri": item.uri or track["uri"],
                "title": item.title or track["name"],
                "subtitle": item.subtitle or artists,
                "duration_ms": item.duration_ms or track["duration_ms"],
            }
        return answer


class PlaylistViewSet(LibraryViewSet[AccountPlaylist]):
    """The playlists in the user's library, in the user's order."""

    resource = Resource.PLAYLISTS
    serializer_class = AccountPlaylistSerializer
    orders = {"position": by_number("position"), "name": by_name("shown_name")}
    default_order = "position"

    def get_queryset(self) -> QuerySet[AccountPlaylist]:
        return AccountPlaylist.objects.filter(self.is_own()).as_shown()

    @staticmethod
    def has_word(word: str) -> Q:
        return SHOWS_DETAILS & Q(playlist__folded__contains=word)


class PlaylistItemViewSet(LibraryViewSet[PlaylistItem]):
    """What is in a playlist of the user's library, in its order. None, as long as Spotify is not known to show it."""

    resource = Resource.PLAYLISTS
    serializer_class = PlaylistItemSerializer
    orders = {
        "position": by_number("position"),
        "added_at": by_time("added_at", nullable=True),
    }
    default_order = "position"

    def get_queryset(self) -> QuerySet[PlaylistItem]:
        mine = AccountPlaylist.objects.filter(self.is_own())
        spotify_id = self.kwargs["spotify_id"]
        link = None if "\0" in spotify_id else mine.filter(playlist__spotify_id=spotify_id).first()
        if link is None:
            raise NotFound
        items = PlaylistItem.objects.filter(playlist=link.playlist_id)
        return items.readable_by(self.request.user).with_tracks()

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """Return a page of items that know their places."""
        return PlaylistItem.objects.numbered(super().paginate_queryset(queryset) or [])

    @staticmethod
    def has_word(word: str) -> Q:
        return Q(folded__contains=word) | track_has(word)
