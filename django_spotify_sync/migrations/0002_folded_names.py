from __future__ import annotations

from django.db import migrations

import django_spotify_sync.db.folded


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="album",
            name="folded",
            field=django_spotify_sync.db.folded.FoldedField(sources=["name"]),
        ),
        migrations.AddField(
            model_name="artist",
            name="folded",
            field=django_spotify_sync.db.folded.FoldedField(sources=["name"]),
        ),
        migrations.AddField(
            model_name="playlist",
            name="folded",
            field=django_spotify_sync.db.folded.FoldedField(sources=["name", "owner_name"]),
        ),
        migrations.AddField(
            model_name="playlistitem",
            name="folded",
            field=django_spotify_sync.db.folded.FoldedField(sources=["title", "subtitle"]),
        ),
        migrations.AddField(
            model_name="track",
            name="folded",
            field=django_spotify_sync.db.folded.FoldedField(sources=["name"]),
        ),
    ]
