"""What a page has to say of a user's consent at Spotify."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount

Status = SpotifyAccount.Status


@dataclass(frozen=True)
class Grant:
    """A consent as it is shown."""

    account: SpotifyAccount

    @property
    def days_left(self) -> int:
        return self.account.days_left

    @property
    def percent_left(self) -> int:
        """What is left of its six months."""
        account = self.account
        whole = account.reauthorize_by - account.authorized_at
        left = account.reauthorize_by - timezone.now()
        return min(100, max(0, round(100 * (left / whole)))) if whole else 0

    @property
    def notice(self) -> str:
        """Name the notice: ``lost``, ``suspect``, ``soon`` (the nearest of GRANT_NOTICE), ``ahead``, or none."""
        account = self.account
        left = account.reauthorize_by - timezone.now()
        ended = left.total_seconds() <= 0 and not account.reauthorize_by_estimated
        if account.status == Status.REAUTHORIZATION_REQUIRED or ended:
            return "lost"
        if account.status == Status.SUSPECT:
            return "suspect"
        if not account.is_expiring_soon:
            return ""
        return "soon" if left <= min(conf.GRANT_NOTICE) else "ahead"
