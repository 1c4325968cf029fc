"""django-allauth: a row for each account at Spotify, and with SOCIALACCOUNT_STORE_TOKENS its tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.db import models

from django_spotify_sync.accounts import HeldGrant
from django_spotify_sync.conf import conf
from django_spotify_sync.secret import Secret
from django_spotify_sync.upkeep.sources.rows import HeldRow, model_of, rows_of

APP = "socialaccount"


def chunks(provider: str, user_ids: Collection[Any] | None) -> Iterator[list[HeldRow]]:
    """Give all accounts of a provider, those without a token, too.

    :raises SourceMissing: if ``allauth.socialaccount`` is not installed.
    """
    accounts, tokens = model_of(APP, "SocialAccount"), model_of(APP, "SocialToken")
    configured = _configured_client(provider)
    for chunk in rows_of(accounts, provider, user_ids):
        stored: models.QuerySet[Any] = tokens._default_manager.filter(account__in=chunk)
        held: dict[Any, list[HeldGrant]] = {}
        for token in stored.select_related("app", "account").order_by("pk"):
            if token.token_secret:
                held.setdefault(token.account_id, []).append(_grant(token, configured))
        yield [_row(account, held.get(account.pk, [])) for account in chunk]


def _grant(token: Any, configured: str | None) -> HeldGrant:
    # An app that stands in the settings has no row; the refresh token stands where OAuth 1.0 had a secret.
    client_id = token.app.client_id if token.app is not None else configured
    return HeldGrant(Secret(token.token_secret), client_id, spotify_id=token.account.uid)


def _row(account: Any, held: list[HeldGrant]) -> HeldRow:
    """Return an account with the grant that is most likely to serve: a user may have agreed to several apps."""
    ranks = {conf.CLIENT_ID: 2, None: 1}
    grant = max(held, key=lambda one: ranks.get(one.client_id, 0), default=None)
    return HeldRow(account.user_id, account.uid, grant)


def _configured_client(provider: str) -> str | None:
    """Return the client id of the app that stands in the settings; ours where it is one of several."""
    found = []
    for kind, its in getattr(settings, "SOCIALACCOUNT_PROVIDERS", {}).items():
        for app in its.get("APPS") or [its.get("APP") or {}]:
            if provider == (app.get("provider_id") or kind) and app.get("client_id"):
                found.append(app["client_id"])
    if conf.CLIENT_ID in found:
        return conf.CLIENT_ID
    return found[0] if found else None
