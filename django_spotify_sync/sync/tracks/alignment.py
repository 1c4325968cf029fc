"""Which remote entry is which stored one, and in what order. Pure: no network, no database, no clock.

Everything here is about two orders: the entries as we stored them and the entries as Spotify lists them now, both
newest first, each known by its key ``(spotify_id, added_at)``. An index is a place among the stored entries, a position
one in Spotify's list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from django_spotify_sync.db.rising import rising
from django_spotify_sync.spotify.answers.saved import Key
from django_spotify_sync.sync.claims import Claims


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which stored entry each remote entry is.

    ``indexes[i]`` is the index of remote entry i, None for a new one; ``gone`` are the indexes that no entry claims,
    and ``relinked`` those whose id nobody answered, but whose place is taken by an entry of the same second. ``kept``
    are the remote positions of entries that stand in their stored order, which is what certificates lean on.
    """

    indexes: list[int | None]
    gone: list[int]
    relinked: list[int]
    kept: list[int]


NONE_ALIGNED = Alignment([], [], [], [])


def align(stored: Sequence[Key], remote: Sequence[Key], *, relinks: bool = True) -> Alignment:
    """Find each remote entry's index: by its key, else by its id (liked anew), else by its second (relinked, or null).

    Only entries that stand between the same two certain neighbours are taken for relinked, and none where ``relinks``
    is False: in a list that is not whole, the id that seems gone may only not have been read.
    """
    head, tail = _in_common(stored, remote)
    stored_end, remote_end = len(stored) - tail, len(remote) - tail
    between = _align(stored[head:stored_end], remote[head:remote_end], relinks=relinks)
    return Alignment(
        [
            *range(head),
            *(None if index is None else head + index for index in between.indexes),
            *range(stored_end, len(stored)),
        ],
        gone=[head + index for index in between.gone],
        relinked=[head + index for index in between.relinked],
        kept=[
            *range(head),
            *(head + position for position in between.kept),
            *range(remote_end, len(remote)),
        ],
    )


def _in_common(stored: Sequence[Key], remote: Sequence[Key]) -> tuple[int, int]:
    """Return how many entries are the same from the head on, and how many up to the end.

    Of alike entries the first stored one is the first remote one. From the head on that holds by itself; up to the end
    only if none of them stands in between, too.
    """
    head = _same(zip(stored, remote, strict=False))
    most = min(len(stored), len(remote)) - head
    tail = _same(islice(zip(reversed(stored), reversed(remote), strict=False), most))
    between = {*stored[head : len(stored) - tail], *remote[head : len(remote) - tail]}
    if between and not between.isdisjoint(remote[len(remote) - tail :]):
        return head, 0
    return head, tail


def _same(pairs: Iterable[tuple[Key, Key]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _align(stored: Sequence[Key], remote: Sequence[Key], *, relinks: bool) -> Alignment:
    if not stored:
        return Alignment([None] * len(remote), [], [], [])
    claims = Claims(len(stored), len(remote))
    claims.claim(dict(enumerate(remote)), dict(enumerate(stored)))
    claims.claim(
        {
            position: remote[position][0]
            for position in claims.unclaimed
            if remote[position][0] is not None
        },
        {index: stored[index][0] for index in sorted(claims.free) if stored[index][0] is not None},
    )
    relinked: list[int] = []
    if relinks and claims.free:
        relinked = claims.claim_between(
            {position: remote[position][1] for position in claims.unclaimed},
            {index: stored[index][1] for index in sorted(claims.free)},
        )
    return Alignment(
        claims.indexes,
        gone=sorted(claims.free),
        relinked=sorted(relinked),
        kept=rising(claims.indexes),
    )
