"""What we do when others act: an account that goes, with its user or alone, takes all that belongs to it along."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import pre_delete

from django_spotify_sync.accounts import disconnecting
from django_spotify_sync.models import SpotifyAccount


def connect_receivers() -> None:
    """Listen; to call it again changes nothing."""
    # To the account and not the user: every way on which Django deletes a user, of whatever model, deletes the account.
    pre_delete.connect(
        erase_account, sender=SpotifyAccount, dispatch_uid="spotify_sync.erase_account"
    )


def erase_account(instance: SpotifyAccount, using: str, **kwargs: Any) -> None:
    """Delete all that belongs to an account by SQL, in the transaction that is about to delete the account itself."""
    disconnecting.erase(instance, using)
