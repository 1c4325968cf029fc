"""Four lamps: whether the schedule looks, workers live, Spotify may be asked, and all keys are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import QuotaExceeded
from django_spotify_sync.pace import Block
from django_spotify_sync.sync.due import TICK
from django_spotify_sync.upkeep.keys import KeyUse

LOOK = "django_spotify_sync.sync_due_accounts"
#: After so many intervals without a look the schedule is taken to stand still.
MISSED_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Lamp:
    """Whether one thing works, and how it stands in words."""

    ok: bool
    sentence: str


def beat_lamp(looked_at: datetime) -> Lamp:
    """Tell whether the schedule looked lately for what is due."""
    ago = timezone.now() - looked_at
    if ago > MISSED_LOOKS * _between_looks():
        words = _("The schedule has not looked for %(time)s: are beat and a worker running?")
        return Lamp(False, words % {"time": _time(ago)})
    return Lamp(True, _("The schedule looked %(time)s ago.") % {"time": _time(ago)})


def worker_lamp(heartbeat_at: datetime | None) -> Lamp:
    """Tell whether all runs under way gave a sign of life lately; ``heartbeat_at`` is the oldest one."""
    if heartbeat_at is None:
        return Lamp(True, _("No run is under way."))
    ago = timezone.now() - heartbeat_at
    if ago > conf.LOST_AFTER:
        words = _("A run has given no sign of life for %(time)s: its worker may be gone.")
        return Lamp(False, words % {"time": _time(ago)})
    words = _("All runs under way gave a sign of life within %(time)s.")
    return Lamp(True, words % {"time": _time(ago)})


def spotify_lamp(blocks: Sequence[Block]) -> Lamp:
    """Tell whether Spotify may be asked now, or within MAX_WAIT."""
    block = max(blocks, key=lambda block: block.until, default=None)
    if block is None:
        return Lamp(True, _("Spotify may be asked."))
    words = _("Spotify answered 429: it wants no requests before %(until)s.")
    if block.reason == QuotaExceeded.code:
        words = _("Spotify's quota for this app is used up: it wants no requests before %(until)s.")
    is_short = block.until - timezone.now() <= conf.MAX_WAIT
    return Lamp(is_short, words % {"until": f"{block.until:%Y-%m-%d %H:%M:%S} UTC"})


def keys_lamp(keys: Sequence[KeyUse] | None) -> Lamp:
    """Tell whether each stored token can be opened; ``keys`` is None if there is no key at all."""
    if keys is None:
        return Lamp(False, _("There is no key to seal tokens with: set SPOTIFY_SYNC_FERNET_KEYS."))
    if missing := _rows(keys, "unknown"):
        words = ngettext(
            "%(count)d token needs a key that is not in SPOTIFY_SYNC_FERNET_KEYS.",
            "%(count)d tokens need a key that is not in SPOTIFY_SYNC_FERNET_KEYS.",
            missing,
        )
        return Lamp(False, words % {"count": missing})
    if retired := _rows(keys, "retired"):
        words = ngettext(
            "%(count)d token still needs an older key: run spotify_rotate_keys.",
            "%(count)d tokens still need an older key: run spotify_rotate_keys.",
            retired,
        )
        return Lamp(True, words % {"count": retired})
    return Lamp(True, _("The newest key opens all tokens."))


def _rows(keys: Sequence[KeyUse], state: str) -> int:
    return sum(key.rows for key in keys if key.state == state)


def _between_looks() -> timedelta:
    """Return how often this site's beat looks, where its settings say so; else as ``beat_schedule`` has it."""
    for entry in (current_app.conf.beat_schedule or {}).values():
        if entry.get("task") == LOOK:
            match entry.get("schedule"):
                case timedelta() as interval:
                    return max(interval, TICK)
                case int() | float() as seconds:
                    return max(timedelta(seconds=seconds), TICK)
    return TICK


def _time(length: timedelta) -> str:
    """Return a length of time in words: in seconds below two minutes, then in no more than two units."""
    if length < timedelta(minutes=2):
        seconds = max(0, round(length.total_seconds()))
        words = ngettext("%(count)d second", "%(count)d seconds", seconds)
        return words % {"count": seconds}
    now = timezone.now()
    return timesince(now - length, now).replace("\xa0", " ")
