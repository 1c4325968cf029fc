from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0010_large_losses"),
    ]

    operations = [
        migrations.AddField(
            model_name="spotifyaccount",
            name="reauthorize_by_estimated",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="reauthorize by is estimated"
            ),
        ),
    ]
