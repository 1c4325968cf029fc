"""social-auth-app-django: a row for each account at Spotify, with its tokens in a column of JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from django_spotify_sync.accounts import HeldGrant
from django_spotify_sync.secret import Secret, hushed
from django_spotify_sync.upkeep.sources.rows import HeldRow, SourceMissing, model_of, rows_of


def chunks(provider: str, user_ids: Collection[Any] | None) -> Iterator[list[HeldRow]]:
    """Give all accounts of a provider, those without a token, too.

    :raises SourceMissing: if ``social_django`` is not installed, or the site's own storage cannot be imported.
    """
    client_id = _client_id(provider)
    for chunk in rows_of(_model(), provider, user_ids):
        yield [_row(one, client_id) for one in chunk]


def _model() -> type[models.Model]:
    """Return the model that keeps the rows: a site may have put its own in the place of the app's."""
    storage = getattr(settings, "SOCIAL_AUTH_STORAGE", None)
    if not storage:
        return model_of("social_django", "UserSocialAuth")
    try:
        model: type[models.Model] = import_string(storage).user
    except (ImportError, AttributeError) as error:
        raise SourceMissing(f"SOCIAL_AUTH_STORAGE names no storage: {error}") from None
    return model


@hushed
def _row(one: Any, client_id: str | None) -> HeldRow:
    said = _said(one.extra_data)
    token, scope = said.get("refresh_token"), said.get("scope")
    grant = None
    if isinstance(token, str) and token:
        scope = scope if isinstance(scope, str) else None
        grant = HeldGrant(Secret(token), client_id, scope=scope, spotify_id=one.uid)
    return HeldRow(one.user_id, one.uid, grant)


def _said(extra_data: Any) -> dict[str, Any]:
    """Return what the column holds. Rows of old versions hold JSON within a text of JSON."""
    for _ in range(2):
        if not isinstance(extra_data, str):
            break
        try:
            extra_data = json.loads(extra_data)
        except (ValueError, RecursionError):
            break
    return extra_data if isinstance(extra_data, dict) else {}


def _client_id(provider: str) -> str | None:
    """Return the client id that social-auth would use for this provider, None if it stands nowhere."""
    name = provider.upper().replace("-", "_")
    return str(getattr(settings, f"SOCIAL_AUTH_{name}_KEY", "") or "") or None
