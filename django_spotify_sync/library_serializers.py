"""The library as JSON, as the public contract gives it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from rest_framework import serializers

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    TrackArtist,
)
from django_spotify_sync.serializers import RowSerializer, UTCField


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


class OwnerSerializer(RowSerializer[Playlist]):
    spotify_id = serializers.CharField(source="owner_id", read_only=True)
    display_name = serializers.CharField(source="owner_name", read_only=True)

    class Meta:
        ref_name = "SpotifyPlaylistOwner"
        model = Playlist
        fields = ("spotify_id", "display_name")


class AccountPlaylistSerializer(RowSerializer[AccountPlaylist]):
    """A playlist of a user's library. Wants ``playlist`` selected."""

    spotify_id = serializers.CharField(source="playlist.spotify_id", read_only=True)
    uri = serializers.CharField(source="playlist.uri", read_only=True)
    name = serializers.CharField(source="playlist.name", read_only=True)
    description = serializers.CharField(source="playlist.description", read_only=True)
    owner = OwnerSerializer(source="playlist", read_only=True)
    collaborative = serializers.BooleanField(source="playlist.collaborative", read_only=True)
    public = serializers.BooleanField(source="playlist.public", read_only=True, allow_null=True)
    image_url = serializers.CharField(source="playlist.image_url", read_only=True)
    total = serializers.IntegerField(source="playlist.total", read_only=True, allow_null=True)
    url = serializers.CharField(source="playlist.get_absolute_url", read_only=True)

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

    class Meta:
        ref_name = "SpotifyTrackOfItem"

    def get_attribute(self, item: PlaylistItem) -> PlaylistItem | None:
        return item if item.track else None


class PlaylistItemSerializer(RowSerializer[PlaylistItem]):
    """One place in a playlist. A track's names and duration stand in the catalogue. Wants ``with_tracks()``."""

    track = TrackOfItemSerializer(read_only=True, allow_null=True)

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
