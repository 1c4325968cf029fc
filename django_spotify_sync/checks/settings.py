"""Checks of the settings by themselves, and of those that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from django_spotify_sync.checks.problems import TAG, problem
from django_spotify_sync.conf import PREFIX, Conf, conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.secret import hushed
from django_spotify_sync.spotify.scopes import SCOPES, scopes_for


@register(TAG)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every SPOTIFY_SYNC_* setting is known, of the right type, and the required ones are there."""
    return [*_unknown(), *_misused(), *_unseen(), *_required(), *_contradictions()]


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
        if wrong := problem(name, setting):
            yield Error(f"{name} {wrong}.", hint=setting.__doc__, id="spotify_sync.E001")


def _unseen() -> Iterator[CheckMessage]:
    """What nobody sees in a text: secrets that are mounted as files end with a line, and some editors begin a file."""
    for name, setting in Conf.all().items():
        if problem(name, setting) or not _holds_unseen(name):
            continue
        if name == Conf.FERNET_KEYS.name:  # whose blanks are read over
            yield checks.Warning(
                f"A key of {name} begins or ends with a blank or a line end.",
                hint="It works. But read it with .strip(), so that it is the same text wherever keys are compared.",
                id="spotify_sync.W014",
            )
            continue
        yield Error(
            f"{name} begins or ends with a blank or a line end, or contains an invisible character.",
            hint="A secret that is mounted as a file usually ends with a newline: read it with .strip().",
            id="spotify_sync.E015",
        )


@hushed
def _holds_unseen(name: str) -> bool:
    value = getattr(settings, name, None)
    texts = value if isinstance(value, list | tuple) else [value]
    return any(_has_unseen(text) for text in texts)


def _has_unseen(text: object) -> bool:
    return isinstance(text, str) and (text != text.strip() or not text.isprintable())


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
    if not problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        try:
            KeyRing(conf.fernet_keys)
        except NoSealingKey as error:
            hint = "Without a key no token can be stored."
            yield Error(str(error), hint=hint, id="spotify_sync.E004")
    if not problem(Conf.CACHE.name, Conf.CACHE) and conf.CACHE not in settings.CACHES:
        yield Error(
            f"SPOTIFY_SYNC_CACHE names {conf.CACHE!r}, which is not in CACHES.",
            hint="It is the alias of a cache that all processes share.",
            id="spotify_sync.E005",
        )


def _contradictions() -> Iterator[CheckMessage]:
    """Settings that are right by themselves, and not together."""
    wrong = {name for name, setting in Conf.all().items() if problem(name, setting)}
    if (
        not {Conf.HEARTBEAT.name, Conf.LOST_AFTER.name} & wrong
        and conf.LOST_AFTER <= conf.HEARTBEAT
    ):
        yield Error(
            "SPOTIFY_SYNC_LOST_AFTER is not longer than SPOTIFY_SYNC_HEARTBEAT: every run would count as lost.",
            hint="Set it to several times the heartbeat, so that a run may be late.",
            id="spotify_sync.E011",
        )
    if {Conf.RESOURCES.name, Conf.SCOPES.name} & wrong:
        return
    if not conf.RESOURCES:
        yield checks.Warning(
            "SPOTIFY_SYNC_RESOURCES is empty, so nothing is ever synced.",
            hint="Leave the setting out to sync the default resources.",
            id="spotify_sync.W012",
        )
    if conf.SCOPES is not None:
        yield from _too_few_scopes(set(conf.SCOPES))


def _too_few_scopes(asked: set[str]) -> Iterator[CheckMessage]:
    lacking = [name for name in conf.RESOURCES if not asked.issuperset(SCOPES[name])]
    missing = sorted(set(scopes_for(lacking)) - asked)
    if missing:
        yield checks.Warning(
            f"SPOTIFY_SYNC_SCOPES lacks {', '.join(missing)}: {', '.join(lacking)} cannot be synced, or not wholly.",
            hint="Add it, or leave SPOTIFY_SYNC_SCOPES out, which asks for what SPOTIFY_SYNC_RESOURCES need.",
            id="spotify_sync.W011",
        )
