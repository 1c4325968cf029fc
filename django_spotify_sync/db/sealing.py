"""The Fernet key ring: seal with the newest key, unseal with whichever sealed it. Knows nothing of what it seals."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken

from django_spotify_sync.exceptions import NoSealingKey, SealBroken, UnknownSealingKey
from django_spotify_sync.secret import Secret, hushed


def key_id(key: str) -> str:
    """Return a short fingerprint of a key: it tells keys apart and gives nothing away.

    Of the key's 32 bytes, not of its text, which may have come with a line's end.
    """
    plain = base64.urlsafe_b64decode(key)
    return hashlib.sha256(b"django_spotify_sync key id:" + plain).hexdigest()[:12]


class KeyRing:
    """Keys by their ids, newest first.

    :raises NoSealingKey: if there is no key, or one is no Fernet key.
    """

    def __init__(self, keys: Iterable[Secret]) -> None:
        fernets = [_fernet(key) for key in keys]
        self._fernets: dict[str, Fernet] = {}
        for position, named in enumerate(fernets, start=1):
            if named is None:
                raise NoSealingKey(
                    f"Key {position} of SPOTIFY_SYNC_FERNET_KEYS is no Fernet key "
                    "(spotify_generate_key prints one)."
                )
            self._fernets.setdefault(*named)
        if not self._fernets:
            raise NoSealingKey

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._fernets))

    def __contains__(self, key: str) -> bool:
        return key in self._fernets

    def seal(self, plain: bytes) -> bytes:
        return self._fernets[self.newest].encrypt(plain)

    def unseal(self, sealed: bytes, key: str) -> bytes:
        """Return the plain bytes; never the sealed ones instead.

        :raises UnknownSealingKey: if the key with this id is not on the ring.
        :raises SealBroken: if the bytes were not sealed with it, or were changed.
        """
        if key not in self._fernets:
            raise UnknownSealingKey(
                f"A stored token is sealed with key {key}, which SPOTIFY_SYNC_FERNET_KEYS no longer holds: "
                "put that key back (last in the list), or let the user connect Spotify again."
            )
        try:
            return self._fernets[key].decrypt(sealed)
        except InvalidToken:
            raise SealBroken from None


@hushed
def _fernet(secret: Secret) -> tuple[str, Fernet] | None:
    """Return a key's id and its Fernet; None if it is no key."""
    key: object = secret.reveal()  # a site's settings may hold anything
    # longer ones pass for a key with Fernet, which reads no further than its end: "one,two" would be one key
    if not isinstance(key, str) or len(key.strip()) != 44:
        return None
    try:
        return key_id(key), Fernet(key)
    except ValueError:
        return None
