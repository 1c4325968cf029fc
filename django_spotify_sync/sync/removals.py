"""What a run may believe of a total that does not fit, and of a loss that is very large."""

from __future__ import annotations

from collections.abc import Collection

from django_spotify_sync.conf import conf
from django_spotify_sync.models import LargeLoss, LostRow, SyncState
from django_spotify_sync.models.losses import Decision
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


def is_loss_doubted(work: Work, *, known: int, gone: Collection[int], total: int) -> bool:
    """Tell whether a loss is too large to be believed yet, and remember it. ``gone`` are the rows, by primary key, in
    the order of the library.

    One that somebody accepted is believed, with what else is gone unless that is too large by itself. Any other, by
    LARGE_LOSS, once a second run sees it, or never: until somebody decides, what is asked about stays.
    """
    state, loss = work.state, work.loss
    was_doubted = state.suspected_shrink is not None
    if was_doubted:
        _look_up(work)
    share = conf.MAX_REMOVED_SHARE
    beside = set(gone) - loss.listed
    is_large = is_large_loss(known=known, gone=len(gone), max_share=share)
    is_another = is_large_loss(known=known, gone=len(beside), max_share=share)
    loss.is_new = is_another or len(beside) == len(gone)
    if loss.asked is not None and loss.asked.decision == Decision.ACCEPT:
        is_doubted = is_another
    elif conf.LARGE_LOSS == "ask":
        is_doubted = is_large or not loss.is_new
    else:
        is_doubted = is_large and not was_doubted
    loss.is_judged, loss.doubted = True, list(gone) if is_doubted else None
    work.learn(suspected_shrink=total if is_doubted else None)
    return is_doubted


def no_loss(work: Work) -> None:
    """Remember that nothing is gone."""
    is_loss_doubted(work, known=0, gone=(), total=0)


def judge_later(work: Work) -> None:
    """Leave it to the next run whether a loss is believed: this one saw two lists that differ."""
    work.loss.is_judged = False
    work.learned.pop("suspected_shrink")


def _look_up(work: Work) -> None:
    """Look for what an earlier run has asked about the loss."""
    losses = LargeLoss.objects.using(work.using).waiting()
    mine = losses.filter(account_id=work.account.pk, resource=work.run.resource)
    asked = mine.order_by("-run_id").first()
    if asked is not None:
        rows = LostRow.objects.using(work.using).filter(loss=asked)
        work.loss.asked = asked
        work.loss.listed = frozenset(rows.values_list("row_id", flat=True))


def is_large_loss(*, known: int, gone: int, max_share: float) -> bool:
    """Tell whether a loss is too large to be believed by the first run that sees it."""
    return gone > 0 and (gone == known or (gone > 50 and gone > max_share * known))
