"""A grant and its access token: kept fresh before it ends and when Spotify rejects it, by one caller at a time.

No network call is made inside a transaction here, and no row is locked during one: a lock in the shared cache parts the
callers, and a conditional write on the row's version decides where that is away.
"""

from __future__ import annotations

import logging
import secrets
import time
from datetime import timedelta

from django.db import router, transaction
from django.db.models.functions import Now
from django.utils import timezone

from django_spotify_sync import shared_cache
from django_spotify_sync.accounts import suspicion
from django_spotify_sync.accounts.suspicion import ensure_usable
from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    GrantRejected,
    NotConnected,
    RefreshUnderWay,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import AccountStatus, Tokens
from django_spotify_sync.models.hours import add_to_hour
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.deadlines import NEVER, Deadline

logger = logging.getLogger(__name__)

#: Seconds that a web request gives Spotify, all in all: with what is left to do it ends within 15. Nobody waits for
#: longer before a page, and each that waits keeps a server's worker from others.
PAGE_PATIENCE = 12.0
SETTLING = 3.0  # seconds in which a refresh that raced this one writes what it got, where no lock parts them
LONGEST_TOKEN = timedelta(days=1)  # whatever an answer says; Spotify gives an hour
_LOOK_AGAIN = 0.1


def page_deadline() -> Deadline:
    """Return by when a web request that begins now has to have done with Spotify."""
    return Deadline.after(PAGE_PATIENCE)


def app(deadline: Deadline = NEVER) -> oauth.App:
    """Return the site's app at Spotify, from the settings."""
    return oauth.App(
        client_id=conf.CLIENT_ID,
        client_secret=Secret(conf.CLIENT_SECRET),
        accounts_url=conf.ACCOUNTS_URL,
        timeout=conf.REQUEST_TIMEOUT.total_seconds(),
        deadline=deadline,
    )


class AccountTokens:
    """Where a client has the account's access token from: the row, refreshed before it ends and when it is rejected."""

    def __init__(self, account: SpotifyAccount) -> None:
        self._row = _token_of(account)
        self._access = self._row.unseal().access

    def current(self) -> Secret:
        if self._row.is_expiring or self._row.account.status == AccountStatus.SUSPECT:
            self._take(refresh(self._row.account, seen=self._row))
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        if self._access == rejected:
            self._take(refresh(self._row.account, seen=self._row))
        return self._access

    def _take(self, row: SpotifyToken) -> None:
        self._row, self._access = row, row.unseal().access


def refresh(
    account: SpotifyAccount, *, seen: SpotifyToken | None = None, deadline: Deadline = NEVER
) -> SpotifyToken:
    """Refresh the account's access token now, by one caller at a time; return the row as it is afterwards.

    ``seen`` is the row whose token no longer serves (rejected, or about to end): if another one stands there by now,
    that is taken. The refresh token is kept when the answer has none, and replaced when it has one. For a suspect
    account whose time has come this is the second look: it is connected again, or the grant is lost.

    ``deadline`` is for all of it, the wait for another caller among it: a worker has no other than REQUEST_TIMEOUT, a
    web request has ``page_deadline()``.

    :raises RefreshUnderWay: if another caller has not ended by then.
    :raises GrantInDoubt: if Spotify refuses the grant, and that is not proved.
    :raises ReauthorizationRequired: if Spotify no longer accepts the grant.
    :raises NotConnected: if there is no grant.
    :raises SealingError: if the stored token cannot be read.
    :raises ClientRejected: if Spotify does not accept the app's id and secret.
    :raises SpotifyError: if the accounts service does not answer as it should; the account's status stays as it is.
    """
    now = _token_of(account)
    if seen is None:
        seen = now
    elif seen.version != now.version:
        return now
    lock, mine = f"refresh:{account.pk}", secrets.token_hex(8)
    until = time.monotonic() + longest_refresh().total_seconds()
    while True:
        locked = _lock(lock, mine)
        try:
            token = _token_of(account)
            if token.version != seen.version:
                return token
            if locked is not False:
                if deadline.cut(oauth.LEAST) < oauth.LEAST:
                    raise RefreshUnderWay  # what Spotify gives could come too late, and would be lost
                return _refresh(token, alone=locked is True, deadline=deadline)
        finally:
            if locked:
                _unlock(lock, mine)
        if (
            deadline.is_over or time.monotonic() > until
        ):  # to go as well would spend the same refresh token twice
            raise RefreshUnderWay
        time.sleep(_LOOK_AGAIN)


