"""What all serializers share: times in UTC, rows, reasons."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db import models
from rest_framework import ISO_8601, serializers


class UTCField(serializers.DateTimeField):
    """A time in UTC and ISO 8601, whatever time zone and format the site has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=ISO_8601, default_timezone=UTC, **kwargs)


class RowSerializer[Row: models.Model](serializers.ModelSerializer[Row]):
    """A row as JSON. ``ref_name`` is what OpenAPI calls it: a host may well have tracks and artists of its own."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UTCField,
    }


class ReasonField(serializers.CharField):
    """A text that is null where the row has none."""

    def to_representation(self, reason: str) -> Any:
        return reason or None
