"""What is done for tokens without anybody asking: each is looked at once a day at the least, and suspects are judged.

Rows are read in chunks, in the order in which they wait; a round asks Spotify one question at a time, and so many at
most. The rest is for the next round, in which those that waited longest come first.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from django.db import router
from django.db.models import Max
from django.utils import timezone

from django_spotify_sync.accounts import suspicion
from django_spotify_sync.accounts.tokens import refresh
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.exceptions import (
    BadRequest,
    GrantInDoubt,
    NotConnected,
    ReauthorizationRequired,
    RefreshUnderWay,
    SealingError,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.models.accounts import AccountStatus, SpotifyTokenQuerySet

logger = logging.getLogger(__name__)

UNSEEN_FOR = timedelta(days=1)  # what was not refreshed for so long may have been revoked
REFRESHES = 500  # of one round, at most
ROUND_SECONDS = 120.0  # after which a round begins no further refresh
IN_ROW = 3  # answers about no grant, after which a round ends: one grant may always be answered so
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of refreshes did: accounts by what became of them, and what ended it before its time, if anything.

    ``unreadable`` are those whose stored token does not open.
    """

    refreshed: int
    suspect: int
    lost: int
    unreadable: int
    stopped: SpotifyError | None


def refresh_tokens() -> Round:
    """Judge the suspect grants whose time has come, and refresh what was not refreshed for a day.

    A token that is in use is refreshed by who uses it; the rest is asked after once a day, so that a grant that was
    revoked is noticed, at the price of one request a day and account. Whatever is no answer about one grant ends the
    round: at once (429, an app whose secret is wrong, many refusals within ten minutes), or when it comes several times
    in a row (5xx, no connection), since one grant alone may be answered so for good.
    """
    using = router.db_for_write(SpotifyToken)
    done: Counter[str] = Counter()
    stopped: SpotifyError | None = None
    in_row = 0
    ends = time.monotonic() + ROUND_SECONDS
    try:
        _refuse_in_wave(using)
        for token in chain(_suspects(using), _unseen(using)):
            if done.total() - done["unreadable"] >= REFRESHES or time.monotonic() > ends:
                break
            try:
                became = _ask(token)
            except (SpotifyUnavailable, BadRequest) as error:
                logger.warning("account %s: its token was not refreshed: %s", token.pk, error)
                in_row += 1
                stopped = error
                if in_row == IN_ROW:
                    break
                continue
            in_row, stopped = 0, None
            done[became] += 1
            if became == "suspect":
                _refuse_in_wave(using)
    except SpotifyError as error:
        stopped = error
    _log(done, stopped)
    counts = {name: done[name] for name in ("refreshed", "suspect", "lost", "unreadable")}
    return Round(**counts, stopped=stopped)


def _ask(token: SpotifyToken) -> str:
    """Refresh a token, unless another one stands there by now; return what became of its account.

    :raises SpotifyError: if that was no answer about this grant.
    """
    try:
        refresh(token.account, seen=token)
    except GrantInDoubt:
        return "suspect"
    except ReauthorizationRequired:
        return "lost"
    except (NotConnected, RefreshUnderWay):
        return "elsewhere"
    except SealingError as error:
        logger.warning("account %s: its token was not refreshed: %s", token.pk, error)
        return "unreadable"
    return "refreshed"


def _suspects(using: str) -> Iterator[SpotifyToken]:
    """Give the suspects that are due, after somebody else for comparison if nobody was accepted since they came up."""
    due = SpotifyToken.objects.using(using).filter(
        account__status=AccountStatus.SUSPECT, account__judge_at__lte=timezone.now()
    )
    newest = due.aggregate(newest=Max("account__status_changed_at"))["newest"]
    if newest is None:
        return
    if not suspicion.accepted_since(newest, using):
        connected = SpotifyToken.objects.using(using).filter(
            account__status=AccountStatus.CONNECTED
        )
        # who was accepted last is the most likely to be accepted again
        yield from connected.select_related("account").order_by("-refreshed_at")[:1]
    yield from _by(due, "account__judge_at")


def _unseen(using: str) -> Iterator[SpotifyToken]:
    connected = SpotifyToken.objects.using(using).filter(account__status=AccountStatus.CONNECTED)
    return _by(connected.filter(refreshed_at__lt=timezone.now() - UNSEEN_FOR), "refreshed_at")


def _by(tokens: SpotifyTokenQuerySet, by: str) -> Iterator[SpotifyToken]:
    """Give all tokens by a time of theirs, the earliest first, and each once."""
    return chain.from_iterable(in_chunks(tokens.select_related("account"), size=CHUNK, by=by))


def _refuse_in_wave(using: str) -> None:
    """:raises SpotifyUnavailable: if many grants were refused of late, which is more likely Spotify's fault."""
    if suspicion.is_wave(using):
        raise SpotifyUnavailable(
            f"{suspicion.WAVE} or more accounts turned suspect within {suspicion.WAVE_WINDOW}: Spotify seems to refuse "
            "good grants. Nothing is judged and nothing thrown away until that is over."
        )


def _log(done: Counter[str], stopped: SpotifyError | None) -> None:
    logger.info("tokens: %s", ", ".join(f"{count} {name}" for name, count in sorted(done.items())))
    if stopped is not None:
        logger.error("the refreshing of tokens was broken off: %s", stopped)
