"""Playlists: list them, read the items of those that changed, and say what may be written.

The listing names each list's snapshot; a list is opened only if its items were not read, whole, under that snapshot.
What was read in more than one piece is believed when the playlists are listed again afterwards and the snapshot is
still the same. A list leaves the library only when two listings in a row lack it.

Counts of a run are rows: links of the account to its playlists, and the items of these. What was not opened, and what
only made room for others, is unchanged.
"""

from __future__ import annotations

from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.sync.handover import Fetched, Work
from django_spotify_sync.sync.playlists.items.reading import Reading
from django_spotify_sync.sync.playlists.judging import Seen, judge
from django_spotify_sync.sync.playlists.listing import Listing, read_listing
from django_spotify_sync.sync.playlists.refusals import (
    disregard_wholesale,
    is_believed,
    refuse_if_app_wide,
)
from django_spotify_sync.sync.playlists.staging import ItemStage, read_all
from django_spotify_sync.sync.playlists.stored import StoredPlaylists, load

ROUNDS = 2  # readings of a list that moves before the run is called partial


class Playlists:
    """The kind of resource that is a list of lists."""

    check_costs = 2.0

    def fetch(self, work: Work) -> Fetched:
        """Read what changed and say what may be written: what is proved whole replaces, the rest only adds.

        :raises SpotifyError: if Spotify refuses the app, or is away, rather than single lists.
        """
        way = _Pass(work)
        with way.stage.kept():
            seen = way.read()
            refuse_if_app_wide(work, seen.readings.values())
            for reading in disregard_wholesale(seen.readings.values()):
                seen.settled.pop(reading.row.spotify_id, None)
            return judge(seen)


class _Pass:
    """One run's way through the lists."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.stage = ItemStage(work)
        listing = read_listing(work)
        stored = load(work.account, listing.rows, using=work.using)
        is_full = work.run.full or _is_full_due(work, stored)
        self.seen = Seen(work, stored, listing, is_full, listed_ids=[set(listing.rows)])

    def read(self) -> Seen:
        """Open the lists that changed, in a few rounds, until each is settled or hopeless; return all that was seen."""
        seen = self.seen
        self.work.progress(0, seen.listing.total)
        self._read_what_changed()
        if not seen.readings:
            self.work.progress(seen.listing.came, seen.listing.total)
        return seen

    def _read_what_changed(self) -> None:
        for _ in range(ROUNDS):
            readings = self._to_read()
            if not readings:
                return
            read_all(self.work, readings, self.stage, self._note_progress)
            for reading in readings:
                self._settle(reading, self.seen.listing)
            unsettled = [one for one in readings if one.row.spotify_id not in self.seen.settled]
            if all(one.error for one in unsettled):
                return  # all is settled, or hopeless
            self.seen.listing = read_listing(self.work)
            self.seen.listed_ids.append(set(self.seen.listing.rows))
            for reading in unsettled:
                self._settle(reading, self.seen.listing, is_later=True)
                if reading.row.spotify_id not in self.seen.settled:
                    self.stage.forget(reading.row)

    def _to_read(self) -> list[Reading]:
        """Return a reading for each listed playlist that needs one, those that are to be asked only among them."""
        readings = []
        for spotify_id, row in self.seen.listing.rows.items():
            if spotify_id in self.seen.settled or (
                spotify_id in self.seen.readings and self.seen.readings[spotify_id].error
            ):
                continue
            stored = self.seen.stored
            is_own = row.owner_id == self.work.account.spotify_id
            todo = "read" if self.seen.is_full else stored.todo(row)
            if todo == "read" or (todo == "ask" and (not is_own or stored.is_in_doubt(row))):
                reading = Reading(
                    row,
                    is_own=is_own,
                    asks_only=todo == "ask",
                    known_surplus=stored.surplus(row),
                )
                self.seen.readings[spotify_id] = reading
                readings.append(reading)
        return readings

    def _settle(self, reading: Reading, listing: Listing, *, is_later: bool = False) -> None:
        """Believe a reading if a listing names the same snapshot and as many items.

        A listing from before is enough for what came in one piece with its snapshot; for what came in several, it has
        to be from after the last of them.
        """
        row = listing.rows.get(reading.row.spotify_id)
        link = self.seen.stored.links.get(reading.row.spotify_id)
        if reading.error:
            if reading.refusal and is_believed(reading, link):
                self.seen.settled[reading.row.spotify_id] = reading.row
        elif reading.asks_only:
            self.seen.settled[reading.row.spotify_id] = reading.row
        elif row is not None and not reading.problem and self._fits(reading, row, is_later):
            self.seen.settled[reading.row.spotify_id] = row

    def _fits(self, reading: Reading, row: PlaylistRow, is_later: bool) -> bool:
        if row.total is None and reading.total == 0 and self.seen.stored.items.get(row.spotify_id):
            return False  # nothing bears out that the list was emptied
        is_timely = is_later or reading.is_in_one_piece or row.is_spotifys
        is_same = row.is_spotifys or reading.snapshot == row.snapshot_id
        listed = 0 if row.total is None else row.total - len(reading.entries)
        return is_timely and is_same and listed in (0, reading.known_surplus[0])

    def _note_progress(self) -> None:
        readings = self.seen.readings.values()
        opened = [one for one in readings if not (one.asks_only or one.refusal)]
        self.work.progress(
            sum(len(one.entries) for one in opened),
            sum(max(one.row.total or 0, one.total) for one in opened),
        )


def _is_full_due(work: Work, stored: StoredPlaylists) -> bool:
    """Tell whether all lists are to be opened. Before the first full pass, the list read longest ago decides."""
    since = work.state.full_at or stored.oldest_reading()
    return since is not None and timezone.now() - since > conf.FULL_SYNC_INTERVAL