def longest_refresh() -> timedelta:
    """Return how long a refresh can take: it may try again until its deadline, and that attempt has another.

    So long its lock lives, and so long another caller waits for it: to give up sooner would fail a sync because
    Spotify, or this machine, is slow. Who waits for one that died takes the lock when that has ended.
    """
    return 2 * conf.REQUEST_TIMEOUT + timedelta(seconds=10)


def _refresh(token: SpotifyToken, *, alone: bool, deadline: Deadline = NEVER) -> SpotifyToken:
    tokens = token.unseal()
    KeyRing(conf.fernet_keys).ensure_strong()  # else what comes could not be stored, and is lost
    # before it is sent: nothing may come between an answer and its being stored
    add_to_hour("", requests=1)
    try:
        grant = oauth.refresh(app(deadline), tokens.refresh)
    except GrantRejected:
        grant = None
    if grant is not None:
        _store(token, grant, tokens)
    elif _settled(token, 0.0 if alone else deadline.cut(SETTLING)).version == token.version:
        # No race that was lost, after which the winner's token is good.
        suspicion.refused(token)
    return _token_of(token.account)


def _store(token: SpotifyToken, grant: oauth.Grant, tokens: Tokens) -> None:
    """Write what a refresh gave over the row that was read, and over no other."""
    token.seal(Tokens(access=grant.access_token, refresh=grant.refresh_token or tokens.refresh))
    # Spotify may take the old one no more: what is not stored now is lost.
    written = done_again(lambda: _written(token, grant), using=token._state.db or "default")
    logger.info(
        "account %s: token %s",
        token.pk,
        "refreshed" if written else "was refreshed elsewhere meanwhile",
    )


def _written(token: SpotifyToken, grant: oauth.Grant) -> bool:
    using = token._state.db
    with transaction.atomic(using=using):
        account = SpotifyAccount.objects.using(using).get_locked(pk=token.pk)
        written = (
            SpotifyToken.objects.using(using)
            .filter(pk=token.pk, version=token.version)
            .update(
                sealed=token.sealed,
                key_id=token.key_id,
                version=token.version + 1,
                expires_at=timezone.now() + lifetime(grant),
                scope=grant.scope or token.scope,  # none said is none changed (RFC 6749, 5.1)
                refreshed_at=Now(),
            )
        )
        if written and account is not None:
            suspicion.accepted(account)
    return bool(written)


def _settled(token: SpotifyToken, seconds: float) -> SpotifyToken:
    """Return the row as it is once somebody else has written it, or after ``seconds``."""
    deadline = time.monotonic() + seconds
    while (newer := _token_of(token.account)).version == token.version:
        if time.monotonic() >= deadline:
            break
        time.sleep(_LOOK_AGAIN)
    return newer


def _token_of(account: SpotifyAccount) -> SpotifyToken:
    using = router.db_for_write(SpotifyToken)
    token = (
        SpotifyToken.objects.using(using).select_related("account").filter(pk=account.pk).first()
    )
    if token is None:
        raise NotConnected
    ensure_usable(token.account)
    return token


def _lock(name: str, mine: str) -> bool | None:
    """Take a lock; None with the cache away: then everybody may go, and the conditional write decides."""
    try:
        return shared_cache.add(name, mine, longest_refresh())
    except CacheUnavailable:
        return None


def _unlock(name: str, mine: str) -> None:
    try:
        if shared_cache.get(name) == mine:  # and not that of one who came when it had ended
            shared_cache.delete(name)
    except CacheUnavailable:
        logger.warning("%s was left locked: the cache is away", name)


def lifetime(grant: oauth.Grant) -> timedelta:
    return min(timedelta(seconds=min(grant.expires_in, 10**6)), LONGEST_TOKEN)
