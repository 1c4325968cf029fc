"""How the whole app stands: what works, who fails, what is due, and whether the requests will do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import router
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import Hour, SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.models.accounts import AccountStatus, wanted_scopes
from django_spotify_sync.models.hours import hour_of
from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.shared_cache import evicting_policy
from django_spotify_sync.upkeep.failing import Failing, worst_failures
from django_spotify_sync.upkeep.keys import KeyUse
from django_spotify_sync.upkeep.lamps import Lamp, read_signs, sentence_of, worst_of
from django_spotify_sync.upkeep.looks import due_states
from django_spotify_sync.upkeep.needs import DAY, Requests, pace_in, read_requests

HOUR = timedelta(hours=1)
HOURS = 48  # that are shown
OUTCOMES = ("succeeded", "nothing", "partial", "failed", "lost")
ASKED = ("requests", "rate_limited", "quota_met", "waited")
GRANT_DAYS = (7, 30)
#: What somebody of the staff needs to be shown it.
PERMISSIONS = ("spotify_sync.view_spotifyaccount", "spotify_sync.view_syncrun")
#: Above this part of what is possible, a bad day is enough to fall behind.
TOO_MUCH = 0.7


@dataclass(frozen=True, slots=True)
class Due:
    """What a look would find now: runs that may go on, and states whose time has come, the first of them since when."""

    runs: int
    states: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Hourly:
    """What happened in one hour, all resources together: see ``Hour``. ``waited`` and ``oldest_due`` are in seconds.

    ``looked`` says whether the schedule looked at all: without a look nothing is known of what was due.
    """

    at: datetime
    succeeded: int = 0
    nothing: int = 0
    partial: int = 0
    failed: int = 0
    lost: int = 0
    requests: int = 0
    rate_limited: int = 0
    quota_met: int = 0
    waited: int = 0
    looked: bool = False
    due: int = 0
    oldest_due: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """``accounts`` and ``runs`` by their status: of runs all that are live, and those that ended in the last 24 hours.

    ``lamps`` are ``beat``, ``worker``, ``spotify`` and ``keys``; there is no ``beat`` before the schedule's first look.
    ``missing_scopes`` says how many connected accounts have not agreed to a scope that the site wants, by scope;
    ``blocked`` has the reasons for which Spotify is not asked, and until when. ``hours`` are the last 48, the present
    one last, and ``pace_an_hour`` is what the site's pace allows in one, None without a pace. ``grants`` says how many
    connected accounts have to be authorized anew within so many days, 7 and 30, the former among the latter.
    """

    lamps: dict[str, Lamp]
    accounts: dict[str, int]
    missing_scopes: dict[str, int]
    worst: list[Failing]
    grants: dict[int, int]
    runs: dict[str, int]
    oldest_heartbeat: datetime | None
    looked_at: datetime | None
    due: Due
    blocked: dict[str, datetime]
    keys: list[KeyUse]
    requests: Requests
    pace_an_hour: int | None
    hours: list[Hourly]
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.worst_lamp

    @property
    def worst_lamp(self) -> str:
        """The name of the lamp that says the worst, empty if all is well."""
        return worst_of(self.lamps)

    @property
    def sentence(self) -> str:
        """The whole in one sentence: that all is well, or the worst of it."""
        return sentence_of(self.lamps)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, but for moments."""
        requests = {"needed": self.requests.needed, "share": self.requests.share}
        said = {"ok": self.ok, "sentence": self.sentence}
        return {**said, **asdict(self), "requests": {**asdict(self.requests), **requests}}


def read_status() -> Status:
    """Look at everything, by a constant number of queries, however many accounts there are. Spotify is not asked."""
    using = router.db_for_write(SyncRun)
    runs = SyncRun.objects.using(using)
    signs, hours, granted = read_signs(), _hours(using), _granted(using)
    status = Status(
        lamps=signs.lamps(),
        accounts=_by_status(SpotifyAccount.objects.using(using), AccountStatus.values),
        missing_scopes=_missing_scopes(granted),
        worst=worst_failures(using),
        grants=_grants(using),
        runs=_runs(runs, hours),
        oldest_heartbeat=signs.heartbeat_at,
        looked_at=signs.looked_at,
        due=Due(runs.due().count(), *due_states(using)),
        blocked={block.reason: block.until for block in signs.blocks},
        keys=list(signs.keys or []),
        requests=read_requests(granted, using),
        pace_an_hour=pace_in(HOUR),
        hours=hours,
    )
    status.warnings.extend(_warnings(status))
    return status


