"""Keys: which of them seal the stored tokens, and how all tokens come under the newest.

A token is sealed anew without asking Spotify, and without a word about it to whoever refreshes it meanwhile: the row's
version stays, and the write holds only if the row is still the one that was read. So a refresh under way never loses
what it got, and what it wrote is never overwritten with what was there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import router

from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.models import SpotifyToken

type KeyState = Literal["newest", "retired", "unknown"]


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key by its id: ``newest`` seals, ``retired`` still opens, ``unknown`` is not in the settings; and its rows."""

    key_id: str
    state: KeyState
    rows: int


def keys_in_use() -> list[KeyUse]:
    """Return the newest key, and every other that a stored token still needs; the newest first. One query.

    :raises NoSealingKey: if the settings hold no usable key.
    """
    ring = KeyRing(conf.fernet_keys)
    rows = SpotifyToken.objects.using(router.db_for_write(SpotifyToken)).by_key()
    newest = KeyUse(ring.newest, "newest", rows.pop(ring.newest, 0))
    return [
        newest,
        *(
            KeyUse(key_id, "retired" if key_id in ring else "unknown", count)
            for key_id, count in rows.items()
        ),
    ]
