"""One way to point at entries of a list: index, slice, id, or several of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

type Which = int | slice | str | Iterable[int | str]


def indexes(which: Which, count: int, ids: Callable[[], Sequence[str | None]]) -> list[int]:
    """Give the indexes *which* points at among *count* entries; an id that occurs twice means its first place.

    :raises LookupError: if there is no such index or id.
    """
    if isinstance(which, slice):
        return list(range(count))[which]
    wanted = [which] if isinstance(which, int | str) else list(which)
    places: dict[str | None, int] = {}
    if any(isinstance(one, str) for one in wanted):
        for index, known in enumerate(ids()):
            places.setdefault(known, index)
    return [range(count)[one] if isinstance(one, int) else places[one] for one in wanted]
