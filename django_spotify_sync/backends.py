"""Sign in with Spotify: an authentication backend, to be named in AUTHENTICATION_BACKENDS."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from django_spotify_sync.accounts import Proof, Purpose
from django_spotify_sync.conf import conf


class SpotifyBackend(ModelBackend):
    """Takes a proof that the callback has just made, nothing that could have been typed in; GET_USER says who it is.

    Users, permissions and ``is_active`` are ModelBackend's.
    """

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, proof: Proof | None = None
    ) -> AbstractBaseUser | None:
        """Return the user whom the proven Spotify account signs in; None if nobody, or somebody who may not."""
        proven = isinstance(proof, Proof) and proof.attempt.purpose is Purpose.LOGIN
        if not (conf.LOGIN_ENABLED and proven and proof is not None):
            return None
        user: Any = conf.GET_USER(proof.profile, request)
        return user if user is not None and self.user_can_authenticate(user) else None

    async def aauthenticate(  # type: ignore[override]
        self, request: HttpRequest | None, proof: Proof | None = None
    ) -> AbstractBaseUser | None:
        return await sync_to_async(self.authenticate)(request, proof=proof)
