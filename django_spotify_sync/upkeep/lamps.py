"""Four lamps: whether the schedule looks, workers live, Spotify may be asked, and all keys are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.db import router
from django.db.models import Min
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_spotify_sync import pace
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import NoSealingKey, QuotaExceeded
from django_spotify_sync.models import Hour, SyncRun
from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.pace import Block
from django_spotify_sync.sync.due import TICK
from django_spotify_sync.upkeep.keys import KeyUse, keys_in_use

LOOK = "django_spotify_sync.sync_due_accounts"
#: After so many intervals without a look the schedule is taken to stand still.
MISSED_LOOKS = 5
#: The heaviest first: keys and processes do not come back by themselves, what Spotify blocks does.
BY_WEIGHT = ("keys", "beat", "worker", "spotify")


@dataclass(frozen=True, slots=True)
class Lamp:
    """Whether one thing works, and how it stands in words."""

    ok: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Signs:
    """What the lamps are lit by: the last look of the schedule, the oldest heartbeat of the runs under way, what
    Spotify blocks, and the keys in use; None for a look, a heartbeat or keys that there are not.
    """

    looked_at: datetime | None
    heartbeat_at: datetime | None
    blocks: Sequence[Block]
    keys: Sequence[KeyUse] | None

    def lamps(self) -> dict[str, Lamp]:
        """Return the lamps by name; before the first look there is none for the schedule, which a site may not have."""
        beat = {"beat": beat_lamp(self.looked_at)} if self.looked_at else {}
        return {
            **beat,
            "worker": worker_lamp(self.heartbeat_at),
            "spotify": spotify_lamp(self.blocks),
            "keys": keys_lamp(self.keys),
        }


def read_signs() -> Signs:
    """Look at what the lamps are lit by, by a few queries, however many accounts there are. Spotify is not asked."""
    using = router.db_for_write(SyncRun)
    running = SyncRun.objects.using(using).filter(status=RunStatus.RUNNING)
    try:
        keys = keys_in_use()
    except NoSealingKey:
        keys = None
    return Signs(
        looked_at=Hour.objects.using(using).last_look(),
        heartbeat_at=running.aggregate(at=Min("heartbeat_at"))["at"],
        blocks=pace.blocks(),
        keys=keys,
    )


def worst_of(lamps: Mapping[str, Lamp]) -> str:
    """Return the name of the lamp that says the worst, empty if all is well."""
    return next((name for name in BY_WEIGHT if name in lamps and not lamps[name].ok), "")


def sentence_of(lamps: Mapping[str, Lamp]) -> str:
    """Return the whole in one sentence: that all is well, or the worst of it."""
    worst = worst_of(lamps)
    return lamps[worst].sentence if worst else _("All is well.")


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
