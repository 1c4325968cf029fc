"""Keys: which of them seal the stored tokens, and how all tokens come under the newest.

A token is sealed anew without asking Spotify, and without a word to whoever refreshes it meanwhile: the row's version
stays, and the write holds only if the row is still the one that was read. So a refresh under way never loses what it
got, and what it wrote is never overwritten with what was there before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Literal

from django.db import router

from django_spotify_sync.conf import conf
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import SealingError
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.models.accounts import SpotifyTokenQuerySet

logger = logging.getLogger(__name__)

type KeyState = Literal["newest", "retired", "unknown"]


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key by its id: ``newest`` seals, ``retired`` still opens, ``unknown`` is not in the settings; and its rows."""

    key_id: str
    state: KeyState
    rows: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A token that no key opens, by its account, and why not, as an error's code and words."""

    account: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: how many tokens it sealed anew, which it could not read, and which key has how many now."""

    rotated: int
    unreadable: list[Unreadable]
    keys: list[KeyUse]

    @property
    def left(self) -> int:
        """How many tokens still need another key than the newest."""
        return sum(key.rows for key in self.keys if key.state != "newest")


def keys_in_use() -> list[KeyUse]:
    """Return the newest key, and every other that a stored token still needs; the newest first. One query.

    :raises NoSealingKey: if the settings hold no usable key.
    """
    ring = KeyRing(conf.fernet_keys)
    rows = _tokens().by_key()
    newest = KeyUse(ring.newest, "newest", rows.pop(ring.newest, 0))
    return [
        newest,
        *(
            KeyUse(key_id, "retired" if key_id in ring else "unknown", count)
            for key_id, count in rows.items()
        ),
    ]


def rotate_keys(*, dry_run: bool = False) -> Rotation:
    """Seal every token with the newest key; with ``dry_run`` only try whether that could be done.

    Each row is written by itself, so that nobody waits for more than one of them, and a rotation that was cut short
    goes on where it stopped: what the newest key seals is not read again. A row that cannot be read keeps none of the
    others from theirs, and stays as it is.

    :raises NoSealingKey: if the settings hold no usable key.
    """
    ring = KeyRing(conf.fernet_keys)
    ring.ensure_strong()
    newest = ring.newest
    rotated, unreadable = 0, []
    for token in _not_sealed_with(newest):
        try:
            rotated += _seal_anew(token, dry_run=dry_run)
        except SealingError as error:
            logger.warning(
                "account %s: its token stays with key %s: %s", token.pk, token.key_id, error
            )
            unreadable.append(Unreadable(token.pk, error.code, str(error)))
    if not dry_run:
        logger.info("%s tokens sealed anew with key %s", rotated, newest)
    return Rotation(rotated, unreadable, keys_in_use())


def _not_sealed_with(key_id: str) -> Iterator[SpotifyToken]:
    """Give the tokens in the order of their accounts, a batch at a time, no query being open between two of them."""
    tokens = _tokens().not_sealed_with(key_id).select_related("account")
    return chain.from_iterable(in_chunks(tokens, size=conf.BATCH_SIZE))


def _seal_anew(token: SpotifyToken, *, dry_run: bool) -> bool:
    """Seal one token with the newest key, unless somebody else wrote the row meanwhile; tell whether it was done.

    The sealed value is compared as well as the version: a row of another connection may have come to the same number.
    """
    as_read = _tokens().filter(pk=token.pk, version=token.version, sealed=token.sealed)
    token.seal(token.unseal())
    if dry_run:
        return True
    seal = partial(as_read.update, sealed=token.sealed, key_id=token.key_id)
    return bool(done_again(seal, using=as_read.db))


def _tokens() -> SpotifyTokenQuerySet:
    return SpotifyToken.objects.using(router.db_for_write(SpotifyToken))
