"""The rivals' tables: ours, as far as saved tracks need them."""

from __future__ import annotations

from django.db import models


class Artist(models.Model):
    spotify_id = models.CharField(max_length=64, unique=True)
    name = models.TextField()

    class Meta:
        app_label = "rivals"


class Album(models.Model):
    spotify_id = models.CharField(max_length=64, unique=True)
    name = models.TextField()
    album_type = models.CharField(max_length=50)
    release_date = models.CharField(max_length=10)
    release_date_precision = models.CharField(max_length=10)
    total_tracks = models.PositiveIntegerField(null=True)
    image_url = models.TextField()

    class Meta:
        app_label = "rivals"


class Track(models.Model):
    spotify_id = models.CharField(max_length=64, unique=True)
    name = models.TextField()
    album = models.ForeignKey(Album, models.CASCADE)
    duration_ms = models.PositiveIntegerField()
    explicit = models.BooleanField()
    disc_number = models.PositiveIntegerField(null=True)
    track_number = models.PositiveIntegerField(null=True)

    class Meta:
        app_label = "rivals"


class AlbumArtist(models.Model):
    album = models.ForeignKey(Album, models.CASCADE, db_index=False)
    artist = models.ForeignKey(Artist, models.CASCADE)
    position = models.PositiveSmallIntegerField()

    class Meta:
        app_label = "rivals"
        constraints = [
            models.UniqueConstraint(fields=["album", "artist"], name="rivals_album_once")
        ]


class TrackArtist(models.Model):
    track = models.ForeignKey(Track, models.CASCADE, db_index=False, related_name="track_artists")
    artist = models.ForeignKey(Artist, models.CASCADE)
    position = models.PositiveSmallIntegerField()

    class Meta:
        app_label = "rivals"
        constraints = [
            models.UniqueConstraint(fields=["track", "artist"], name="rivals_track_once")
        ]


class SavedTrack(models.Model):
    account = models.BigIntegerField()
    track = models.ForeignKey(Track, models.CASCADE)
    added_at = models.DateTimeField()
    position = models.PositiveIntegerField()

    class Meta:
        app_label = "rivals"
        constraints = [
            models.UniqueConstraint(fields=["account", "track"], name="rivals_saved_once")
        ]


ALL = (Artist, Album, Track, AlbumArtist, TrackArtist, SavedTrack)
