"""Saved tracks: read as little as proves what changed, or everything, and say what may be written.

Three ways lead to the same rows. A *probe* is one page that shows nothing new. A *delta* reads the pages that ``delta``
asks for. A *full* pass reads all, when that is cheaper, asked for, or due. Whatever is not proved is not removed.
A list that is as it was, or only grew at its head, is told without loading what is stored of it (``growing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.upsert import Counts
from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.models.runs import Mode
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.saved import Key, SavedRow, skipped_reasons
from django_spotify_sync.sync.handover import Fetched, Work, Written
from django_spotify_sync.sync.removals import is_loss_doubted, learn_hidden, no_loss
from django_spotify_sync.sync.staging import Stage
from django_spotify_sync.sync.tracks import delta, seams
from django_spotify_sync.sync.tracks.alignment import Alignment, align
from django_spotify_sync.sync.tracks.chart import Chart, Places
from django_spotify_sync.sync.tracks.growing import growth, is_plain, write_growth
from django_spotify_sync.sync.tracks.listing import LIMIT, Listing, keys_of
from django_spotify_sync.sync.tracks.stored import StoredEntry, count_stored, stored_entries
from django_spotify_sync.sync.tracks.writing import write_saved

TRIES = 3  # looks at a library that moves before the run is called partial
ROUNDS = 3  # of halving, before a full pass may be the cheaper way


class Tracks:
    """The kind of resource that is listed newest first, so that few requests prove it."""

    check_costs = 1.0

    def fetch(self, work: Work) -> Fetched:
        """Read the saved tracks; what comes back may be written: everything if proved, no removals if not."""
        reading = _Reading(work)
        try:
            with reading.stage.kept():
                if (fetched := reading.at_a_glance()) is not None:
                    return fetched
                whole = reading.read()
                reading.doubt_large_loss(whole)
        except NotWhole as error:
            return reading.added_only(reading.as_they_came(), error.reason)
        return reading.replaced(whole)


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole list, its keys, and which stored entry each of it is."""

    entries: list[SavedRow]
    keys: list[Key]
    alignment: Alignment


