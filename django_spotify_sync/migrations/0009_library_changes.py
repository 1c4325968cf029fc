from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0008_saved_collections"),
    ]

    operations = [
        migrations.CreateModel(
            name="LibraryChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "resource",
                    models.CharField(
                        choices=[
                            ("tracks", "saved tracks"),
                            ("playlists", "playlists"),
                            ("following", "followed artists"),
                            ("albums", "saved albums"),
                            ("shows", "saved shows"),
                            ("episodes", "saved episodes"),
                            ("audiobooks", "saved audiobooks"),
                        ],
                        max_length=20,
                        verbose_name="resource",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("added", "added"),
                            ("removed", "removed"),
                            ("returned", "returned"),
                            ("renamed", "renamed"),
                            ("unavailable", "unavailable"),
                            ("available", "available again"),
                            ("imported", "imported"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("count", models.PositiveIntegerField(default=1, verbose_name="count")),
                (
                    "spotify_id",
                    models.CharField(blank=True, max_length=255, verbose_name="Spotify id"),
                ),
                ("title", models.TextField(blank=True, verbose_name="title")),
                ("subtitle", models.TextField(blank=True, verbose_name="subtitle")),
                ("playlist_spotify_id", models.CharField(blank=True, max_length=255)),
                ("playlist_name", models.TextField(blank=True, verbose_name="playlist")),
                (
                    "likely_withdrawn",
                    models.BooleanField(default=False, verbose_name="likely withdrawn"),
                ),
                ("seen_at", models.DateTimeField(verbose_name="seen at")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="changes",
                        to="spotify_sync.spotifyaccount",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="spotify_sync.syncrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a library",
                "verbose_name_plural": "changes of libraries",
                "indexes": [
                    models.Index(
                        fields=["account", "-seen_at", "-id"], name="spotify_sync_change_recent"
                    ),
                    models.Index(fields=["seen_at"], name="spotify_sync_change_seen"),
                ],
            },
        ),
    ]
