"""A connected account without a browser, and how to hold its library against the truth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_redis import get_redis_connection

from django_spotify_sync import accounts, pace
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify

TOKENS = "/api/token"

type Entry = tuple[str | None, str | None]


def connect(user: Any, spotify: FakeSpotify, who: Any = None, **more: Any) -> SpotifyAccount:
    """Connect without a browser: the grant is Spotify's, the rest is what the callback does."""
    answer = spotify.grant(who or spotify.user, **more)
    grant = oauth.Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=answer["expires_in"],
        scope=answer["scope"],
    )
    return accounts.connect(user, accounts.fetch_profile(grant), grant)


def stored(account: SpotifyAccount) -> list[Entry]:
    """Return what is stored as FakeSpotify's ``entries()`` give it: id and added_at, in order."""
    return [
        (spotify_id, added_at.strftime("%Y-%m-%dT%H:%M:%SZ") if added_at else None)
        for spotify_id, added_at in SavedTrack.objects.filter(account=account)
        .in_order()
        .values_list("spotify_id", "added_at")
    ]


def let_pauses_end() -> None:
    """Let every pause that Spotify asked for be over: for the runs that wait, and for all who know of it."""
    SyncRun.objects.filter(status="waiting").update(resume_at=timezone.now() - timedelta(seconds=1))
    redis = get_redis_connection()
    for key in redis.scan_iter(settings.REDIS_PREFIX + "*spotify_sync:pace:*", count=1000):
        redis.delete(key)
    pace.forget()


def nothing_is_stored() -> bool:
    return not SpotifyAccount.objects.exists() and not SpotifyToken.objects.exists()


def let_expire(account: SpotifyAccount, seconds: float = 30) -> None:
    SpotifyToken.objects.filter(pk=account.pk).update(
        expires_at=timezone.now() + timedelta(seconds=seconds)
    )


def ask(account: SpotifyAccount) -> Any:
    """Call Spotify as anybody would."""
    with accounts.client_for(account) as client:
        return client.get("/me")["id"]
