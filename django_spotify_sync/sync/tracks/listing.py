"""The saved tracks as Spotify lists them during one run: pages read in parallel, kept, staged, and charted.

Facts about the list: Spotify Web API, Get User's Saved Tracks (50 a page, newest first, entries may be null).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.saved import Key, SavedRow, parse_saved_page
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.catalog_writer import CatalogWriter
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.staging import Stage
from django_spotify_sync.sync.tracks.chart import Answer, Chart, Places

LIMIT = 50
SAVED_TRACKS = "saved_tracks"
_NOTHING = Catalog()


class Listing:
    """One look at the list, from one head on. ``hidden`` entries are counted by Spotify's total and never come."""

    def __init__(self, work: Work, catalog: CatalogWriter, *, hidden: int = 0) -> None:
        self.catalog = catalog
        self.pages: dict[int, Page[SavedRow]] = {}
        self.reads = 0
        self._work = work
        self._entries = 0  # of all pages
        self._fresh: set[int] = set()
        self._chart: Chart | None = None
        # the offsets that the chart does not know, as they came
        self._uncharted: dict[int, None] = {}
        self._stage: Stage | None = None
        self.head = self._fetch([0])[0]
        self.expect(hidden=hidden)
        if self._problem(self.head):
            self.head = self._fetch([0])[0]
            self.expect(hidden=hidden)
        self._keep(self.head)

    def read(self, offsets: Iterable[int]) -> list[Page[SavedRow]]:
        """Read pages in parallel, those that came short or with another total once more; return them in order.

        :raises NotWhole: if a page still is not what it has to be. All that came is in ``pages`` then, too.
        """
        pages = {page.offset: page for page in self._fetch(offsets, keep=True)}
        again = [offset for offset, page in pages.items() if self._problem(page)]
        pages |= {page.offset: page for page in self._fetch(again, keep=True)}
        for page in pages.values():
            self._check(page)
        return [pages[offset] for offset in sorted(pages)]

    def chart(self, doubled_before: Places | None = None) -> Chart:
        """Return what the pages show. ``doubled_before`` is what the look before met more than once, and where.

        It is the same chart as before, with what came since.

        :raises NotWhole: if they contradict each other.
        """
        chart, self._chart = self._chart, None
        if chart is None or chart.total != self.total:
            chart, self._uncharted = Chart(self.total, limit=LIMIT), dict.fromkeys(self.pages)
        for offset in self._uncharted:
            keys = tuple(keys_of(self.pages[offset]))
            chart.add(Answer(offset, keys, is_fresh=offset in self._fresh))
        chart.doubled_before = doubled_before or {}
        self._chart, self._uncharted = chart, {}
        return chart

    def rows(self) -> dict[int, SavedRow]:
        """Return the entries that were read, by position."""
        return {
            position: entry
            for offset, page in self.pages.items()
            for position, entry in enumerate(page.entries, start=offset)
        }

    def in_place(self) -> list[SavedRow | None]:
        """Return the entry of each position of the list, None where none was read. For pages that passed ``check``."""
        rows: list[SavedRow | None] = [None] * self.total
        for offset, page in self.pages.items():
            rows[offset : offset + len(page.entries)] = page.entries
        return rows

    def came(self) -> int:
        """Return how many positions were read."""
        positions, end = 0, 0
        for offset, page in sorted(self.pages.items()):
            positions += max(0, page.end - max(offset, end))
            end = max(end, page.end)
        return positions

    def confirm_head(self) -> None:
        """Read the head once more, last of all.

        :raises NotWhole: if it is not what it was at the beginning.
        """
        [head] = self._fetch([0])
        if (head.total, keys_of(head)) != (self.head.total, keys_of(self.head)):
            raise NotWhole("The library changed while it was read.", reason="drift")

    # Resume

    def stage(self, stage: Stage) -> None:
        """Take in the pages of an earlier attempt if the list only grew at its head since; stage what is read from now.

        New entries are looked through until the staged head is met; if it is not, or one of them is among the staged
        ones (it was saved anew, so something else grew the list), the staged pages are thrown away.
        A page is filed by the distance of its beginning from the list's end, which new entries do not change.
        """
        staged = stage.load(SAVED_TRACKS)
        longest = max(staged, default=0)
        grown = self.head.total - longest
        if staged and self._meets(staged[longest], grown) and not self._repeats(staged, grown):
            for distance, page in staged.items():
                offset = self.head.total - distance
                if offset not in self.pages:
                    self._take(replace(page, offset=offset, total=self.head.total))
        elif staged:
            stage.forget(SAVED_TRACKS)
        self._stage = stage
        self._stage_page(self.head)
        self._note_progress()

    def _stage_page(self, page: Page[SavedRow]) -> None:
        if self._stage is not None and not self._problem(page):
            self._stage.keep(SAVED_TRACKS, page.total - page.offset, page)

    def _meets(self, old_head: Page[SavedRow], grown: int) -> bool:
        if grown < 0:
            return False
        if grown >= LIMIT:
            self.read(range(LIMIT, grown, LIMIT))
            [here] = self.read([grown])
            return keys_of(here) == keys_of(old_head)
        old, new = keys_of(old_head), keys_of(self.head)[grown:]
        return old[: len(new)] == new

    def _repeats(self, staged: dict[int, Page[SavedRow]], grown: int) -> bool:
        new = {entry.spotify_id for place, entry in self.rows().items() if place < grown}
        old = {entry.spotify_id for page in staged.values() for entry in page.entries}
        return bool(new & old - {None})

    # Reading

    def _fetch(self, offsets: Iterable[int], *, keep: bool = False) -> list[Page[SavedRow]]:
        pages = []
        for get, page in self._work.fetch.each([_page(offset) for offset in offsets]):
            self.reads += 1
            asked = int(get.params["offset"])
            if page.offset != asked:  # an answer to another question is no answer
                page = replace(page, offset=asked, entries=())
            if keep:
                self._keep(page)
                page = self.pages[page.offset]  # without its catalogue, which is written meanwhile
            pages.append(page)
            if page.total <= asked and asked:
                break  # there is no such page: the total that led here was wrong, or is not true any more
        return pages

    def _keep(self, page: Page[SavedRow]) -> None:
        self._fresh.add(page.offset)
        self._stage_page(page)
        self._take(page)
        self._note_progress()

    def _take(self, page: Page[SavedRow]) -> None:
        """Keep the entries with the page and the rest in the one catalogue."""
        self.catalog.update(page.catalog)
        if page.offset in self.pages:  # what was charted of it is not true any more
            self._chart = None
            self._entries -= len(self.pages[page.offset].entries)
        self.pages[page.offset] = replace(page, catalog=_NOTHING)
        self._entries += len(page.entries)
        self._uncharted[page.offset] = None

    def _note_progress(self) -> None:
        self._work.progress(min(self.head.total, self._entries), self.head.total)

    def expect(self, *, hidden: int) -> None:
        """Reckon with so many entries that the total counts and that never come."""
        self.total = max(0, self.head.total - hidden)

    def check(self) -> None:
        """Pass if every page is what it has to be.

        :raises NotWhole: if one is not.
        """
        for page in self.pages.values():
            self._check(page)

    @property
    def is_as_expected(self) -> bool:
        """Whether every page is what it has to be."""
        return not any(self._problem(page) for page in self.pages.values())

    @property
    def is_steady(self) -> bool:
        """Whether every page gave the same total."""
        return all(page.total == self.head.total for page in self.pages.values())

    def _problem(self, page: Page[SavedRow]) -> str:
        """Say what is wrong with a page: it must hold what its place in a list of ``total`` entries wants."""
        if page.total != self.head.total:
            return "drift"
        wanted = max(0, min(LIMIT, self.total - page.offset))
        if len(page.entries) > wanted:
            return "drift"
        return "page_length" if len(page.entries) < wanted else ""

    def _check(self, page: Page[SavedRow]) -> None:
        if reason := self._problem(page):
            raise NotWhole(
                f"The page at {page.offset} holds {len(page.entries)} entries under a total of {page.total}.",
                reason=reason,
            )


def keys_of(page: Page[SavedRow]) -> list[Key]:
    """Return the keys of a page's entries, in order."""
    return [entry.key for entry in page.entries]


def _page(offset: int) -> Get[Page[SavedRow]]:
    return Get("/me/tracks", parse_saved_page, {"limit": LIMIT, "offset": offset})
