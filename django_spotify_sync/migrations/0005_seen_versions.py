from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0004_playlist_surplus"),
    ]

    operations = [
        migrations.AddField(
            model_name="playlist",
            name="cover_snapshot_id",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.AddField(
            model_name="playlist",
            name="details_version",
            field=models.PositiveIntegerField(default=0, db_default=0),
        ),
        migrations.AddField(
            model_name="playlist",
            name="contents_version",
            field=models.PositiveIntegerField(default=0, db_default=0),
        ),
        migrations.AddField(
            model_name="playlist",
            name="items_read_by",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        # Each of those who have a list is answered a flag of their own.
        migrations.RemoveField(model_name="playlist", name="public"),
        migrations.AddField(
            model_name="accountplaylist",
            name="public",
            field=models.BooleanField(blank=True, null=True, verbose_name="public"),
        ),
        # What is stored by now counts as shown, which is what it was; from here on versions tell.
        migrations.AddField(
            model_name="accountplaylist",
            name="seen_details",
            field=models.PositiveIntegerField(default=0, db_default=0, null=True),
        ),
        migrations.AddField(
            model_name="accountplaylist",
            name="seen_contents",
            field=models.PositiveIntegerField(default=0, db_default=0, null=True),
        ),
    ]
