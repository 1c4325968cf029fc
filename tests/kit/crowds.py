"""More users than one, each connected; and how time passes for all that is stored of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Crowd:
    """More users of the site, each connected to a Spotify account of the same name."""

    def __init__(self, users: Any, spotify: FakeSpotify) -> None:
        self._users, self._spotify = users, spotify
        self.accounts: list[SpotifyAccount] = []

    def come(self, count: int) -> list[SpotifyAccount]:
        """Connect so many more."""
        new = []
        for number in range(len(self.accounts), len(self.accounts) + count):
            user = self._users.objects.create_user(username=f"user-{number}")
            spotify_user = self._spotify.add_user(f"user-{number}")
            new.append(connect(user, self._spotify, spotify_user))
        self.accounts += new
        self._spotify.clear_log()
        return new


def now(account: SpotifyAccount) -> SpotifyAccount:
    """Return the account as it is stored."""
    return SpotifyAccount.objects.get(pk=account.pk)


def status_of(account: SpotifyAccount) -> str:
    return now(account).status


def let_pass(duration: timedelta) -> None:
    """Let all that is noted of grants and of waiting runs be so much older."""
    for account in SpotifyAccount.objects.all():
        account.status_changed_at -= duration
        account.authorized_at -= duration
        account.reauthorize_by -= duration
        if account.judge_at:
            account.judge_at -= duration
        account.save()
    for token in SpotifyToken.objects.all():
        token.refreshed_at -= duration
        token.expires_at -= duration
        token.save(update_fields=["refreshed_at", "expires_at"])
    for run in SyncRun.objects.exclude(resume_at=None):
        assert run.resume_at
        run.resume_at -= duration
        run.save(update_fields=["resume_at"])


def age(run: SyncRun, **fields: timedelta) -> None:
    """Let times of a run lie in the past."""
    now = timezone.now()
    SyncRun.objects.filter(pk=run.pk).update(**{name: now - by for name, by in fields.items()})
