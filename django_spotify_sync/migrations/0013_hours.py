from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

KEPT_FOR = timedelta(days=30)


def add_up(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Add up the runs that are on record, so that plots and estimates need not begin with nothing.

    Checks that found nothing leave no record but of the last one: of these too few are counted.
    """
    using = editor.connection.alias
    runs: Any = apps.get_model("spotify_sync", "SyncRun").objects.using(using)
    hour = apps.get_model("spotify_sync", "Hour")
    nothing = Q(status="succeeded", created=0, updated=0, removed=0)
    check, whole = nothing & Q(trigger="schedule", mode="probe"), Q(mode="full")
    ended = (
        runs.filter(finished_at__gte=timezone.now() - KEPT_FOR)
        .exclude(status="cancelled")
        .order_by()
        .annotate(at=TruncHour("finished_at", tzinfo=UTC))
        .values("at", "resource")
        .annotate(
            nothing=Count("pk", filter=nothing),
            succeeded=Count("pk", filter=Q(status="succeeded") & ~nothing),
            partial=Count("pk", filter=Q(status="partial")),
            failed=Count("pk", filter=Q(status="failed")),
            lost=Count("pk", filter=Q(status="lost")),
            # by another name than the column's, which the filters below mean
            asked=Sum("requests"),
            checks=Count("pk", filter=check),
            check_requests=Sum("requests", filter=check, default=0),
            whole_passes=Count("pk", filter=whole),
            whole_requests=Sum("requests", filter=whole, default=0),
        )
    )
    hour.objects.using(using).bulk_create(
        [hour(requests=row.pop("asked"), **row) for row in ended], batch_size=1000
    )


class Migration(migrations.Migration):
    dependencies = [
        ("spotify_sync", "0012_trigger_connect"),
    ]

    operations = [
        migrations.CreateModel(
            name="Hour",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="hour")),
                (
                    "resource",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("tracks", "saved tracks"),
                            ("playlists", "playlists"),
                            ("following", "followed artists"),
                            ("albums", "saved albums"),
                            ("shows", "saved shows"),
                            ("episodes", "saved episodes"),
                            ("audiobooks", "saved audiobooks"),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="resource",
                    ),
                ),
                ("succeeded", models.PositiveIntegerField(default=0, verbose_name="succeeded")),
                ("nothing", models.PositiveIntegerField(default=0, verbose_name="nothing to do")),
                ("partial", models.PositiveIntegerField(default=0, verbose_name="partial")),
                ("failed", models.PositiveIntegerField(default=0, verbose_name="failed")),
                ("lost", models.PositiveIntegerField(default=0, verbose_name="lost")),
                ("requests", models.PositiveIntegerField(default=0, verbose_name="requests")),
                (
                    "rate_limited",
                    models.PositiveIntegerField(default=0, verbose_name="answers 429"),
                ),
                ("quota_met", models.PositiveIntegerField(default=0, verbose_name="quotas met")),
                (
                    "waited",
                    models.PositiveBigIntegerField(default=0, verbose_name="seconds waited"),
                ),
                ("checks", models.PositiveIntegerField(default=0, verbose_name="checks")),
                (
                    "check_requests",
                    models.PositiveIntegerField(default=0, verbose_name="requests of checks"),
                ),
                (
                    "whole_passes",
                    models.PositiveIntegerField(default=0, verbose_name="whole passes"),
                ),
                (
                    "whole_requests",
                    models.PositiveIntegerField(default=0, verbose_name="requests of whole passes"),
                ),
                (
                    "looked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last look"),
                ),
                ("due", models.PositiveIntegerField(default=0, verbose_name="due")),
                (
                    "oldest_due",
                    models.PositiveIntegerField(default=0, verbose_name="oldest due, in seconds"),
                ),
            ],
            options={
                "verbose_name": "hour",
                "verbose_name_plural": "hours",
            },
        ),
        migrations.AddIndex(
            model_name="syncstate",
            index=models.Index(
                condition=models.Q(("failures__gt", 0)),
                fields=["-failures"],
                name="spotify_sync_state_failing",
            ),
        ),
        migrations.AddConstraint(
            model_name="hour",
            constraint=models.UniqueConstraint(
                fields=("at", "resource"), name="spotify_sync_hour_uniq"
            ),
        ),
        migrations.RunPython(add_up, migrations.RunPython.noop),
    ]
