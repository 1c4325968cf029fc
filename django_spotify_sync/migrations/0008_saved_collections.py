from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import django_spotify_sync.db.folded


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0007_sort_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="album",
            name="label",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="label"),
        ),
        migrations.AddField(
            model_name="album",
            name="upc",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=50, verbose_name="UPC"
            ),
        ),
        migrations.AddField(
            model_name="album",
            name="tracks_version",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=50
            ),
        ),
        migrations.AddField(
            model_name="syncstate",
            name="absent_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="syncstate",
            name="nulls",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="resource",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="syncstate",
            name="resource",
            field=models.CharField(
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
            ),
        ),
        migrations.CreateModel(
            name="Audiobook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("name", models.TextField(blank=True, verbose_name="name")),
                ("authors", models.JSONField(blank=True, default=list, verbose_name="authors")),
                ("narrators", models.JSONField(blank=True, default=list, verbose_name="narrators")),
                ("publisher", models.TextField(blank=True, verbose_name="publisher")),
                ("edition", models.TextField(blank=True, verbose_name="edition")),
                (
                    "total_chapters",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="chapters"),
                ),
                ("explicit", models.BooleanField(default=False, verbose_name="explicit")),
                ("image_url", models.TextField(blank=True, verbose_name="cover")),
                ("folded", django_spotify_sync.db.folded.FoldedField(sources=["name"])),
                ("folded_authors", django_spotify_sync.db.folded.FoldedField(sources=["authors"])),
            ],
            options={
                "verbose_name": "audiobook",
                "verbose_name_plural": "audiobooks",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("spotify_id",), name="spotify_sync_audiobook_sid"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Show",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("name", models.TextField(blank=True, verbose_name="name")),
                ("publisher", models.TextField(blank=True, verbose_name="publisher")),
                (
                    "total_episodes",
                    models.PositiveIntegerField(blank=True, null=True, verbose_name="episodes"),
                ),
                ("explicit", models.BooleanField(default=False, verbose_name="explicit")),
                ("media_type", models.CharField(blank=True, max_length=50, verbose_name="type")),
                ("image_url", models.TextField(blank=True, verbose_name="cover")),
                ("folded", django_spotify_sync.db.folded.FoldedField(sources=["name"])),
                (
                    "folded_publisher",
                    django_spotify_sync.db.folded.FoldedField(sources=["publisher"]),
                ),
            ],
            options={
                "verbose_name": "show",
                "verbose_name_plural": "shows",
                "constraints": [
                    models.UniqueConstraint(fields=("spotify_id",), name="spotify_sync_show_sid")
                ],
            },
        ),
        migrations.CreateModel(
            name="Episode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("name", models.TextField(blank=True, verbose_name="name")),
                (
                    "duration_ms",
                    models.PositiveIntegerField(default=0, verbose_name="duration (ms)"),
                ),
                ("explicit", models.BooleanField(default=False, verbose_name="explicit")),
                (
                    "release_date",
                    models.CharField(blank=True, max_length=10, verbose_name="release date"),
                ),
                (
                    "release_date_precision",
                    models.CharField(
                        blank=True, max_length=10, verbose_name="precision of the date"
                    ),
                ),
                ("image_url", models.TextField(blank=True, verbose_name="cover")),
                ("folded", django_spotify_sync.db.folded.FoldedField(sources=["name"])),
                (
                    "show",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="episodes",
                        to="spotify_sync.show",
                        verbose_name="show",
                    ),
                ),
            ],
            options={
                "verbose_name": "episode",
                "verbose_name_plural": "episodes",
            },
        ),
        migrations.CreateModel(
            name="AlbumTrack",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                (
                    "album",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="album_tracks",
                        to="spotify_sync.album",
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="album_tracks",
                        to="spotify_sync.track",
                    ),
                ),
            ],
            options={
                "verbose_name": "track of an album",
                "verbose_name_plural": "tracks of albums",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("album", "track"), name="spotify_sync_albumtrack_uniq"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedAlbum",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("added_at", models.DateTimeField(blank=True, null=True, verbose_name="added at")),
                ("is_available", models.BooleanField(default=True, verbose_name="available")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="saved_albums",
                        to="spotify_sync.spotifyaccount",
                    ),
                ),
                (
                    "album",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_by",
                        to="spotify_sync.album",
                        verbose_name="album",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved album",
                "verbose_name_plural": "saved albums",
                "abstract": False,
                "indexes": [
                    models.Index(
                        fields=["account", "-added_at", "-id"], name="spotify_sync_savedalbum_at"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "spotify_id"), name="spotify_sync_savedalbum_uniq"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedAudiobook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("added_at", models.DateTimeField(blank=True, null=True, verbose_name="added at")),
                ("is_available", models.BooleanField(default=True, verbose_name="available")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="saved_audiobooks",
                        to="spotify_sync.spotifyaccount",
                    ),
                ),
                (
                    "audiobook",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_by",
                        to="spotify_sync.audiobook",
                        verbose_name="audiobook",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved audiobook",
                "verbose_name_plural": "saved audiobooks",
                "abstract": False,
                "indexes": [
                    models.Index(
                        fields=["account", "-added_at", "-id"],
                        name="spotify_sync_savedaudiobook_at",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "spotify_id"), name="spotify_sync_savedaudiobook_uniq"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedEpisode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("added_at", models.DateTimeField(blank=True, null=True, verbose_name="added at")),
                ("is_available", models.BooleanField(default=True, verbose_name="available")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="saved_episodes",
                        to="spotify_sync.spotifyaccount",
                    ),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_by",
                        to="spotify_sync.episode",
                        verbose_name="episode",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved episode",
                "verbose_name_plural": "saved episodes",
                "abstract": False,
                "indexes": [
                    models.Index(
                        fields=["account", "-added_at", "-id"], name="spotify_sync_savedepisode_at"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "spotify_id"), name="spotify_sync_savedepisode_uniq"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedShow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("spotify_id", models.CharField(max_length=255, verbose_name="Spotify id")),
                ("added_at", models.DateTimeField(blank=True, null=True, verbose_name="added at")),
                ("is_available", models.BooleanField(default=True, verbose_name="available")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="saved_shows",
                        to="spotify_sync.spotifyaccount",
                    ),
                ),
                (
                    "show",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_by",
                        to="spotify_sync.show",
                        verbose_name="show",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved show",
                "verbose_name_plural": "saved shows",
                "abstract": False,
                "indexes": [
                    models.Index(
                        fields=["account", "-added_at", "-id"], name="spotify_sync_savedshow_at"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "spotify_id"), name="spotify_sync_savedshow_uniq"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="episode",
            constraint=models.UniqueConstraint(
                fields=("spotify_id",), name="spotify_sync_episode_sid"
            ),
        ),
    ]
