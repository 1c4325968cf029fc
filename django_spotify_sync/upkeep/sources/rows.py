"""What each source gives: rows, in chunks that are read by key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from django_spotify_sync.accounts import HeldGrant
from django_spotify_sync.db.chunks import in_chunks

CHUNK = 100

#: A source's rows of a provider, of these users alone if they are not None.
type Source = Callable[[str, Collection[Any] | None], Iterator[list[HeldRow]]]


class SourceMissing(Exception):
    """The app that should hold the tokens is not installed."""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A user's Spotify account as another app knows it, and the grant that it holds, if any."""

    user_id: Any
    spotify_id: str
    grant: HeldGrant | None


def model_of(app_label: str, name: str) -> type[models.Model]:
    """Return a model of another app.

    :raises SourceMissing: if that app is not installed.
    """
    try:
        return apps.get_model(app_label, name)
    except LookupError as error:
        raise SourceMissing(f"{error} Is it in INSTALLED_APPS?") from None


def rows_of(
    model: type[models.Model], provider: str, user_ids: Collection[Any] | None
) -> Iterator[list[Any]]:
    """Give the rows of a provider, of these users alone if they are not None, in lists of at most CHUNK."""
    rows: models.QuerySet[Any] = model._default_manager.filter(provider=provider)
    if user_ids is not None:
        rows = rows.filter(user__in=user_ids)
    return in_chunks(rows, size=CHUNK)
