"""The host's users, with a primary key that is no number, and what it has to say of the catalogue."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models

from django_spotify_sync.models import Album, Artist, Playlist, Track


class User(AbstractUser):
    """A user whose primary key is a UUID: it finds what assumes an integer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)


class Review(models.Model):
    """What a host writes about the catalogue: prune knows nothing of it."""

    # No constraints: in some tests the app's tables are in another database.
    track = models.ForeignKey(Track, models.PROTECT, null=True, db_constraint=False)
    album = models.OneToOneField(
        Album, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    playlist = models.ForeignKey(
        Playlist, models.CASCADE, null=True, to_field="spotify_id", db_constraint=False
    )
    artists = models.ManyToManyField(Artist, db_constraint=False)

    def __str__(self) -> str:
        return f"Review {self.pk}"
