"""What a run may believe of a total that does not fit, and of a loss that is very large."""

from __future__ import annotations

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncState


def learn_hidden(state: SyncState, *, total: int, came: int) -> dict[str, object]:
    """Return what to remember of a pass, and believe, from now on, what the one before said as well.

    Entries that are counted and never come are ``hidden``, if two passes agree on both numbers; none, if all came.
    """
    learned: dict[str, object] = {"full_total": total, "full_entries": came}
    if came == total or (state.full_total, state.full_entries) == (total, came):
        state.hidden = learned["hidden"] = max(0, total - came)
    return learned


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
