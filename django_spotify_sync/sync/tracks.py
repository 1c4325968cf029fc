"""Saved tracks: read the list, prove it whole, and make the stored entries the same.

Facts about the list: Spotify Web API, Get User's Saved Tracks (50 a page, newest first, entries may be null).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_spotify_sync.conf import conf
from django_spotify_sync.db.upsert import Counts, delete, update
from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.parsers import parse_saved_page, skipped_reasons
from django_spotify_sync.spotify.rows import Catalog, Key, Page, SavedRow
from django_spotify_sync.sync.catalog import write_catalog
from django_spotify_sync.sync.delta import Alignment, align, is_large_loss, ranks, seams, whole
from django_spotify_sync.sync.work import Fetched, Work, Written

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Slot:
    """A stored entry, as much of it as a comparison needs."""

    pk: int
    track_id: int | None
    spotify_id: str | None
    added_at: datetime | None
    rank: int
    is_playable: bool | None

    @property
    def key(self) -> Key:
        return self.spotify_id, self.added_at


def fetch_tracks(work: Work) -> Fetched:
    """Read all saved tracks and say what may be written: everything if the list is proved whole, no removals if not."""
    reading = _Reading(work)
    stored = _slots(work.account, work.using)
    hidden = work.state.hidden
    removable: set[int] = set()
    state: dict[str, object] = {}
    reason = ""
    try:
        reading.read_all()
        total, raw = reading.total, sum(len(page.entries) for page in reading.pages.values())
        if (work.state.full_total, work.state.full_entries) == (total, raw):
            hidden = max(
                0, total - raw
            )  # two passes agree on both: entries that are counted and never come
        state |= {"full_total": total, "full_entries": raw, "hidden": hidden}
        entries = whole(reading.pages, hidden=hidden)
        alignment = align([slot.key for slot in stored], [entry.key for entry in entries])
        reading.certify(alignment, entries)
        reading.read_head_again()
        lost = len(alignment.gone)
        if is_large_loss(stored=len(stored), gone=lost, max_share=conf.MAX_REMOVED_SHARE):
            suspected = work.state.suspected_shrink is not None
            state["suspected_shrink"] = None if suspected else reading.total
            if not suspected:
                raise NotWhole(
                    f"{lost} of {len(stored)} entries are gone; another run has to see it.",
                    reason="large_loss",
                )
        else:
            state["suspected_shrink"] = None
        removable = {stored[slot].pk for slot in alignment.gone}
    except NotWhole as error:
        reason = error.reason
        entries = reading.entries_as_they_came()
    return Fetched(
        mode="full",
        reason=reason,
        write=lambda: _write(
            work.account, entries, reading.catalog, removable, work.using, whole=not reason
        ),
        skipped_reasons=skipped_reasons(entries),
        state=state,
    )


class _Reading:
    """The answers of one pass."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.pages: dict[int, Page[SavedRow]] = {}
        self.catalog = Catalog()
        self.spans: set[tuple[int, int]] = set()

    @property
    def total(self) -> int:
        return self.pages[0].total

    def read_all(self) -> None:
        """Read the head, then all other pages in parallel; a page that came short is read once more."""
        self.pages[0] = self._read([0])[0]
        self._note_progress()
        rest = range(LIMIT, self.total, LIMIT)
        self._take(rest)
        self._take(
            [offset for offset, page in self.pages.items() if len(page.entries) != page.wanted]
        )

    def certify(self, alignment: Alignment, entries: list[SavedRow]) -> None:
        """Read the seams between pages where something went missing.

        :raises NotWhole: if they show something else than the pages did.
        """
        for offset, page in self._read(
            seams(alignment, len(entries), self.spans, limit=LIMIT)
        ).items():
            here = entries[offset : offset + LIMIT]
            if page.total != self.total or [entry.key for entry in page.entries] != [
                entry.key for entry in here
            ]:
                raise NotWhole(
                    f"The library moved around {offset} while it was read.", reason="drift"
                )

    def read_head_again(self) -> None:
        """Read the head once more, last of all.

        :raises NotWhole: if it is not what it was at the beginning.
        """
        head = self._read([0])[0]
        if (head.total, _keys(head)) != (self.total, _keys(self.pages[0])):
            raise NotWhole("The library changed while it was read.", reason="drift")

    def entries_as_they_came(self) -> list[SavedRow]:
        """Return what there is, in order, each key once: good enough to add rows by, never to remove any."""
        entries: dict[object, SavedRow] = {}
        for offset in sorted(self.pages):
            for index, entry in enumerate(self.pages[offset].entries):
                entries.setdefault(entry.key if entry.spotify_id else offset + index, entry)
        return list(entries.values())

    def _take(self, offsets: Iterable[int]) -> None:
        for get, page in self.work.fetch.each([_page(offset) for offset in offsets]):
            self._keep(int(get.params["offset"]), page)
            self.pages[int(get.params["offset"])] = page
            self._note_progress()

    def _read(self, offsets: Iterable[int]) -> dict[int, Page[SavedRow]]:
        pages = {
            int(get.params["offset"]): page
            for get, page in self.work.fetch.each([_page(offset) for offset in offsets])
        }
        for offset, page in pages.items():
            self._keep(offset, page)
        return pages

    def _keep(self, offset: int, page: Page[SavedRow]) -> None:
        self.catalog.update(page.catalog)
        self.spans.add((offset, offset + len(page.entries)))

    def _note_progress(self) -> None:
        self.work.progress(sum(len(page.entries) for page in self.pages.values()), self.total)


