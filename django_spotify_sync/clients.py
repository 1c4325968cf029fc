"""Clients of the Web API for an account, or for a grant that is not stored yet."""

from __future__ import annotations

from django_spotify_sync import governor
from django_spotify_sync.conf import conf
from django_spotify_sync.grants import AccountTokens
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import Client


class FixedTokens:
    """The access token of a grant that is not stored yet. Spotify has rejected good ones for a moment: it is asked
    again with the same.
    """

    def __init__(self, access: Secret) -> None:
        self._access = access

    def current(self) -> Secret:
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        return rejected


def client_for(account: SpotifyAccount) -> Client:
    """Return a client that reads Spotify's Web API with the account's token, refreshed as needed, at the app's pace.

    Close it, or use it in a ``with``.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises SealingError: if the stored token cannot be read.
    """
    return client_of(AccountTokens(account))


def client_of(tokens: AccountTokens | FixedTokens, *, scheduled: bool = False) -> Client:
    """Return a client of these tokens; ``scheduled`` work leaves a part of the pace to people."""
    return Client(
        tokens,
        api_url=conf.API_URL,
        workers=conf.FETCH_WORKERS,
        timeout=conf.REQUEST_TIMEOUT.total_seconds(),
        language=conf.ACCEPT_LANGUAGE,
        pace=governor.pace(scheduled=scheduled),
    )
