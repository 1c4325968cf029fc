"""What the admin asks for on behalf of others: many accounts at once, none of which keeps the others from theirs.

Each function here calls the one that all doors call, and says in words what happened and which accounts were refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import CacheUnavailable, SpotifySyncError, SpotifyUnavailable
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.rest.errors import words_of
from django_spotify_sync.sync import request_all, request_sync
from django_spotify_sync.tasks import queue

type Refused = list[tuple[SpotifyAccount, str]]


@dataclass
class Asked:
    """The runs that were asked for, those of them that are under way already, and who was refused and why.

    The runs ``in_doubt`` were asked for as well; Spotify has refused the grant of their accounts once, and may again.
    """

    runs: list[SyncRun] = field(default_factory=list)
    in_doubt: list[SyncRun] = field(default_factory=list)
    under_way: list[SyncRun] = field(default_factory=list)
    refused: Refused = field(default_factory=list)


def ask_for_syncs(
    wanted: Iterable[SpotifyAccount], resource: str | None, *, full: bool = False
) -> Asked:
    """Ask for a run of ``resource``, or of each that the site syncs, for every account; hand the runs to Celery."""
    asked = Asked()
    for account in wanted:
        try:
            runs = (
                [request_sync(account, resource, full=full, trigger=Trigger.ADMIN)]
                if resource
                else request_all(account, full=full, trigger=Trigger.ADMIN)
            )
        except SpotifySyncError as error:
            asked.refused.append((account, why(account, error)))
            continue
        for run in runs:
            is_new = run.status == SyncRun.Status.QUEUED and run.published_at is None
            new = asked.in_doubt if account.status == AccountStatus.SUSPECT else asked.runs
            (new if is_new else asked.under_way).append(run)
    queue(*asked.runs, *asked.in_doubt)
    return asked


def refresh_all(wanted: Iterable[SpotifyAccount]) -> tuple[list[str], Refused]:
    """Refresh the access token of each account, for as long as a page may take.

    With Spotify or the cache away the rest are not tried.
    """
    deadline = accounts.page_deadline()

    def refresh(account: SpotifyAccount) -> str:
        token = accounts.refresh(account, deadline=deadline)
        until = localtime(token.expires_at)
        return _("%(account)s (good until %(time)s)") % {
            "account": name_of(account),
            "time": date_format(until, "TIME_FORMAT"),
        }

    return _for_each(wanted, refresh)


def disconnect_all(wanted: Iterable[SpotifyAccount]) -> tuple[list[str], Refused]:
    """Disconnect each account, which forgets its grant and its library."""

    def forget(account: SpotifyAccount) -> str:
        removed = sum(accounts.disconnect(account).values())
        return _("%(account)s (%(rows)d rows removed)") % {
            "account": name_of(account),
            "rows": removed,
        }

    return _for_each(wanted, forget)


def _for_each(
    wanted: Iterable[SpotifyAccount], act: Callable[[SpotifyAccount], str]
) -> tuple[list[str], Refused]:
    done: list[str] = []
    refused: Refused = []
    away: SpotifySyncError | None = None
    for account in wanted:
        if away is not None:
            refused.append((account, _("not tried")))
            continue
        try:
            done.append(act(account))
        except SpotifySyncError as error:
            refused.append((account, words_of(error)))
            away = error if isinstance(error, SpotifyUnavailable | CacheUnavailable) else None
    return done, refused


def why(account: SpotifyAccount, error: SpotifySyncError) -> str:
    """Return why an account was refused: its status says it better than an error that many statuses share."""
    return str(account.get_status_display() if account.status != "connected" else words_of(error))


def name_of(account: SpotifyAccount) -> str:
    """Return what to call an account: by its user, whom staff know."""
    return str(account.user)
