"""Take over, user by user, the Spotify grants that another app of the site holds.

Rows are read by key, in chunks. Who has a grant here is passed without a request, so a round that was cut short goes on
where it stopped when it is begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import router

from django_spotify_sync.accounts import HeldGrant, adopt_held
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    BadRequest,
    ConnectError,
    GrantRejected,
    InsufficientScope,
    NotConnected,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.upkeep.sources import SOURCES, HeldRow

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

IN_ROW = 3  # answers about no grant, after which a round ends: one grant may always be answered so

#: Why a row is not adopted that Spotify need not be asked about. Other reasons are the codes of errors.
WORDS = {
    "no_refresh_token": "no refresh token is kept there",
    "other_client": "the token was given to another app at Spotify",
    "not_connected": "the user disconnected here",
    "linked_elsewhere": "the Spotify account is connected to another user",
    "other_account": "with another Spotify account",
}


class Result(StrEnum):
    """What became of a row."""

    ADOPTED = "adopted"
    NEEDS_CONSENT = "needs_consent"
    ALREADY_HERE = "already_here"


@dataclass(frozen=True, slots=True)
class Adoption:
    """What became of one row of a source; ``result`` is None if Spotify did not say, and it has to be tried again.

    ``reason`` is a code, and empty where there is nothing to say; ``words`` say the same to an operator.
    """

    user: str
    spotify_id: str
    result: Result | None
    reason: str = ""
    words: str = ""


def adopt_all(
    source: str,
    *,
    provider: str = "spotify",
    user_ids: Collection[Any] | None = None,
    dry_run: bool = False,
) -> Iterator[Adoption]:
    """Adopt the grants of a source, of these users alone if they are not None, and give what became of each row.

    With ``dry_run`` Spotify is not asked: ``adopted`` is what would be tried. What is no answer about one grant ends
    the round: at once (429, an app whose secret is wrong), or when it comes three times in a row (5xx, no connection).

    :raises SourceMissing: if the source is not installed.
    :raises SpotifySyncError: if the round ends before all rows were looked at.
    """
    in_row = 0
    for rows in SOURCES[source](provider, user_ids):
        known = _Known.of(rows)
        for row in rows:
            user = known.users.get(row.user_id)
            if user is None or not user.is_active:  # deleted meanwhile, or shut out
                continue
            adoption = known.judge(row, user)
            if adoption is None and row.grant is not None and not dry_run:
                try:
                    adoption = _adopt(row, row.grant, user, known)
                    in_row = 0
                except (SpotifyUnavailable, BadRequest) as error:
                    in_row += 1
                    if in_row == IN_ROW:
                        raise
                    adoption = _told(row, user, None, error.code, str(error))
            yield adoption or _told(row, user, Result.ADOPTED)


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands in the database about the rows of a chunk, in three queries."""

    users: Mapping[Any, AbstractBaseUser]
    accounts: dict[Any, SpotifyAccount]
    owners: dict[str, Any]  # the user that each Spotify account is connected to

    @classmethod
    def of(cls, rows: list[HeldRow]) -> _Known:
        accounts = SpotifyAccount.objects.using(router.db_for_write(SpotifyAccount))
        user_ids = {row.user_id for row in rows}
        linked = accounts.linked().filter(spotify_id__in={row.spotify_id for row in rows})
        return cls(
            users=get_user_model()._base_manager.in_bulk(user_ids),
            accounts={one.user_id: one for one in accounts.filter(user_id__in=user_ids)},
            owners=dict(linked.values_list("spotify_id", "user_id")),
        )

    def judge(self, row: HeldRow, user: AbstractBaseUser) -> Adoption | None:
        """Return what becomes of a row, None if Spotify has to be asked."""
        account = self.accounts.get(row.user_id)
        if account and account.status in (AccountStatus.CONNECTED, AccountStatus.SUSPECT):
            is_other = account.spotify_id != row.spotify_id
            return _told(row, user, Result.ALREADY_HERE, "other_account" if is_other else "")
        problem = self._problem(row, account)
        return _told(row, user, Result.NEEDS_CONSENT, problem) if problem else None

    def _problem(self, row: HeldRow, account: SpotifyAccount | None) -> str:
        if account and account.status == AccountStatus.DISCONNECTED:
            return "not_connected"
        if self.owners.get(row.spotify_id, row.user_id) != row.user_id:
            return "linked_elsewhere"
        if row.grant is None:
            return "no_refresh_token"
        return "other_client" if row.grant.client_id not in (None, conf.CLIENT_ID) else ""


def _adopt(row: HeldRow, grant: HeldGrant, user: AbstractBaseUser, known: _Known) -> Adoption:
    """:raises SpotifySyncError: if that was no answer about this grant."""
    try:
        account = adopt_held(user, grant, scheduled=True)
    except (ConnectError, GrantRejected, InsufficientScope, NotConnected) as error:
        return _told(row, user, Result.NEEDS_CONSENT, error.code, str(error))
    known.accounts[row.user_id] = account
    return _told(row, user, Result.ADOPTED)


def _told(
    row: HeldRow,
    user: AbstractBaseUser,
    result: Result | None,
    reason: str = "",
    words: str | None = None,
) -> Adoption:
    words = WORDS.get(reason, "") if words is None else words
    logger.info("user %s: %s %s", user.pk, result or "left", reason)
    return Adoption(user.get_username(), row.spotify_id, result, reason, words)
