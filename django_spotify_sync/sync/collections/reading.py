"""Collections: list all of it, prove the list whole, and make the stored rows the same.

Where the order proves nothing, nothing less than all of a list shows a change (a row gone and a new one keep the
total). It is whole if its pages came to an end, every answer gave one total, as many came, and no id came twice:
without all four, simulated lists that moved while they were read lost rows that were still there. A removal is believed
when a second listing shows the same.

The schedule looks at the first page alone, most of the time: what it cannot see there waits for the next whole listing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.upsert import Counts
from django_spotify_sync.models.runs import Mode, Trigger
from django_spotify_sync.sync.collections.listing import Listing, Source, joined
from django_spotify_sync.sync.collections.shelf import Shelf, Stored, Verdict
from django_spotify_sync.sync.handover import Fetched, Work, Written
from django_spotify_sync.sync.removals import is_loss_doubted, judge_later, learn_hidden

ABSENT_FOR = timedelta(days=3)  # in which the schedule does not ask for a list that is not there
_MOVES = ("drift", "count")  # what may be otherwise at the next look


@dataclass(frozen=True, slots=True)
class Collection:
    """The kind of resource whose order proves nothing: where it is listed, how one page follows another, what keeps it.

    ``looks`` is how often it is read, at most, until the answers fit together. ``complete`` asks for what the list does
    not say of what it holds, once all of it is known.
    """

    source: Source
    pages: Callable[[Work, Source, Any], Listing]
    shelf: Shelf
    looks: int = 2
    complete: Callable[[Work, Listing], None] = lambda work, listing: None
    check_costs: float = 1.0

    def fetch(self, work: Work) -> Fetched:
        """List all of it, or the head for a check; what is proved whole replaces, anything else only adds."""
        stored = self.shelf.stored(work.account, work.using)
        is_scheduled = work.run.trigger == Trigger.SCHEDULE
        if is_scheduled and _is_known_to_be_absent(work):
            return _unchanged(stored)
        head = self._head(work)
        if head is None:
            until = timezone.now() + ABSENT_FOR
            work.learn(absent_until=until, next_sync_at=until)
            return _unchanged(stored)
        work.learn(absent_until=None)
        if is_scheduled and self._shows_no_change(work, head, stored):
            return _unchanged(stored)
        return self._judged(work, stored, *self._look(work, head))

    def _head(self, work: Work) -> Any:
        """Return the first page; None if Spotify has no such list for this account."""
        return work.fetch.one(self.source.get())

    def _shows_no_change(self, work: Work, head: Any, stored: Stored) -> bool:
        """Tell whether the total and the ids at the head are what a whole listing found lately, in whatever order."""
        state = work.state
        is_due = (
            state.full_at is None or timezone.now() - state.full_at > conf.COLLECTION_FULL_INTERVAL
        )
        if work.run.full or state.full_due or is_due or head.total != state.full_total:
            return False
        ids = {entry.spotify_id for entry in head.entries}
        nulls = sum(entry.spotify_id is None for entry in head.entries)
        known_nulls = state.nulls + len(stored.rows.keys() - stored.expected)
        is_whole_page = len(head.entries) >= min(self.source.limit, head.total)
        is_known = ids - {None} <= stored.expected and nulls <= known_nulls
        return is_whole_page and is_known and not stored.is_to_cede

    def _look(self, work: Work, head: Any) -> tuple[Listing, str]:
        """Return the list, and why it is not provably whole; it is listed again where the answers do not fit together.

        What stands at two places is believed, and counted once, if two looks show the same.
        """
        look, before = self.pages(work, self.source, head), None
        looks = [look]
        while look.problem in _MOVES and len(looks) < self.looks and not look.is_as(before):
            if (head := self._head(work)) is None:
                return look, "drift"
            look, before = self.pages(work, self.source, head), look
            looks.append(look)
            if look.problem and not self.shelf.is_ordered:
                look = joined(looks, hidden=work.state.hidden) or look
        is_doubled = before is not None and look.is_doubled_as(before)
        is_counted = is_doubled or look.problem in ("", "count")
        if is_counted:
            learn_hidden(
                work,
                total=look.total,
                came=look.came,
                is_seen_twice=is_doubled and look.counts_all,
            )
        if is_counted and look.came == look.total - work.state.hidden:
            return look, ""
        return look, "count" if is_doubled else look.problem

    def _is_seen_again(self, work: Work, listing: Listing) -> bool:
        """Tell whether another whole listing names the same ids, and as many nulls."""
        if (head := self._head(work)) is None:
            return False
        again, reason = self._look(work, head)
        is_same = set(again.ids) == set(listing.ids) and again.dates == listing.dates
        return is_same and not reason

    def _judged(self, work: Work, stored: Stored, listing: Listing, reason: str) -> Fetched:
        """Say what is to be written: what is gone, if that is proved, and what a null stands for."""
        listed = set(listing.ids)
        missing = [spotify_id for spotify_id in stored.rows if spotify_id not in listed]
        nulls = work.state.nulls if work.state.full_at is not None else None
        verdict = self.shelf.verdict(stored, missing, listing, nulls=nulls)
        gone = [stored.rows[one].pk for one in stored.rows if one in verdict.gone]
        if not reason:
            if is_loss_doubted(work, known=len(stored.rows), gone=gone, total=listing.total):
                reason = "large_loss"
            elif gone and not self._is_seen_again(work, listing):
                judge_later(work)
                reason = "drift"
        if reason:
            verdict = Verdict()
        else:
            work.learn(full_at=timezone.now(), full_due=False, nulls=verdict.nulls)
            self.complete(work, listing)
        is_full = work.run.full or bool(reason) or not self.shelf.is_as(stored, listing)
        account, using = work.account, work.using
        return Fetched(
            mode=Mode.FULL if is_full else Mode.PROBE,
            reason=reason,
            catalog=work.catalog,
            write=lambda keys: self.shelf.write(account, listing, keys, verdict, using=using),
            skipped_reasons=_skipped(listing, verdict),
        )


def _is_known_to_be_absent(work: Work) -> bool:
    until = work.state.absent_until
    return until is not None and timezone.now() < until


def _unchanged(stored: Stored) -> Fetched:
    written = Written(Counts(unchanged=len(stored.rows)))
    return Fetched(mode=Mode.PROBE, catalog=None, write=lambda keys: written)


def _skipped(listing: Listing, verdict: Verdict) -> dict[str, int]:
    nulls = listing.nulls - len(verdict.unavailable)
    return {"null_entry": nulls} if nulls > 0 and not listing.problem else {}
