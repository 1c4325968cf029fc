"""Lines of the journal put together one by one, for what reads them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from django_spotify_sync.models import LibraryChange, SpotifyAccount
from tests.kit.libraries import EPOCH

_numbers = count(1)


def write_change(
    account: SpotifyAccount,
    title: str | None = None,
    kind: str = "added",
    *,
    resource: str = "tracks",
    seen_at: datetime = EPOCH,
    **values: Any,
) -> LibraryChange:
    """Write one more line, by default of a saved track."""
    number = next(_numbers)
    known = {
        "spotify_id": f"changed-{number}",
        "title": f"Change {number}" if title is None else title,
        "subtitle": "Somebody, Somebody else",
    }
    return LibraryChange.objects.create(
        account=account, resource=resource, kind=kind, seen_at=seen_at, **{**known, **values}
    )
