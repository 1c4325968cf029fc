"""Clients of the Web API for an account, or for a grant that is not stored yet."""

from __future__ import annotations

from django_spotify_sync import pace
from django_spotify_sync.accounts.tokens import AccountTokens
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.spotify.client import Client, Tokens
from django_spotify_sync.spotify.deadlines import NEVER, Deadline
from django_spotify_sync.spotify.pace import Pace


def client_for(account: SpotifyAccount) -> Client:
    """Return a client that reads Spotify's Web API with the account's token, refreshed as needed, at the app's pace.

    Close it, or use it in a ``with``.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises SealingError: if the stored token cannot be read.
    """
    return client_of(AccountTokens(account), account_id=account.pk)


def client_of(
    tokens: Tokens,
    *,
    account_id: int | None = None,
    scheduled: bool = False,
    at_the_door: bool = False,
    patient: bool = False,
    deadline: Deadline = NEVER,
) -> Client:
    """Return a client of these tokens; ``scheduled`` work leaves a part of the pace to people.

    ``account_id`` is whose share of the pace it has. ``at_the_door`` is who has come back from Spotify, and is asked
    after once whatever the pace says. Who is ``patient`` waits for its turn however long that takes. All that the
    client sends has to have ended by the ``deadline``.
    """
    its: Pace = (
        pace.at_the_door()
        if at_the_door
        else pace.shared_pace(scheduled=scheduled, account_id=account_id)
    )
    return Client(
        tokens,
        api_url=conf.API_URL,
        workers=conf.FETCH_WORKERS,
        timeout=conf.REQUEST_TIMEOUT.total_seconds(),
        language=conf.ACCEPT_LANGUAGE,
        pace=pace.Patient(its) if patient else its,
        deadline=deadline,
    )
