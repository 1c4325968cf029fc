"""Whom a Spotify account signs in here: SPOTIFY_SYNC_GET_USER."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django_spotify_sync import hooks

LONGEST_NAME = 150


def get_user(profile: Any, request: HttpRequest | None) -> Any:
    """Return the user who has connected this account, or one that is made for it; None if neither can be.

    The name of such a user has a colon in it, which no form of Django takes: it can be nobody's who signed up. It is
    made of an id that Spotify vouches for, and of nothing that a person may type, such as a name or an address.
    """
    if user := hooks.get_user(profile, request):
        return user
    name = f"spotify:{profile.spotify_account_id or profile.spotify_id}"
    if len(name) > LONGEST_NAME:
        return None
    user, created = get_user_model().objects.get_or_create(username=name)
    if created:
        user.set_unusable_password()
        user.save()
    # A password, or rights, were given by somebody who knew what they did: then this is no such user any more.
    return None if user.has_usable_password() or user.is_staff else user
