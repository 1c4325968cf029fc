"""The defaults of the settings that name a function. A site's own functions have the same arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.spotify.answers.profile import ProfileRow

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def get_user(profile: ProfileRow, request: HttpRequest | None) -> AbstractBaseUser | None:
    """Return the user who has connected this Spotify account, found by its ids alone; never a new user.

    Spotify proves that the account is the browser's. It proves nothing about names or e-mail addresses: a site's own
    hook must not find users by those.
    """
    account = SpotifyAccount.objects.select_related("user").get_for_profile(profile)
    return account.user if account is not None else None


def before_connect(request: HttpRequest) -> str | None:
    """Return where a browser has to go before its user connects Spotify, None to go on: always None.

    A site that lets users sign in with Spotify may ask for the password first: otherwise somebody who finds an unlocked
    computer could add a Spotify account of their own, and sign in by it later.
    """
    return None


def may_sync(account: SpotifyAccount, resource: str, trigger: str) -> bool:
    """Tell whether ``resource`` of ``account`` may be synced now: always.

    ``trigger`` says who asks: ``schedule``, ``user`` for the account's own user, or ``connect`` right after connecting.
    """
    return True
