"""What becomes of a grant that Spotify refuses (invalid_grant): doubt, a second look after a while, a verdict.

Once, in an outage, Spotify refused good grants by the thousand, and sites that believed it at once lost their users. So
the first refusal only makes an account suspect, and the second is believed if Spotify accepted somebody else meanwhile.
What is counted is counted in the database, which all processes share and which no flushed cache makes forget.

Nothing here asks Spotify. Each change is made under a lock of the account's row, for a moment.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import GrantInDoubt, NotConnected, ReauthorizationRequired
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import wake_runs
from django_spotify_sync.signals import grant_lost

logger = logging.getLogger(__name__)

#: From the first refusal to the moment when Spotify is asked again.
SECOND_LOOK = timedelta(minutes=15)
#: Between two looks at a grant that stays in doubt.
LONGEST_DOUBT = timedelta(hours=1)
#: How long a grant is in doubt that was refused together with many, or is alone.
LONG_DOUBT = timedelta(days=1)
#: So many that turn suspect within so long are no verdict on users, but an outage.
WAVE, WAVE_WINDOW = 5, timedelta(minutes=10)


def ensure_usable(account: SpotifyAccount) -> None:
    """Pass if the account's grant may be used, or is suspect and may be asked after again.

    :raises GrantInDoubt: if it is suspect, and the time for another look has not come.
    :raises NotConnected, ReauthorizationRequired: if there is no grant.
    """
    if account.status == AccountStatus.DISCONNECTED:
        raise NotConnected
    if account.status == AccountStatus.REAUTHORIZATION_REQUIRED:
        raise ReauthorizationRequired
    if account.status == AccountStatus.SUSPECT and (pause := _pause_before_look(account)):
        raise GrantInDoubt(retry_after=pause.total_seconds())


def refused(token: SpotifyToken) -> None:
    """Note that Spotify answered invalid_grant to ``token``, which is as it was read before Spotify was asked.

    Changes nothing if the account or its token is another by now: that is somebody else's race, won or judged.
    """
    done_again(lambda: _refuse(token), using=token._state.db or "default")


def _refuse(token: SpotifyToken) -> None:
    using = token._state.db
    with transaction.atomic(using=using):
        account = SpotifyAccount.objects.using(using).get_locked(pk=token.pk)
        if account is None or not _is_as_seen(account, token):
            return
        if account.reauthorize_by <= timezone.now() and not account.reauthorize_by_estimated:
            _lose(account, "expired")
        elif account.status == AccountStatus.CONNECTED:
            _doubt(account)
        elif _is_proved(account):
            _lose(account, "refused")
        else:
            _look_again_later(account)


def accepted(account: SpotifyAccount) -> None:
    """Note that Spotify accepted the grant of ``account`` (locked): whatever was thought of it, it serves."""
    if account.status in (AccountStatus.SUSPECT, AccountStatus.REAUTHORIZATION_REQUIRED):
        _become(account, AccountStatus.CONNECTED)
        logger.info("account %s: Spotify accepts its grant again", account.pk)


def expired(account: SpotifyAccount) -> bool:
    """Note, without asking, that the grant's six months are over; False if they are not, or that was known.

    A guess of its end ends no grant that Spotify accepts.
    """
    return done_again(lambda: _expire(account), using=account._state.db or "default")


def _expire(account: SpotifyAccount) -> bool:
    using = account._state.db
    with transaction.atomic(using=using):
        now = SpotifyAccount.objects.using(using).get_locked(pk=account.pk)
        has_grant = now is not None and now.status in (
            AccountStatus.CONNECTED,
            AccountStatus.SUSPECT,
        )
        if now is None or not has_grant or now.reauthorize_by_estimated:
            return False
        if now.reauthorize_by > timezone.now():
            return False
        _lose(now, "expired")
    return True


def is_wave(using: str | None, *, around: datetime | None = None) -> bool:
    """Tell whether many turned suspect within ten minutes: the last ten, or those before and after a moment."""
    suspect = SpotifyAccount.objects.using(using).suspect()
    if around is None:
        near = suspect.filter(status_changed_at__gt=Now() - WAVE_WINDOW)
    else:
        span = (around - WAVE_WINDOW, around + WAVE_WINDOW)
        near = suspect.filter(status_changed_at__range=span)
    return near.count() >= WAVE


def accepted_since(
    moment: datetime, using: str | None, *, but: SpotifyAccount | None = None
) -> bool:
    """Tell whether Spotify accepted a grant since then, of any account ``but`` this one. Connecting does not count."""
    since = SpotifyToken.objects.using(using).filter(refreshed_at__gt=moment)
    refreshed = since.filter(refreshed_at__gt=F("account__authorized_at"))
    return (refreshed.exclude(pk=but.pk) if but else refreshed).exists()


def _is_as_seen(account: SpotifyAccount, token: SpotifyToken) -> bool:
    seen = token.account
    tokens = SpotifyToken.objects.using(token._state.db)
    same_doubt = (account.status, account.judge_at) == (seen.status, seen.judge_at)
    return same_doubt and tokens.filter(pk=token.pk, version=token.version).exists()


def _is_proved(account: SpotifyAccount) -> bool:
    """Tell whether the second refusal of a suspect grant is believed."""
    using, since = account._state.db, account.status_changed_at
    long_ago = since <= timezone.now() - LONG_DOUBT
    if accepted_since(since, using, but=account):
        return long_ago or not is_wave(using, around=since)
    # Nobody was accepted, so it may be Spotify: unless there is hardly anybody to compare with.
    return long_ago and SpotifyAccount.objects.using(using).suspect().count() < WAVE


def _pause_before_look(account: SpotifyAccount) -> timedelta:
    now = timezone.now()
    pause = max((account.judge_at or now) - now, timedelta(0))
    if not pause and is_wave(account._state.db):
        return WAVE_WINDOW
    return pause


def _doubt(account: SpotifyAccount) -> None:
    using = account._state.db
    judge_at = timezone.now() + SECOND_LOOK
    _become(account, AccountStatus.SUSPECT, judge_at=judge_at)
    logger.warning(
        "account %s: Spotify refused its grant (invalid_grant): suspect, to be looked at again at %s",
        account.pk,
        judge_at.isoformat(timespec="seconds"),
    )
    if is_wave(using):
        logger.error(
            "%d or more accounts turned suspect within %s: Spotify seems to refuse good grants; nothing is judged "
            "until this is over, and nothing is thrown away",
            WAVE,
            WAVE_WINDOW,
        )


def _look_again_later(account: SpotifyAccount) -> None:
    """Ask again after as long as it has been in doubt, so that an outage is not met with ever more requests."""
    now = timezone.now()
    pause = min(max(now - account.status_changed_at, SECOND_LOOK), LONGEST_DOUBT)
    SpotifyAccount.objects.using(account._state.db).filter(pk=account.pk).update(
        judge_at=now + pause
    )
    logger.info("account %s: refused again, and not proved: still suspect", account.pk)


def _lose(account: SpotifyAccount, reason: str) -> None:
    """Note that the user has to consent again, and tell so; the sealed tokens stay until they are pruned."""
    _become(account, AccountStatus.REAUTHORIZATION_REQUIRED)
    logger.warning(
        "account %s: its grant is lost (%s); the user has to reconnect", account.pk, reason
    )
    transaction.on_commit(
        lambda: grant_lost.send_robust(SpotifyAccount, account=account, reason=reason),
        using=account._state.db,
        robust=True,
    )


def _become(
    account: SpotifyAccount, status: AccountStatus, *, judge_at: datetime | None = None
) -> None:
    """Change the status, and wake the runs that wait for a verdict."""
    using = account._state.db
    rows = SpotifyAccount.objects.using(using).filter(pk=account.pk)
    rows.update(status=status, status_changed_at=Now(), judge_at=judge_at)
    account.refresh_from_db(
        using=account._state.db, fields=["status", "status_changed_at", "judge_at"]
    )
    if status != AccountStatus.SUSPECT:
        wake_runs(account.pk, using)
