"""What a run may believe of a total that does not fit, and of a loss that is very large."""

from __future__ import annotations

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncState
from django_spotify_sync.sync.handover import Work


def believed_hidden(
    state: SyncState, *, total: int, came: int, is_seen_twice: bool = False
) -> int | None:
    """Return how many entries the total counts beyond the different ones that come; None if that is not believed yet.

    It is if two passes agree on both numbers (``is_seen_twice``: this one stands for two), or if all came. What is
    hidden never comes, or is one of the others again.
    """
    before = (state.full_total, state.full_entries)
    is_believed = came == total or is_seen_twice or before == (total, came)
    return max(0, total - came) if is_believed else None


def learn_hidden(work: Work, *, total: int, came: int, is_seen_twice: bool = False) -> None:
    """Remember the numbers of a pass for the next one, and how many are hidden if that is believed."""
    hidden = believed_hidden(work.state, total=total, came=came, is_seen_twice=is_seen_twice)
    work.learn(full_total=total, full_entries=came)
    if hidden is not None:
        work.learn(hidden=hidden)


def brings_nothing_new(entries: int, doubles: int) -> bool:
    """Tell whether so many of a page's entries came before that it is another page again, and no page of its own.

    Few may stand in a list twice for good, as where an entry is answered at both sides of the edge of two pages.
    """
    return doubles > max(1, entries / 2)


def is_loss_doubted(work: Work, *, known: int, gone: int, total: int) -> bool:
    """Tell whether a loss is too large to be believed yet, and remember it: a second run that sees it believes it."""
    is_large = is_large_loss(known=known, gone=gone, max_share=conf.MAX_REMOVED_SHARE)
    is_doubted = is_large and work.state.suspected_shrink is None
    work.learn(suspected_shrink=total if is_doubted else None)
    return is_doubted


def is_large_loss(*, known: int, gone: int, max_share: float) -> bool:
    """Tell whether a loss is too large to be believed by the first run that sees it."""
    return gone > 0 and (gone == known or (gone > 50 and gone > max_share * known))