def _by_status(rows: Any, values: list[str]) -> dict[str, int]:
    found = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    return {value: found.get(value, 0) for value in values}


def _runs(runs: Any, hours: list[Hourly]) -> dict[str, int]:
    """Count the live ones, and those that ended in the last 24 hours, of which checks leave no row behind."""
    now = timezone.now()
    cancelled = Q(status=RunStatus.CANCELLED, finished_at__gte=now - DAY)
    counted = _by_status(runs.filter(Q(finished_at=None) | cancelled), RunStatus.values)
    lately = [hour for hour in hours if hour.at > now - DAY]
    ended = {
        RunStatus.SUCCEEDED: sum(hour.succeeded + hour.nothing for hour in lately),
        RunStatus.PARTIAL: sum(hour.partial for hour in lately),
        RunStatus.FAILED: sum(hour.failed for hour in lately),
        RunStatus.LOST: sum(hour.lost for hour in lately),
    }
    return counted | {status.value: count for status, count in ended.items()}


def _hours(using: str) -> list[Hourly]:
    """Return the last 48 hours, those without a row among them, by one query."""
    this = hour_of(timezone.now())
    first = this - (HOURS - 1) * HOUR
    added = {name: Sum(name) for name in OUTCOMES + ASKED}
    most = {name: Max(name) for name in ("due", "oldest_due", "looked_at")}
    rows: Any = Hour.objects.using(using).since(first).order_by().values("at")
    found = {
        row["at"]: Hourly(looked=row.pop("looked_at") is not None, **row)
        for row in rows.annotate(**added, **most)
    }
    moments = [first + number * HOUR for number in range(HOURS)]
    return [found.get(moment, Hourly(at=moment)) for moment in moments]


def _grants(using: str) -> dict[int, int]:
    now = timezone.now()
    ending = SpotifyAccount.objects.using(using).connected()
    last = ending.filter(reauthorize_by__lte=now + max(GRANT_DAYS) * DAY)
    within = {
        f"in_{days}": Count("pk", filter=Q(reauthorize_by__lte=now + days * DAY))
        for days in GRANT_DAYS
    }
    counts = last.aggregate(**within)
    return {days: counts[f"in_{days}"] for days in GRANT_DAYS}


def _granted(using: str) -> dict[str, int]:
    """Return which scopes connected accounts agreed to, as tokens have them, and how many accounts each."""
    tokens = SpotifyToken.objects.using(using).filter(account__status=AccountStatus.CONNECTED)
    known = tokens.exclude(scope="").order_by().values_list("scope")
    return dict(known.annotate(Count("pk")))


def _missing_scopes(granted: dict[str, int]) -> dict[str, int]:
    missing = {
        wanted: sum(count for scopes, count in granted.items() if wanted not in scopes.split())
        for wanted in wanted_scopes()
    }
    return {scope: count for scope, count in missing.items() if count}


def _warnings(status: Status) -> list[str]:
    found = []
    share = status.requests.share
    if share is not None and share > TOO_MUCH:
        found.append(
            f"{share:.0%} of the requests that are possible are needed every day: lengthen SYNC_INTERVAL, "
            "have MAY_SYNC leave some out, or ask Spotify for more."
        )
    behind = status.due.since and timezone.now() - status.due.since
    if behind and behind > conf.SYNC_INTERVAL and not status.blocked:
        found.append(
            f"Something has been due since {status.due.since:%Y-%m-%d %H:%M} UTC: are beat and workers running?"
        )
    for key in status.keys:
        if key.state == "unknown":
            found.append(f"{key.rows} tokens need key {key.key_id}, which is not in FERNET_KEYS.")
    if policy := evicting_policy():
        found.append(
            f"The cache's Redis throws keys away when it is full ({policy}): set its maxmemory-policy to noeviction."
        )
    return found


def may_read_status(user: Any) -> bool:
    """Tell whether a user of any kind may see how the app stands: one of the staff who may see accounts and runs."""
    is_staff = getattr(user, "is_active", False) and getattr(user, "is_staff", False)
    return bool(is_staff and user.has_perms(PERMISSIONS))
