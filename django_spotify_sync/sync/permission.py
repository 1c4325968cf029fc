"""Whether the site lets a sync be: what its hook MAY_SYNC says."""

from __future__ import annotations

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.values import takes

#: Those who run the site decide for themselves.
OPERATORS = (Trigger.ADMIN, Trigger.COMMAND)


def may_sync(account: SpotifyAccount, resource: str, trigger: str) -> bool:
    """Tell whether ``resource`` may be synced now.

    A hook of two arguments was written for the schedule, and is asked about nothing else.
    """
    if trigger in OPERATORS:
        return True
    hook = conf.MAY_SYNC
    if takes(hook, 2) and not takes(hook, 3):
        return trigger != Trigger.SCHEDULE or bool(hook(account, resource))
    return bool(hook(account, resource, trigger))
