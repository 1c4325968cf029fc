"""An account, by its public names: connect, adopt, disconnect it, refresh its token, read Spotify's Web API with it."""

from __future__ import annotations

from django_spotify_sync.accounts.adopting import HeldGrant, adopt, adopt_held
from django_spotify_sync.accounts.clients import client_for
from django_spotify_sync.accounts.connecting import (
    Proof,
    begin_connect,
    begin_login,
    fetch_profile,
    finish,
)
from django_spotify_sync.accounts.disconnecting import REVOKE_URL, disconnect
from django_spotify_sync.accounts.linking import connect, keep
from django_spotify_sync.accounts.states import (
    Attempt,
    Purpose,
    awaits_user,
    ended_in,
    ended_well,
    has_left,
    is_login,
    leave,
    note_end,
)
from django_spotify_sync.accounts.suspicion import ensure_usable
from django_spotify_sync.accounts.tokens import AccountTokens, app, page_deadline, refresh
from django_spotify_sync.models.accounts import wanted_scopes

__all__ = [
    "REVOKE_URL",
    "AccountTokens",
    "Attempt",
    "HeldGrant",
    "Proof",
    "Purpose",
    "adopt",
    "adopt_held",
    "app",
    "awaits_user",
    "begin_connect",
    "begin_login",
    "client_for",
    "connect",
    "disconnect",
    "ended_in",
    "ended_well",
    "ensure_usable",
    "fetch_profile",
    "finish",
    "has_left",
    "is_login",
    "keep",
    "leave",
    "note_end",
    "page_deadline",
    "refresh",
    "wanted_scopes",
]
