"""What takes a look at all of a library, kept in the cache until a sync has written to that library.

Numbers and keys of rows are kept, and no names: a page reads its rows by these keys, as they are now and as far as
their owner may see them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.cache import cache
from django_spotify_sync.models import LargeLoss, SpotifyAccount, SyncRun

#: Goes up when what is kept looks different: a cache outlives the code that filled it.
SHAPE = 1
A_DAY = 24 * 60 * 60  # seconds; days go on, and with them what is of "this day"


def counted_from[T](
    *resources: str,
) -> Callable[[Callable[[SpotifyAccount], T]], Callable[[SpotifyAccount], T]]:
    """Have what a function counts of an account remembered until one of these is written to; without any, anything."""

    def decorate(count: Callable[[SpotifyAccount], T]) -> Callable[[SpotifyAccount], T]:
        @wraps(count)
        def counted(account: SpotifyAccount) -> T:
            name = f"{count.__module__}.{count.__name__}"
            key = f"figures:{SHAPE}:{name}:{account.pk}:{_version(account, resources)}"
            found: T | None = cache.get(key)
            if found is None:
                found = count(account)
                cache.set(key, found, A_DAY)
            return found

        return counted

    return decorate


def _version(account: SpotifyAccount, resources: tuple[str, ...]) -> str:
    """Name the library as it is: after the last run that wrote, and the last decision about rows of it.

    Asked of the database once for each instance of an account: a request has one of its own, and so has a run.
    """
    versions: dict[tuple[str, ...], str] = account.__dict__.setdefault("_figures_versions", {})
    if resources not in versions:
        versions[resources] = _latest(account, resources)
    return versions[resources]


def _latest(account: SpotifyAccount, resources: tuple[str, ...]) -> str:
    runs = SyncRun.objects.filter(account=account, finished_at__isnull=False)
    wrote = runs.exclude(created=0, updated=0, removed=0).order_by("-created_at", "-pk")
    if resources:
        wrote = wrote.filter(resource__in=resources)
    decided = LargeLoss.objects.filter(account=account, decided_at__isnull=False)
    last = decided.order_by("-decided_at").values_list("pk", "decided_at").first()
    run = wrote.values_list("pk", "finished_at").first()
    return "-".join(f"{pk}.{moment:%Y%m%d%H%M%S%f}" for pk, moment in filter(None, (run, last)))
