"""Which stored entry each entry of a list is, found in rounds, the surest first. Pure: no network, no database.

An *index* is a place among the stored entries, a *position* one in Spotify's list.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping

from django_spotify_sync.db.rising import rising


class Claims:
    """``indexes`` holds the stored entry of each position, None as long as none was found; ``free`` are the stored
    entries that no position has claimed.
    """

    def __init__(self, stored: int, remote: int) -> None:
        self.indexes: list[int | None] = [None] * remote
        self.free = set(range(stored))

    @property
    def unclaimed(self) -> list[int]:
        """The positions without a stored entry, in order."""
        return [position for position, index in enumerate(self.indexes) if index is None]

    def take(self, position: int, index: int) -> None:
        """Note that an entry is this stored one."""
        self.indexes[position] = index
        self.free.discard(index)

    def claim[K: Hashable](self, wanted: Mapping[int, K], offered: dict[int, K]) -> list[int]:
        """Give each wanted position the first index that is offered under the same key; return the indexes claimed.

        Both are gone through in their order; what is given is not given again.
        """
        first: dict[K, int] = {}
        following: dict[int, int] = {}  # the next index that is offered under the same key
        for place, key in reversed(offered.items()):
            if key in first:
                following[place] = first[key]
            first[key] = place
        claimed = []
        for position, key in wanted.items():
            index = first.pop(key, None)
            if index is None:
                continue
            if index in following:
                first[key] = following[index]
            self.take(position, index)
            claimed.append(index)
        return claimed

    def claim_between[K: Hashable](
        self, wanted: Mapping[int, K], offered: Mapping[int, K]
    ) -> list[int]:
        """The same, but only between the same two neighbours that stand in their stored order."""
        kept = rising(self.indexes)
        kept_indexes = [self.indexes[position] or 0 for position in kept]
        return self.claim(
            {position: (bisect_left(kept, position), key) for position, key in wanted.items()},
            {index: (bisect_left(kept_indexes, index), key) for index, key in offered.items()},
        )