class _Reading:
    """One run's way through the list. ``known`` are the keys of the ``count`` stored entries, in Spotify's order."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.count = count_stored(work.account, work.using)
        self.stage = Stage(work, Page[SavedRow])
        self.mode = Mode.PROBE
        self.looks: list[Listing] = []
        self.glance: Listing | None = None
        self.doubled: Places = {}

    @cached_property
    def stored(self) -> list[StoredEntry]:
        """The stored entries. They are what they are until this run's write: no other may write them meanwhile."""
        return stored_entries(self.work.account, self.work.using)

    @cached_property
    def known(self) -> delta.Known:
        return delta.Known([entry.key for entry in self.stored])

    # Reading

    def at_a_glance(self) -> Fetched | None:
        """Return what the head alone tells: that nothing changed, or that the list grew there; None if it tells less.

        The head is read then, and where that does not suffice it is what ``read`` begins with.
        """
        if self._is_full_due():
            return None
        work, listing = self.work, self._look()
        self.glance, head = listing, listing.head.entries
        if not listing.is_as_expected:
            return None
        top = stored_entries(work.account, work.using, most=len(head))
        grown = growth(head, total=listing.total, top=top, count=self.count)
        if grown is None or (grown.new and not is_plain(grown, work.account, work.using)):
            return None
        no_loss(work)
        if not grown.new:
            return self._unchanged(Mode.PROBE if listing.reads == 1 else Mode.DELTA)
        return Fetched(
            mode=Mode.DELTA,
            catalog=work.catalog,
            write=lambda keys: write_growth(grown, work.account, keys, using=work.using),
            skipped_reasons=skipped_reasons(head),
        )

    def read(self) -> Whole:
        """Return the whole list, read or rightly presumed.

        :raises NotWhole: if the library moved, or the answers do not fit together, at every try.
        """
        known, rows = self.known, None
        if self._is_full_due():
            listing = self._look()
            try:
                self._read_everything(listing)
                return self._settle(listing, known)
            except NotWhole as error:
                if error.reason != "drift":
                    raise
            rows = self._stitched(listing)
            known = delta.Known([entry.key for entry in rows])
            # Pages that do not overlap may hide a loss and a find that make up for each other: look once more, soon.
            self.work.learn(full_due=not self.count)
        for _ in range(TRIES - 1):
            try:
                return self._settle(self._look(), known, rows)
            except NotWhole as error:
                if error.reason != "drift":
                    raise
        return self._settle(self._look(), known, rows)

    def _is_full_due(self) -> bool:
        state = self.work.state
        overdue = state.full_at is None or state.full_at < timezone.now() - conf.FULL_SYNC_INTERVAL
        return self.work.run.full or state.full_due or overdue or not self.count

    def _look(self) -> Listing:
        """Begin to look at the list anew, from its head; the first time where a glance has read that already."""
        if self.glance is not None:
            listing, self.glance = self.glance, None
            return listing
        self.looks.append(Listing(self.work, self.work.catalog, hidden=self.work.state.hidden))
        return self.looks[-1]

    def _settle(
        self, listing: Listing, known: delta.Known, rows: Sequence[SavedRow] | None = None
    ) -> Whole:
        """Read what ``delta`` asks for, until the whole list is known and each loss proved.

        ``rows`` are the known entries, if more is known of them than their keys.

        :raises NotWhole: if that cannot be done: the answers contradict each other, or the list moved.
        """
        doubled_before, self.doubled = self.doubled, {}
        listing.check()
        rounds = 0
        while (step := self._next_step(known, listing.chart(doubled_before))).reads:
            # A few rounds tell losses that lie together, which cost little, from losses all over the list.
            is_dear = rounds >= ROUNDS and listing.reads + step.pages_ahead >= listing.total / (
                LIMIT - 1
            )
            if is_dear and self.mode != Mode.FULL:
                self._read_everything(listing)
            else:
                listing.read(step.reads)
            rounds += 1
        found, alignment = step.keys, step.alignment
        entries = step.filled(
            listing.in_place(),
            (lambda index: SavedRow(*known.keys[index])) if rows is None else rows.__getitem__,
        )
        if self.mode == Mode.PROBE and (listing.reads > 1 or known.keys != found):
            self.mode = Mode.DELTA
        if self.mode == Mode.FULL or delta.wants_last_look(
            known.keys, found, alignment, reads=listing.reads
        ):
            listing.confirm_head()
        if known is not self.known:
            alignment = align(self.known.keys, found)
        return Whole(entries, found, alignment)

    def _next_step(self, known: delta.Known, chart: Chart) -> delta.Step:
        """Say what to read next; remember what came twice, and where, for the next look."""
        try:
            return delta.next_step(known, chart)
        finally:
            self.doubled = chart.doubled

    def _read_everything(self, listing: Listing) -> None:
        """Read every page, but for those that an earlier attempt left behind.

        :raises NotWhole: if one of them is not what it has to be.
        """
        self.mode = Mode.FULL
        listing.expect(hidden=0)
        listing.stage(self.stage)
        try:
            # Overlapping pages show every border and prove a loss at once; without a stored entry there is none.
            listing.read(delta.cover(listing.chart(), overlapping=bool(self.count)))
        except NotWhole:
            if not listing.is_steady:
                raise
        self._count(listing)
        listing.check()

    def _count(self, listing: Listing) -> None:
        """Learn what the total counts beyond the entries that come; believed when two passes agree on both numbers."""
        total, came = listing.head.total, listing.came()
        learn_hidden(self.work, total=total, came=came)
        if self.work.state.hidden == max(0, total - came):
            listing.expect(hidden=self.work.state.hidden)

    def _stitched(self, moved: Listing) -> list[SavedRow]:
        """Return the list as joined from the pages of one that moved while it was read, with torn seams read anew."""
        pages = [moved.pages[offset] for offset in sorted(moved.pages)]
        torn = seams.torn([(page.offset, page.total, keys_of(page)) for page in pages])
        centred = {number: max(0, pages[number].offset - LIMIT // 2) for number in torn}
        fresh = {page.offset: page for page in self._look().read(set(centred.values()))}
        # fewer than were asked for, if by now the list ends before
        patches = {number: fresh[offset] for number, offset in centred.items() if offset in fresh}
        joined = seams.stitch(
            [keys_of(page) for page in pages],
            {number: keys_of(page) for number, page in patches.items()},
        )
        return [
            (patches[-1 - number] if number < 0 else pages[number]).entries[index]
            for number, index in joined
        ]

    # Judging

    def doubt_large_loss(self, whole: Whole) -> None:
        """Believe a large loss only when a second run sees it.

        :raises NotWhole: if this is the first.
        """
        gone = [self.stored[index].pk for index in whole.alignment.gone]
        known = len(self.known.keys)
        if is_loss_doubted(self.work, known=known, gone=gone, total=len(whole.entries)):
            raise NotWhole(f"{len(gone)} of {known} entries are gone.", reason="large_loss")

    def as_they_came(self) -> list[SavedRow]:
        """Return what was read, each key once: good enough to add rows by, never to remove any.

        What is new may have been seen by an earlier look alone. What is known may stand elsewhere since, or be gone.
        """
        if not self.looks:
            return []
        *earlier, last = self.looks
        entries: dict[object, tuple[int, SavedRow]] = {}
        for position, entry in sorted(last.rows().items()):
            entries.setdefault(entry.key if entry.spotify_id else position, (position, entry))
        seen = {entry.spotify_id for _, entry in entries.values()}
        seen |= {spotify_id for spotify_id, _ in self.known.keys} | {None}
        for look in reversed(earlier):
            for position, entry in sorted(look.rows().items()):
                if entry.spotify_id not in seen:
                    seen.add(entry.spotify_id)
                    entries[entry.key] = (position, entry)
        return [entry for _, entry in sorted(entries.values(), key=itemgetter(0))]

    def replaced(self, whole: Whole) -> Fetched:
        """Say that the stored entries are to become the whole list."""
        if self.known.keys == whole.keys and self.mode != Mode.FULL:
            return self._unchanged(self.mode)
        removable = {self.stored[index].pk for index in whole.alignment.gone}
        return self._fetched(whole.entries, removable=removable)

    def added_only(self, entries: Sequence[SavedRow], reason: str) -> Fetched:
        """Say that what is new among the entries may be added, and why nothing may be removed."""
        self.work.learn(full_due=True)  # the next run looks at everything, in any case
        return self._fetched(entries, removable=set(), reason=reason)

    def _unchanged(self, mode: str) -> Fetched:
        unchanged = Written(Counts(unchanged=self.count))
        return Fetched(mode=mode, catalog=None, write=lambda keys: unchanged)

    def _fetched(
        self, entries: Sequence[SavedRow], *, removable: set[int], reason: str = ""
    ) -> Fetched:
        # what is written is to hold these alone, and not the pages, which are done with
        account, before, using = self.work.account, self.stored, self.work.using
        return Fetched(
            mode=self.mode,
            reason=reason,
            catalog=self.work.catalog,
            write=lambda keys: write_saved(
                account,
                before,
                entries,
                keys,
                removable=removable,
                is_whole=not reason,
                is_full=self.mode == Mode.FULL and not reason,
                using=using,
            ),
            skipped_reasons=skipped_reasons(entries),
        )
