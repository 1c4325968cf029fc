"""System checks: what a deployer can get wrong, said before it costs a night. Ids are stable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from django_spotify_sync.conf import PREFIX, Conf, Setting, conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import NoSealingKey

TAG = "spotify_sync"


@register(TAG)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every SPOTIFY_SYNC_* setting is known, of the right type, and the required ones are there."""
    return [*_unknown(), *_misused(), *_required()]


def _unknown() -> Iterator[CheckMessage]:
    known = Conf.all()
    for name in dir(settings):
        if name.startswith(PREFIX) and name not in known:
            # without the prefix, which makes all of them alike
            alike = get_close_matches(
                name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in known], n=1
            )
            hint = (
                f"Did you mean {PREFIX}{alike[0]}?"
                if alike
                else "See the settings in the reference."
            )
            yield checks.Warning(f"There is no setting {name}.", hint=hint, id="spotify_sync.W001")


def _misused() -> Iterator[CheckMessage]:
    for name, setting in Conf.all().items():
        if problem := _problem(name, setting):
            yield Error(f"{name} {problem}.", hint=setting.__doc__, id="spotify_sync.E001")


def _problem(name: str, setting: Setting[Any]) -> str | None:
    return setting.problem(getattr(settings, name)) if setting.is_set else None


def _required() -> Iterator[CheckMessage]:
    if not conf.CLIENT_ID:
        yield Error(
            "SPOTIFY_SYNC_CLIENT_ID is not set.",
            hint="It is the client id of your app in Spotify's dashboard.",
            id="spotify_sync.E002",
        )
    if not conf.CLIENT_SECRET and not conf.USE_PKCE:
        yield Error(
            "SPOTIFY_SYNC_CLIENT_SECRET is empty and SPOTIFY_SYNC_USE_PKCE is False.",
            hint="Set the secret of your app, or let a public client use PKCE.",
            id="spotify_sync.E003",
        )
    # what is of the wrong type was told above, and cannot be asked more of
    if not _problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        try:
            KeyRing(conf.fernet_keys)
        except NoSealingKey as error:
            hint = "Without a key no token can be stored."
            yield Error(str(error), hint=hint, id="spotify_sync.E004")
    if not _problem(Conf.CACHE.name, Conf.CACHE) and conf.CACHE not in settings.CACHES:
        yield Error(
            f"SPOTIFY_SYNC_CACHE names {conf.CACHE!r}, which is not in CACHES.",
            hint="It is the alias of a cache that all processes share.",
            id="spotify_sync.E005",
        )
