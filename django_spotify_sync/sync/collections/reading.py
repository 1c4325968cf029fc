"""Collections: list all of it, prove the list whole, and make the stored rows the same.

Where the order proves nothing, nothing less than all of a list shows a change (a row gone and a new one keep the
total). It is whole if its pages came to an end, every answer gave one total, as many came, and no id came twice:
without all four, simulated lists that moved while they were read lost rows that were still there. A removal is believed
when a second listing shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from django_spotify_sync.models.runs import Mode
from django_spotify_sync.spotify.answers.paging import CursorPage
from django_spotify_sync.spotify.client import Params
from django_spotify_sync.sync.collections.listing import Listing, list_by_cursor
from django_spotify_sync.sync.collections.writing import Shelf
from django_spotify_sync.sync.handover import Fetched, Work
from django_spotify_sync.sync.removals import is_loss_doubted, learn_hidden


@dataclass(frozen=True, slots=True)
class Collection:
    """The kind of resource whose order proves nothing: where it is listed, how an answer is read, and what keeps it."""

    path: str
    parse: Callable[[Any], CursorPage]
    shelf: Shelf
    params: Params = field(default_factory=dict)
    check_costs: float = 2.0

    def fetch(self, work: Work) -> Fetched:
        """List all of it; what is proved whole replaces, anything else only adds."""
        first = listing = self._list(work)
        is_doubled = False
        if first.problem in ("drift", "count"):
            listing = self._list(work)
            is_doubled = listing.is_doubled_as(first)
        is_counted = is_doubled or listing.problem in ("", "count")
        if is_counted:
            learn_hidden(
                work,
                total=listing.total,
                came=listing.came,
                is_seen_twice=is_doubled and listing.counts_all,
            )
        reason = "count" if is_doubled else listing.problem
        if is_counted and listing.came == listing.total - work.state.hidden:
            reason = ""
        stored = list(self.shelf.stored(work.account, work.using))
        gone = set(stored) - set(listing.ids)
        if not reason:
            if is_loss_doubted(work, known=len(stored), gone=len(gone), total=listing.total):
                reason = "large_loss"
            elif gone:
                again = self._list(work)
                if again.problem or set(again.ids) != set(listing.ids):
                    reason = "drift"
        if not reason:
            work.learn(full_at=timezone.now(), full_due=False)
        is_full = work.run.full or bool(reason) or stored != listing.ids
        account, using = work.account, work.using
        return Fetched(
            mode=Mode.FULL if is_full else Mode.PROBE,
            reason=reason,
            catalog=work.catalog,
            write=lambda keys: self.shelf.write(
                account, listing, keys, set() if reason else gone, using=using
            ),
            skipped_reasons=_skipped(listing),
        )

    def _list(self, work: Work) -> Listing:
        return list_by_cursor(work, self.path, self.parse, self.params)


def _skipped(listing: Listing) -> dict[str, int]:
    nulls = listing.entries.count(None)
    return {"null_entry": nulls} if nulls and not listing.problem else {}
