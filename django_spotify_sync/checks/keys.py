"""Checks of the keys that seal tokens: that each is random, and that none is gone that is needed."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, router

from django_spotify_sync.checks.problems import problem
from django_spotify_sync.conf import Conf, conf
from django_spotify_sync.db.sealing import is_weak
from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.secret import hushed
from django_spotify_sync.upkeep.keys import keys_in_use


def keys() -> Iterator[CheckMessage]:
    """No key stands there twice, and each was made at random."""
    if problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        return  # told above
    is_doubled, is_weak = _judge_keys()
    if is_doubled:
        yield checks.Warning(
            "SPOTIFY_SYNC_FERNET_KEYS holds a key twice.",
            hint="To change keys, put the new one first and leave the old one behind it.",
            id="spotify_sync.W004",
        )
    if is_weak:
        yield Error(
            "A key of SPOTIFY_SYNC_FERNET_KEYS is not random.",
            hint="Make keys with spotify_generate_key, never by hand.",
            id="spotify_sync.E008",
        )


@hushed
def _judge_keys() -> tuple[bool, bool]:
    """Tell whether a key stands there twice, and whether one of them is weak."""
    revealed = [key.reveal().strip() for key in conf.fernet_keys]
    return len(revealed) != len(set(revealed)), any(_is_weak(key) for key in revealed)


def _is_weak(key: str) -> bool:
    try:
        plain = base64.urlsafe_b64decode(key)
    except ValueError:
        return False  # no key at all, which is told elsewhere
    return len(plain) == 32 and is_weak(plain)


@register(Tags.database)
def check_keys_in_use(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Every key that seals a stored token is in the settings; and none but the newest is needed any more."""
    using = router.db_for_write(SpotifyToken)
    if using not in (databases or ()) or problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        return []
    connection = connections[using]
    with connection.cursor() as cursor:  # the first `migrate` checks before it makes the table
        if SpotifyToken._meta.db_table not in connection.introspection.table_names(cursor):
            return []
    try:
        return list(_keys_in_use())
    except NoSealingKey:
        return []  # told by check_settings


def _keys_in_use() -> Iterator[CheckMessage]:
    for key in keys_in_use():
        if key.state == "unknown":
            yield Error(
                f"{key.rows} stored tokens are sealed with key {key.key_id}, which is not in SPOTIFY_SYNC_FERNET_KEYS: "
                "their users' libraries cannot be synced.",
                hint="Put that key back, behind the newest. If it is lost, these users have to connect again.",
                id="spotify_sync.E010",
            )
        if key.state == "retired":
            yield checks.Warning(
                f"{key.rows} stored tokens still need key {key.key_id}, which is not the newest.",
                hint="Run spotify_rotate_keys before you remove it from SPOTIFY_SYNC_FERNET_KEYS.",
                id="spotify_sync.W008",
            )
