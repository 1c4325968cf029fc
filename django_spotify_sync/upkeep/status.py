"""How the whole app stands: accounts, runs, what is due, what Spotify wants, and whether the requests will do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import router
from django.db.models import Avg, Count, Min, Q, Sum
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus, wanted_scopes
from django_spotify_sync.models.runs import FOUND_NOTHING, Mode, RunStatus
from django_spotify_sync.shared_cache import evicting_policy
from django_spotify_sync.spotify.scopes import is_covered
from django_spotify_sync.sync.collections.reading import Collection
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.upkeep.keys import KeyUse, keys_in_use

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: Above this part of what is possible, a bad day is enough to fall behind.
TOO_MUCH = 0.7


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests a day: what checks, whole passes and changes need at the present intervals, and what is possible.

    ``possible`` is what the pace allows, or what Spotify was seen to allow if that is less (``seen``, None if no quota
    was met); None without either. First imports are not in what is needed: they come once.
    """

    checks: int
    whole_passes: int
    changes: int
    possible: int | None
    seen: pace.Allowance | None = None

    @property
    def needed(self) -> int:
        return self.checks + self.whole_passes + self.changes

    @property
    def share(self) -> float | None:
        """The part of what is possible that is needed; None where nothing says what is."""
        return self.needed / self.possible if self.possible else None


@dataclass(frozen=True, slots=True)
class Due:
    """What a look would find now: runs that may go on, and states whose time has come, the first of them since when."""

    runs: int
    states: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """``accounts`` and ``runs`` by their status: of runs all that are live, and those that ended in the last 24 hours.

    ``missing_scopes`` says how many connected accounts have not agreed to a scope that the site wants, by scope;
    ``blocked`` has the reasons for which Spotify is not asked, and until when.
    """

    accounts: dict[str, int]
    missing_scopes: dict[str, int]
    runs: dict[str, int]
    oldest_heartbeat: datetime | None
    due: Due
    blocked: dict[str, datetime]
    keys: list[KeyUse]
    requests: Requests
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, but for moments."""
        requests = {"needed": self.requests.needed, "share": self.requests.share}
        return {**asdict(self), "requests": {**asdict(self.requests), **requests}}


def read_status() -> Status:
    """Look at everything, by ten queries at most, however many accounts there are. Spotify is not asked."""
    using = router.db_for_write(SyncRun)
    runs = SyncRun.objects.using(using)
    states = SyncState.objects.using(using).filter(
        resource__in=conf.RESOURCES, account__status=AccountStatus.CONNECTED
    )
    lately = Q(finished_at=None) | Q(finished_at__gte=timezone.now() - DAY)
    late = states.filter(next_sync_at__lte=timezone.now())
    status = Status(
        accounts=_by_status(SpotifyAccount.objects.using(using), AccountStatus.values),
        missing_scopes=_missing_scopes(using),
        runs=_by_status(runs.filter(lately), RunStatus.values),
        oldest_heartbeat=runs.filter(status=RunStatus.RUNNING).aggregate(at=Min("heartbeat_at"))[
            "at"
        ],
        due=Due(
            runs=runs.due().count(),
            **late.aggregate(states=Count("pk"), since=Min("next_sync_at")),
        ),
        blocked={block.reason: block.until for block in pace.blocks()},
        keys=keys_in_use(),
        requests=_requests(states, runs),
    )
    status.warnings.extend(_warnings(status))
    return status


def _by_status(rows: Any, values: list[str]) -> dict[str, int]:
    found = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    return {value: found.get(value, 0) for value in values}


def _missing_scopes(using: str) -> dict[str, int]:
    tokens = SpotifyToken.objects.using(using).filter(account__status=AccountStatus.CONNECTED)
    known = tokens.exclude(scope="").order_by().values_list("scope")
    granted = [(set(scope.split()), count) for scope, count in known.annotate(Count("pk"))]
    missing = {
        wanted: sum(count for scopes, count in granted if wanted not in scopes)
        for wanted in wanted_scopes()
    }
    return {scope: count for scope, count in missing.items() if count}


def _requests(states: Any, runs: Any) -> Requests:
    ended = runs.filter(finished_at__isnull=False).order_by().values("resource")
    nothing = FOUND_NOTHING & Q(mode=Mode.PROBE)
    lately = Q(finished_at__gte=timezone.now() - WEEK)
    costs = {
        row["resource"]: row
        for row in ended.annotate(
            check=Avg("requests", filter=nothing),
            whole=Avg("requests", filter=Q(mode=Mode.FULL)),
            changes=Sum("requests", filter=lately & ~nothing & ~Q(mode=Mode.FULL)),
        )
    }
    checks = whole = changes = 0.0
    alike = states.order_by().values("resource", "interval", "account__token__scope")
    for row in alike.annotate(count=Count("pk")):
        if not is_covered(row["resource"], (row["account__token__scope"] or "").split()):
            continue  # Spotify is not asked for it
        cost, kind = costs.get(row["resource"], {}), RESOURCES[row["resource"]]
        interval = max(row["interval"] or conf.SYNC_INTERVAL, conf.SYNC_INTERVAL)
        if isinstance(
            kind, Collection
        ):  # a whole listing that found nothing is on record as a check
            check, whole_every = kind.check_costs, conf.COLLECTION_FULL_INTERVAL
        else:
            check, whole_every = cost.get("check") or kind.check_costs, conf.FULL_SYNC_INTERVAL
        checks += row["count"] * check * (DAY / interval)
        # what is read whole is read at a check, so not more often than there is one
        whole += row["count"] * (cost.get("whole") or 0) * (DAY / max(whole_every, interval))
    for cost in costs.values():
        changes += (cost["changes"] or 0) * (DAY / WEEK)
    seen = pace.allowance()
    return Requests(round(checks), round(whole), round(changes), _possible(seen), seen)


def _possible(seen: pace.Allowance | None) -> int | None:
    most = conf.REQUESTS_PER_WINDOW
    limits = [] if most is None else [int(most * (DAY / conf.WINDOW))]
    if seen is not None:
        limits.append(seen.requests)
    return min(limits, default=None)


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
