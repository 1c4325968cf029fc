"""An account, by its public names: connect it, disconnect it, refresh its token, and read Spotify's Web API with it."""

from __future__ import annotations

from django_spotify_sync.clients import client_for
from django_spotify_sync.connecting import begin_connect, fetch_profile, finish_connect
from django_spotify_sync.disconnecting import REVOKE_URL, disconnect
from django_spotify_sync.grants import AccountTokens, app, ensure_connected, refresh
from django_spotify_sync.linking import connect
from django_spotify_sync.models.accounts import wanted_scopes

__all__ = [
    "REVOKE_URL",
    "AccountTokens",
    "app",
    "begin_connect",
    "client_for",
    "connect",
    "disconnect",
    "ensure_connected",
    "fetch_profile",
    "finish_connect",
    "refresh",
    "wanted_scopes",
]
