"""Take over a grant that another app of the site was given: one refresh proves it, and Spotify says whose it is.

Nothing is written or deleted where it comes from. No network call is made inside a transaction here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import router
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.accounts.connecting import fetch_profile
from django_spotify_sync.accounts.linking import keep_adopted, lacks_grant
from django_spotify_sync.accounts.tokens import app, page_deadline
from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.db.transactions import refuse_transaction
from django_spotify_sync.exceptions import GrantRejected, InsufficientScope, LinkedElsewhere
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import Consent
from django_spotify_sync.models.hours import add_to_hour
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.deadlines import NEVER, Deadline
from django_spotify_sync.spotify.scopes import scopes_for

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant as another app holds it; None is what it does not know.

    ``client_id`` is the app at Spotify that it was given to, ``spotify_id`` whose it should be.
    """

    refresh_token: Secret
    client_id: str | None = None
    authorized_at: datetime | None = None
    scope: str | None = None
    spotify_id: str | None = None


def adopt(
    user: AbstractBaseUser,
    refresh_token: str | Secret,
    *,
    client_id: str | None = None,
    authorized_at: datetime | None = None,
    scope: str | None = None,
) -> SpotifyAccount:
    """Store the grant of ``refresh_token`` as the user's, and return the account. Outside ``atomic()`` only.

    An account that has a grant keeps it and is returned as it is, without a request. ``client_id`` is the app at
    Spotify that the token was given to; ``authorized_at``, aware, is when the user agreed, and without it the end of
    the grant is estimated; ``scope`` is what was agreed to, should Spotify not say so itself. Spotify has
    ``PAGE_PATIENCE`` for all that it is asked.

    :raises GrantRejected: if Spotify does not accept the token, or it was given to another app.
    :raises InsufficientScope: if the user has not agreed to all that RESOURCES need.
    :raises LinkedElsewhere: if another user has this Spotify account, or this user another one.
    :raises NotConnected: if the user disconnected, and the row is kept.
    :raises NotAllowlisted: if Spotify refuses the user, but not the grant.
    :raises NoUser: if the user was deleted meanwhile.
    :raises NoSealingKey: if there is no key to store a grant with, or none that is random.
    :raises InsideTransaction: if a transaction is open.
    :raises SpotifyError: if Spotify does not answer as it should, or wants no requests.
    """
    # From here on no frame of ours shows it.
    refresh_token = refresh_token if isinstance(refresh_token, Secret) else Secret(refresh_token)
    held = HeldGrant(refresh_token, client_id, authorized_at, scope)
    return adopt_held(user, held, deadline=page_deadline())


def adopt_held(
    user: AbstractBaseUser,
    held: HeldGrant,
    *,
    scheduled: bool = False,
    deadline: Deadline = NEVER,
) -> SpotifyAccount:
    """The same for a grant with all that is known of it; ``scheduled`` work waits for its turn."""
    using = router.db_for_write(SpotifyAccount)
    refuse_transaction(using)
    account = SpotifyAccount.objects.using(using).get_for_user(user)
    if account is not None and not lacks_grant(account):
        return account
    if held.client_id is not None and held.client_id != conf.CLIENT_ID:
        raise GrantRejected("This token was given to another app at Spotify.")
    # Neither is found out only when the token has been used.
    pace.ensure_open(conf.MAX_WAIT)
    KeyRing(conf.fernet_keys).ensure_strong()
    grant = _proved(held, deadline)
    profile = fetch_profile(grant, deadline, scheduled=scheduled)
    if held.spotify_id is not None and held.spotify_id != profile.spotify_id:
        raise LinkedElsewhere("Spotify says that this token is somebody else's.")
    account = keep_adopted(user, profile, grant, _consent(held.authorized_at))
    logger.info("account %s: its grant was adopted", account.pk)
    return account


def _proved(held: HeldGrant, deadline: Deadline) -> oauth.Grant:
    """Return what a refresh gives, with the refresh token that goes on and the scopes as far as they are known."""
    add_to_hour("", requests=1)
    grant = oauth.refresh(app(deadline), held.refresh_token)
    scope = grant.scope if grant.scope is not None else held.scope
    if scope is not None:
        _ensure_covers(scope)
    return replace(
        grant, refresh_token=grant.refresh_token or held.refresh_token, scope=scope or ""
    )


def _ensure_covers(scope: str) -> None:
    granted = scope.split()
    missing = [one for one in scopes_for(conf.RESOURCES) if one not in granted]
    if missing:
        raise InsufficientScope(f"The user has not agreed to {', '.join(missing)}.")


def _consent(authorized_at: datetime | None) -> Consent:
    """Return when the grant ends, which Spotify has just accepted: what is said to be over is not known."""
    now = timezone.now()
    if authorized_at is not None:
        consent = Consent.of(min(authorized_at, now))
        if consent.ends_at > now:
            return consent
    return Consent.unknown(now)