def _page(offset: int) -> Get[Page[SavedRow]]:
    return Get("/me/tracks", parse_saved_page, {"limit": LIMIT, "offset": offset})


def _keys(page: Page[SavedRow]) -> list[Key]:
    return [entry.key for entry in page.entries]


def _slots(account: SpotifyAccount, using: str) -> list[Slot]:
    """Return the stored entries in Spotify's order."""
    rows = SavedTrack.objects.using(using).filter(account=account).in_order()
    return [
        Slot(*row)
        for row in rows.values_list(
            "pk", "track_id", "spotify_id", "added_at", "rank", "is_playable"
        )
    ]


def _write(
    account: SpotifyAccount,
    entries: list[SavedRow],
    catalog: Catalog,
    removable: set[int],
    using: str,
    *,
    whole: bool,
) -> Written:
    """Make the stored entries the given ones; remove none but the removable. In the caller's transaction."""
    track_ids = write_catalog(catalog, using=using)
    slots = _slots(account, using)
    alignment = align([slot.key for slot in slots], [entry.key for entry in entries], relinks=whole)
    gone = [slots[index] for index in alignment.gone if slots[index].pk in removable]
    staying = {
        slots[index].track_id for index in alignment.gone if slots[index].pk not in removable
    }
    matched = [None if index is None else slots[index] for index in alignment.slots]
    new_ranks = ranks([None if slot is None else slot.rank for slot in matched])
    held = _tracks_held(entries, matched, track_ids, staying)

    created: list[SavedTrack] = []
    changed: list[tuple[int, dict[str, Any]]] = []
    for entry, slot, rank, track_id in zip(entries, matched, new_ranks, held, strict=True):
        row = {
            "track_id": track_id,
            "spotify_id": entry.spotify_id,
            "added_at": entry.added_at,
            "rank": rank,
        }
        if entry.is_playable is not None:
            row["is_playable"] = entry.is_playable
        if slot is None:
            created.append(SavedTrack(account=account, **row))
        elif difference := {
            name: value for name, value in row.items() if value != getattr(slot, name)
        }:
            changed.append((slot.pk, difference))

    rows = SavedTrack.objects.using(using)
    batch_size = conf.BATCH_SIZE
    removed = delete(
        rows.filter(account=account), [slot.pk for slot in gone], batch_size=batch_size
    )
    # Two entries may exchange their tracks: let go of all before taking any, the pair is unique row by row.
    letting_go = [
        (pk, {"track_id": None}) for pk, difference in changed if "track_id" in difference
    ]
    update(SavedTrack, letting_go, using=using, batch_size=batch_size)
    rows.bulk_create(created, batch_size=batch_size)
    update(SavedTrack, changed, using=using, batch_size=batch_size)

    before = {slot.spotify_id for slot in slots if slot.spotify_id}
    after = {entry.spotify_id for entry in entries if entry.spotify_id}
    return Written(
        counts=Counts(
            created=len(created),
            updated=len(changed),
            unchanged=len(slots) - removed - len(changed),
            removed=removed,
        ),
        added=[
            entry.spotify_id
            for entry in entries
            if entry.spotify_id and entry.spotify_id not in before
        ],
        removed=[
            slot.spotify_id for slot in gone if slot.spotify_id and slot.spotify_id not in after
        ],
    )


def _tracks_held(
    entries: list[SavedRow],
    matched: list[Slot | None],
    track_ids: dict[str, int],
    taken: set[int | None],
) -> list[int | None]:
    """Return the track each entry holds. One that became null keeps the track it had; of two with one track, the one
    that has it already keeps it, and the other holds none."""
    wanted = [
        track_ids[entry.spotify_id] if entry.spotify_id else (slot.track_id if slot else None)
        for entry, slot in zip(entries, matched, strict=True)
    ]
    owner: dict[int, int] = {}
    for index, (track_id, slot) in enumerate(zip(wanted, matched, strict=True)):
        if track_id is None or track_id in taken:
            continue
        if track_id not in owner or (slot is not None and slot.track_id == track_id):
            owner[track_id] = index
    return [
        track_id if track_id is not None and owner.get(track_id) == index else None
        for index, track_id in enumerate(wanted)
    ]
