from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0005_seen_versions"),
    ]

    operations = [
        # The head of a list in Spotify's order, which each check looks at, is read off it.
        migrations.AddIndex(
            model_name="savedtrack",
            index=models.Index(fields=["account", "-rank"], name="spotify_sync_saved_rank"),
        ),
    ]
