"""The journal of an account, as short as a test wants it."""

from __future__ import annotations

from typing import Any

from django_spotify_sync.models import LibraryChange, SpotifyAccount


def lines(account: SpotifyAccount, *names: str, **which: Any) -> list[Any]:
    """Return the lines latest first, each as the values of its columns ``names``: its kind and id, if none is named."""
    changes = LibraryChange.objects.filter(account=account, **which).recent()
    return list(changes.values_list(*names or ("kind", "spotify_id"), flat=len(names) == 1))


def since(account: SpotifyAccount, *names: str) -> list[Any]:
    """Return what came after the first import."""
    return [
        line
        for kind, line in zip(lines(account, "kind"), lines(account, *names), strict=True)
        if kind != "imported"
    ]
