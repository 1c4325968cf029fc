"""What a run may believe of a total that does not fit, and of a loss that is very large."""

from __future__ import annotations

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncState


def learn_hidden(
    state: SyncState, *, total: int, came: int, is_seen_twice: bool = False
) -> dict[str, object]:
    """Return what to remember of a pass, and believe, from now on, what the one before said as well.

    What is counted beyond the different entries that come is ``hidden``, whether it never comes or is one of them
    again: if two passes agree on both numbers (``is_seen_twice``: this one stands for two); none, if all came.
    """
    learned: dict[str, object] = {"full_total": total, "full_entries": came}
    before = (state.full_total, state.full_entries)
    if came == total or is_seen_twice or before == (total, came):
        state.hidden = learned["hidden"] = max(0, total - came)
    return learned


def brings_nothing_new(entries: int, doubles: int) -> bool:
    """Tell whether so many of a page's entries came before that it is another page again, and no page of its own.

    Few may stand in a list twice for good, as where an entry is answered at both sides of the edge of two pages.
    """
    return doubles > max(1, entries / 2)


def doubt_large_loss(
    state: SyncState, *, known: int, gone: int, total: int
) -> tuple[bool, dict[str, object]]:
    """Tell whether a loss is too large to be believed yet, and what to remember: a second run that sees it believes."""
    is_large = is_large_loss(known=known, gone=gone, max_share=conf.MAX_REMOVED_SHARE)
    doubted = is_large and state.suspected_shrink is None
    return doubted, {"suspected_shrink": total if doubted else None}


def is_large_loss(*, known: int, gone: int, max_share: float) -> bool:
    """Tell whether a loss is too large to be believed by the first run that sees it."""
    return gone > 0 and (gone == known or (gone > 50 and gone > max_share * known))
