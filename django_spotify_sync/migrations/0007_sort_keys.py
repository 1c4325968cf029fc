from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Nothing is filled here: rows without keys are sorted when they are asked for, until their account's next sync.

    So the indexes, of rows that have keys, are made of none.
    """

    dependencies = [
        ("spotify_sync", "0006_ranks"),
    ]

    operations = [
        migrations.AddField(
            model_name="savedtrack",
            name="name_key",
            field=models.TextField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="savedtrack",
            name="artist_key",
            field=models.TextField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="savedtrack",
            name="duration_key",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="savedtrack",
            index=models.Index(
                condition=models.Q(("name_key__isnull", False), ("track__isnull", False)),
                fields=["account", "name_key", "id"],
                name="spotify_sync_saved_name",
            ),
        ),
        migrations.AddIndex(
            model_name="savedtrack",
            index=models.Index(
                condition=models.Q(("artist_key__isnull", False), ("track__isnull", False)),
                fields=["account", "artist_key", "id"],
                name="spotify_sync_saved_artist",
            ),
        ),
        migrations.AddIndex(
            model_name="savedtrack",
            index=models.Index(
                condition=models.Q(("duration_key__isnull", False), ("track__isnull", False)),
                fields=["account", "duration_key", "id"],
                name="spotify_sync_saved_duration",
            ),
        ),
    ]
