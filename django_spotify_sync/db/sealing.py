"""The Fernet key ring: seal with the newest key, unseal with whichever sealed it. Knows nothing of what it seals."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

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
        self._weak: set[str] = set()
        for position, named in enumerate(fernets, start=1):
            if named is None:
                raise NoSealingKey(
                    f"Key {position} of SPOTIFY_SYNC_FERNET_KEYS is no Fernet key "
                    "(spotify_generate_key prints one)."
                )
            key, fernet, weak = named
            self._fernets.setdefault(key, fernet)
            if weak:
                self._weak.add(key)
        if not self._fernets:
            raise NoSealingKey

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._fernets))

    def __contains__(self, key: str) -> bool:
        return key in self._fernets

    def ensure_strong(self) -> None:
        """Pass if the newest key is fit to seal. One that is not still opens, so that another can take its place.

        :raises NoSealingKey: if it is not random.
        """
        if self.newest in self._weak:
            raise NoSealingKey(
                f"Key {self.newest}, the newest of SPOTIFY_SYNC_FERNET_KEYS, is not random, so nothing is sealed "
                "with it: put one that spotify_generate_key prints before it, and run spotify_rotate_keys."
            )

    def seal(self, plain: bytes) -> bytes:
        """:raises NoSealingKey: if the newest key is not random."""
        self.ensure_strong()
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


def is_weak(plain: bytes) -> bool:
    """Tell 32 bytes that no generator gave: of few kinds, all of them a text's, or a hash of SECRET_KEY.

    Of 32 random ones 16 or fewer are distinct by a chance of one to 10^17, and all are of a text by one to 10^13.
    """
    of_secret_key = hashlib.sha256(str(settings.SECRET_KEY).encode()).digest()
    is_text = all(32 <= byte < 127 for byte in plain)
    return len(set(plain)) <= 16 or is_text or plain == of_secret_key


@hushed
def _fernet(secret: Secret) -> tuple[str, Fernet, bool] | None:
    """Return a key's id, its Fernet and whether it is weak; None if it is no key."""
    key: object = secret.reveal()  # a site's settings may hold anything
    # longer ones pass for a key with Fernet, which reads no further than its end: "one,two" would be one key
    if not isinstance(key, str) or len(key.strip()) != 44:
        return None
    try:
        return key_id(key), Fernet(key), is_weak(base64.urlsafe_b64decode(key))
    except ValueError:
        return None
