from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0003_fold_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="playlist",
            name="listed_surplus",
            field=models.IntegerField(default=0, db_default=0),
        ),
        migrations.AddField(
            model_name="playlist",
            name="counted_surplus",
            field=models.IntegerField(default=0, db_default=0),
        ),
    ]
