"""The shared catalogue: only what is the same for everybody who has it in the library."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.db.folded import FoldedField
from django_spotify_sync.models.accounts import open_url
from django_spotify_sync.spotify.answers.storable import MAX_ID


class Artist(models.Model):
    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    image_url = models.TextField(_("picture"), blank=True)
    genres = models.JSONField(_("genres"), default=list, blank=True)
    folded = FoldedField(sources=["name"])

    class Meta:
        verbose_name = _("artist")
        verbose_name_plural = _("artists")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_artist_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("artist", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:artist:{self.spotify_id}"


class Album(models.Model):
    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    album_type = models.CharField(_("type"), max_length=50, blank=True)
    # As Spotify gives it: "1981", "1981-12" or "1981-12-15", told by its precision.
    release_date = models.CharField(_("release date"), max_length=10, blank=True)
    release_date_precision = models.CharField(_("precision of the date"), max_length=10, blank=True)
    release_year = models.PositiveSmallIntegerField(_("release year"), null=True, blank=True)
    total_tracks = models.PositiveIntegerField(_("tracks"), null=True, blank=True)
    image_url = models.TextField(_("cover"), blank=True)
    thumbnail_url = models.TextField(_("small cover"), blank=True)
    upc = models.CharField(_("UPC"), max_length=50, blank=True, default="", db_default="")
    label = models.TextField(_("label"), blank=True, default="", db_default="")
    # Which tracks all of them were, when all of them were last read: their number, and what the first fifty were.
    tracks_version = models.CharField(
        max_length=50, blank=True, default="", db_default="", editable=False
    )
    folded = FoldedField(sources=["name"])
    artists = models.ManyToManyField(
        Artist, through="AlbumArtist", related_name="albums", verbose_name=_("artists")
    )

    class Meta:
        verbose_name = _("album")
        verbose_name_plural = _("albums")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_album_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("album", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:album:{self.spotify_id}"


class Track(models.Model):
    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    album = models.ForeignKey(
        Album, models.PROTECT, null=True, blank=True, related_name="tracks", verbose_name=_("album")
    )
    artists = models.ManyToManyField(
        Artist, through="TrackArtist", related_name="tracks", verbose_name=_("artists")
    )
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    explicit = models.BooleanField(_("explicit"), default=False)
    isrc = models.CharField(_("ISRC"), max_length=50, blank=True)
    disc_number = models.PositiveIntegerField(_("disc"), null=True, blank=True)
    track_number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    folded = FoldedField(sources=["name"])

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_track_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("track", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:track:{self.spotify_id}"


class AlbumArtist(models.Model):
    """One artist of an album; ``position`` keeps Spotify's order."""

    id = models.BigAutoField(primary_key=True)
    album = models.ForeignKey(Album, models.CASCADE, db_index=False, related_name="album_artists")
    artist = models.ForeignKey(Artist, models.PROTECT, related_name="album_artists")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("artist of an album")
        verbose_name_plural = _("artists of albums")
        constraints = [
            models.UniqueConstraint(
                fields=["album", "artist"], name="spotify_sync_albumartist_uniq"
            )
        ]

    def __str__(self) -> str:
        return f"album {self.album_id}, artist {self.position + 1}"


class TrackArtist(models.Model):
    """One artist of a track; ``position`` keeps Spotify's order."""

    id = models.BigAutoField(primary_key=True)
    track = models.ForeignKey(Track, models.CASCADE, db_index=False, related_name="track_artists")
    artist = models.ForeignKey(Artist, models.PROTECT, related_name="track_artists")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("artist of a track")
        verbose_name_plural = _("artists of tracks")
        constraints = [
            models.UniqueConstraint(
                fields=["track", "artist"], name="spotify_sync_trackartist_uniq"
            )
        ]

    def __str__(self) -> str:
        return f"track {self.track_id}, artist {self.position + 1}"


