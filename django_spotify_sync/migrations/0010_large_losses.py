from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0009_library_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="LargeLoss",
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
                ("total", models.PositiveIntegerField(verbose_name="rows")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("accept", "accept"), ("keep", "keep")],
                        max_length=10,
                        null=True,
                        verbose_name="decision",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided at"),
                ),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="settled at"),
                ),
            ],
            options={
                "verbose_name": "large loss",
                "verbose_name_plural": "large losses",
            },
        ),
        migrations.CreateModel(
            name="LostRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField()),
                ("row_id", models.BigIntegerField()),
                (
                    "spotify_id",
                    models.CharField(blank=True, max_length=255, verbose_name="Spotify id"),
                ),
                ("title", models.TextField(blank=True, verbose_name="title")),
                ("subtitle", models.TextField(blank=True, verbose_name="subtitle")),
            ],
            options={
                "verbose_name": "row of a large loss",
                "verbose_name_plural": "rows of large losses",
            },
        ),
        migrations.AddField(
            model_name="accountplaylist",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="followedartist",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="savedalbum",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="savedaudiobook",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="savedepisode",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="savedshow",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddField(
            model_name="savedtrack",
            name="is_kept",
            field=models.BooleanField(db_default=False, default=False, verbose_name="kept"),
        ),
        migrations.AddIndex(
            model_name="savedtrack",
            index=models.Index(
                condition=models.Q(("is_kept", True)),
                fields=["account"],
                name="spotify_sync_saved_kept",
            ),
        ),
        migrations.AddField(
            model_name="largeloss",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="losses",
                to="spotify_sync.spotifyaccount",
            ),
        ),
        migrations.AddField(
            model_name="largeloss",
            name="run",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="loss",
                to="spotify_sync.syncrun",
            ),
        ),
        migrations.AddField(
            model_name="lostrow",
            name="loss",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="spotify_sync.largeloss",
            ),
        ),
        migrations.AddIndex(
            model_name="largeloss",
            index=models.Index(
                fields=["account", "resource", "-run"], name="spotify_sync_loss_recent"
            ),
        ),
        migrations.AddIndex(
            model_name="lostrow",
            index=models.Index(fields=["loss", "position"], name="spotify_sync_lost_position"),
        ),
    ]
