"""Whom, and whose library, a command is about."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import CommandError

from django_spotify_sync.models import SpotifyAccount


def user_of(name: str) -> AbstractBaseUser:
    """Return the user of this name.

    :raises CommandError: if there is none.
    """
    users = get_user_model()
    user: AbstractBaseUser | None = users._default_manager.filter(
        **{users.USERNAME_FIELD: name}
    ).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


def account_of(name: str) -> SpotifyAccount:
    """Return the account of the user of this name.

    :raises CommandError: if there is no such user, or none that has connected Spotify.
    """
    account = SpotifyAccount.objects.get_for_user(user_of(name))
    if account is None:
        raise CommandError(f"User {name!r} has not connected Spotify.")
    return account