class AlbumTrack(models.Model):
    """One track of a saved album; ``position`` is its place there, from 0, in Spotify's order: by disc and number.

    ``Track.album`` tells less: a track that is listed under another id (relinked) is of the same album too.
    """

    id = models.BigAutoField(primary_key=True)
    album = models.ForeignKey(Album, models.CASCADE, db_index=False, related_name="album_tracks")
    track = models.ForeignKey(Track, models.PROTECT, related_name="album_tracks")
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("track of an album")
        verbose_name_plural = _("tracks of albums")
        constraints = [
            models.UniqueConstraint(fields=["album", "track"], name="spotify_sync_albumtrack_uniq")
        ]

    def __str__(self) -> str:
        return f"album {self.album_id}, track {self.position + 1}"


class Show(models.Model):
    """A podcast."""

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    publisher = models.TextField(_("publisher"), blank=True)
    total_episodes = models.PositiveIntegerField(_("episodes"), null=True, blank=True)
    explicit = models.BooleanField(_("explicit"), default=False)
    media_type = models.CharField(_("type"), max_length=50, blank=True)
    image_url = models.TextField(_("cover"), blank=True)
    folded = FoldedField(sources=["name"])
    folded_publisher = FoldedField(sources=["publisher"])

    class Meta:
        verbose_name = _("show")
        verbose_name_plural = _("shows")
        constraints = [models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_show_sid")]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("show", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:show:{self.spotify_id}"


class Episode(models.Model):
    """An episode of a show. How far somebody has listened is theirs alone, and is not kept."""

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    show = models.ForeignKey(
        Show,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="episodes",
        verbose_name=_("show"),
    )
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    explicit = models.BooleanField(_("explicit"), default=False)
    # As Spotify gives it, as that of an album.
    release_date = models.CharField(_("release date"), max_length=10, blank=True)
    release_date_precision = models.CharField(_("precision of the date"), max_length=10, blank=True)
    image_url = models.TextField(_("cover"), blank=True)
    folded = FoldedField(sources=["name"])

    class Meta:
        verbose_name = _("episode")
        verbose_name_plural = _("episodes")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_episode_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("episode", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:episode:{self.spotify_id}"


class Audiobook(models.Model):
    """An audiobook. Spotify calls it a show in its URI, and lists it among shows too."""

    id = models.BigAutoField(primary_key=True)
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    name = models.TextField(_("name"), blank=True)
    authors = models.JSONField(_("authors"), default=list, blank=True)
    narrators = models.JSONField(_("narrators"), default=list, blank=True)
    publisher = models.TextField(_("publisher"), blank=True)
    edition = models.TextField(_("edition"), blank=True)
    total_chapters = models.PositiveIntegerField(_("chapters"), null=True, blank=True)
    explicit = models.BooleanField(_("explicit"), default=False)
    image_url = models.TextField(_("cover"), blank=True)
    folded = FoldedField(sources=["name"])
    folded_authors = FoldedField(sources=["authors"])

    class Meta:
        verbose_name = _("audiobook")
        verbose_name_plural = _("audiobooks")
        constraints = [
            models.UniqueConstraint(fields=["spotify_id"], name="spotify_sync_audiobook_sid")
        ]

    def __str__(self) -> str:
        return self.name or self.spotify_id

    def get_absolute_url(self) -> str:
        return open_url("show", self.spotify_id)

    @property
    def uri(self) -> str:
        return f"spotify:show:{self.spotify_id}"


def track_artists(path: str = "") -> models.Prefetch[Any]:
    """Fetch the artists of tracks, in Spotify's order, with the rows whose ``path`` leads to a track."""
    links = TrackArtist.objects.select_related("artist").order_by("track_id", "position")
    return models.Prefetch(f"{path}track_artists", queryset=links)


def title_of(row: Any) -> str:
    """Return the name of the row's track if that is at hand: ``str()`` of a row makes no query."""
    return str(row.track) if type(row).track.is_cached(row) and row.track else ""
