"""How many requests a day the site needs, and how many are possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.conf import conf
from django_spotify_sync.models import Hour, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.spotify.scopes import is_covered
from django_spotify_sync.sync.collections.reading import Collection
from django_spotify_sync.sync.resources import RESOURCES

DAY, WEEK = timedelta(days=1), timedelta(days=7)


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


def pace_in(length: timedelta) -> int | None:
    """Return how many requests the site's pace allows in so long; None without a pace."""
    most = conf.REQUESTS_PER_WINDOW
    return None if most is None else int(most * (length / conf.WINDOW))


def read_requests(scopes: Iterable[str], using: str) -> Requests:
    """Estimate what all accounts need in a day from what was asked in the last weeks.

    ``scopes`` are those that connected accounts agreed to, each as its token has it. It takes three queries, and one
    more for each resource to which somebody has not agreed.
    """
    costs = _costs(using)
    checks = whole = 0.0
    for (resource, every), count in _intervals(scopes, using).items():
        cost, kind = costs.get(resource, _Cost()), RESOURCES[resource]
        interval = max(every or conf.SYNC_INTERVAL, conf.SYNC_INTERVAL)
        if isinstance(
            kind, Collection
        ):  # a whole listing that found nothing is on record as a check
            check, whole_every = kind.check_costs, conf.COLLECTION_FULL_INTERVAL
        else:
            check, whole_every = cost.check or kind.check_costs, conf.FULL_SYNC_INTERVAL
        checks += count * check * (DAY / interval)
        # what is read whole is read at a check, so not more often than there is one
        whole += count * cost.whole * (DAY / max(whole_every, interval))
    changes = sum(cost.changes for cost in costs.values()) * (DAY / WEEK)
    seen = pace.allowance()
    return Requests(round(checks), round(whole), round(changes), _possible(seen), seen)


def _intervals(scopes: Iterable[str], using: str) -> Counter[tuple[str, timedelta | None]]:
    """Return how many states of connected accounts Spotify is asked about at which interval, by resource.

    All are counted, and those that do not count are taken off, which are few: so the many need no other table.
    """
    states = SyncState.objects.using(using).filter(resource__in=conf.RESOURCES)
    alike = _alike(states)
    alike.subtract(_alike(states.exclude(account__status=AccountStatus.CONNECTED)))
    connected = states.filter(account__status=AccountStatus.CONNECTED)
    for resource in conf.RESOURCES:
        lacking = [scope for scope in scopes if not is_covered(resource, scope.split())]
        if lacking:
            alike.subtract(
                _alike(connected.filter(resource=resource, account__token__scope__in=lacking))
            )
    return +alike  # one that came up between two queries is taken off, and was not counted


def _alike(states: QuerySet[SyncState]) -> Counter[tuple[str, timedelta | None]]:
    rows = states.order_by().values_list("resource", "interval").annotate(Count("pk"))
    return Counter({(resource, interval): count for resource, interval, count in rows})


@dataclass(frozen=True, slots=True)
class _Cost:
    """What one resource costs: the requests of one check and of one whole pass, and of all changes of the last week."""

    check: float = 0.0
    whole: float = 0.0
    changes: int = 0


def _costs(using: str) -> dict[str, _Cost]:
    others = F("requests") - F("check_requests") - F("whole_requests")
    lately = Q(at__gte=timezone.now() - WEEK)
    sums = {
        name: Sum(name) for name in ("checks", "check_requests", "whole_passes", "whole_requests")
    }
    # the changes first: after a sum of its name, a column is no longer known by it
    hours: Any = Hour.objects.using(using).exclude(resource="").order_by().values("resource")
    return {
        row["resource"]: _Cost(
            check=row["check_requests"] / max(1, row["checks"]),
            whole=row["whole_requests"] / max(1, row["whole_passes"]),
            changes=row["changes"] or 0,
        )
        for row in hours.annotate(changes=Sum(others, filter=lately), **sums)
    }


def _possible(seen: pace.Allowance | None) -> int | None:
    limits = (pace_in(DAY), seen.requests if seen else None)
    return min((limit for limit in limits if limit is not None), default=None)
