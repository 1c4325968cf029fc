from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0011_reauthorize_by_estimated"),
    ]

    operations = [
        migrations.AlterField(
            model_name="syncrun",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("user", "user"),
                    ("admin", "admin"),
                    ("command", "command"),
                    ("schedule", "schedule"),
                    ("connect", "connecting"),
                ],
                max_length=20,
                verbose_name="trigger",
            ),
        ),
    ]
