"""Playlists: list them, read the items of those that changed, and say what may be written.

The listing names each list's snapshot; a list is opened only if its items were not read, whole, under that snapshot.
What was read in more than one piece is believed when the playlists are listed again afterwards and the snapshot is
still the same. A list leaves the library only when two listings in a row lack it.

Counts of a run are rows: links of the account to its playlists, and the items of these. What was not opened, and what
only made room for others, is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import AppForbidden, Forbidden, NotFound
from django_spotify_sync.models.runs import Mode
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.parsers import parse_profile
from django_spotify_sync.spotify.playlist_rows import PlaylistRow
from django_spotify_sync.spotify.rows import Catalog
from django_spotify_sync.sync.losses import doubt_large_loss, learn_hidden
from django_spotify_sync.sync.playlist_listing import Listing, read_listing
from django_spotify_sync.sync.playlist_reading import Reading
from django_spotify_sync.sync.playlist_staging import ItemStage, read_all
from django_spotify_sync.sync.playlist_writing import Outcome, write_playlists
from django_spotify_sync.sync.stored_playlists import changes, load
from django_spotify_sync.sync.work import Fetched, Work

ROUNDS = 2  # readings of a list that moves before the run is called partial


def fetch_playlists(work: Work) -> Fetched:
    """Read what changed and say what may be written: what is proved whole replaces, the rest only adds.

    :raises AppForbidden: if Spotify refuses the app rather than single lists.
    """
    return _Pass(work).fetch()


class _Pass:
    """One run. ``listing`` is the latest look at the list of lists, ``settled`` the lists whose reading is believed."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.stage = ItemStage(work)
        self.listing = read_listing(work)
        self.stored = load(work.account, self.listing.rows, using=work.using)
        self.is_full = work.run.full or self._is_full_due()
        self.readings: dict[str, Reading] = {}
        self.settled: dict[str, PlaylistRow] = {}
        self.listed_ids: list[set[str]] = [set(self.listing.rows)]
        self.reason = ""

    def fetch(self) -> Fetched:
        self.work.progress(0, self.listing.total)
        self._read_what_changed()
        if not self.readings:
            self.work.progress(self.listing.came, self.listing.total)
        self._refuse_if_app_wide()
        gone, state = self._gone()
        if self.is_full and not self.listing.problem:
            # Even if a list did not settle: one broken for good must not open all the others at every run. That list is
            # read again when its snapshot is another one, else by the next pass.
            state["full_at"] = timezone.now()
        outcomes = [self._outcome(row) for row in self.listing.rows.values()]
        self.reason = self.reason or next((one.problem for one in outcomes if one.problem), "")
        account, using, now = self.work.account, self.work.using, timezone.now()
        catalog = Catalog()
        for reading in self.readings.values():
            catalog.update(reading.catalog)
        return Fetched(
            mode=self._mode(outcomes, gone),
            reason=self.reason,
            write=lambda: write_playlists(
                account, outcomes, gone, catalog, self.stored, using=using, now=now
            ),
            skipped_reasons=self._skipped(),
            state=state,
        )

    # Reading

    def _is_full_due(self) -> bool:
        """Tell whether all lists are to be opened. Before the first full pass, the list read longest ago decides."""
        since = self.work.state.full_at or self.stored.oldest_reading()
        return since is not None and timezone.now() - since > conf.FULL_SYNC_INTERVAL

    def _read_what_changed(self) -> None:
        for _ in range(ROUNDS):
            readings = self._to_read()
            if not readings:
                return
            read_all(self.work, readings, self.stage, self._note_progress)
            for reading in readings:
                self._settle(reading, self.listing)
            unsettled = [one for one in readings if one.row.spotify_id not in self.settled]
            if not any(one.fault is None for one in unsettled):
                return  # all is settled, or hopeless
            self.listing = read_listing(self.work)
            self.listed_ids.append(set(self.listing.rows))
            for reading in unsettled:
                self._settle(reading, self.listing, is_later=True)
                if reading.row.spotify_id not in self.settled:
                    self.stage.forget(reading.row)

    def _to_read(self) -> list[Reading]:
        """Return a reading for each listed playlist that needs one, those that are to be asked only among them."""
        readings = []
        for spotify_id, row in self.listing.rows.items():
            if spotify_id in self.settled or (
                spotify_id in self.readings and self.readings[spotify_id].fault
            ):
                continue
            is_own = row.owner_id == self.work.account.spotify_id
            todo = "read" if self.is_full else self.stored.todo(row)
            if todo == "read" or (todo == "ask" and not is_own):
                reading = Reading(row, is_own=is_own, asks_only=todo == "ask")
                self.readings[spotify_id] = reading
                readings.append(reading)
        return readings

    def _settle(self, reading: Reading, listing: Listing, *, is_later: bool = False) -> None:
        """Believe a reading if a listing names the same snapshot and as many items.

        A listing from before is enough for what came in one piece with its snapshot; for what came in several, it has
        to be from after the last of them.
        """
        row = listing.rows.get(reading.row.spotify_id)
        if reading.refusal or (reading.asks_only and reading.may_read is not None):
            self.settled[reading.row.spotify_id] = reading.row
        elif row is not None and not reading.problem and self._fits(reading, row, is_later):
            self.settled[reading.row.spotify_id] = row

    def _fits(self, reading: Reading, row: PlaylistRow, is_later: bool) -> bool:
        if row.total is None and reading.total == 0 and self.stored.items.get(row.spotify_id):
            return False  # nothing bears out that the list was emptied
        is_timely = is_later or reading.is_in_one_piece or row.is_spotifys
        is_same = row.is_spotifys or reading.snapshot == row.snapshot_id
        return is_timely and is_same and row.total in (None, reading.total)

    def _note_progress(self) -> None:
        readings = self.readings.values()
        opened = [one for one in readings if not (one.asks_only or one.refusal)]
        self.work.progress(
            sum(len(one.entries) for one in opened),
            sum(max(one.row.total or 0, one.total) for one in opened),
        )

    def _refuse_if_app_wide(self) -> None:
        """Tell refusals of single lists from one of the app.

        :raises AppForbidden: if no list's items came and Spotify refuses ``/me``, or several lists of the user's own,
            which it never withholds from their owner.
        """
        refused = [one for one in self.readings.values() if one.refusal]
        if not refused or any(one.may_read for one in self.readings.values()):
            return
        try:
            self.work.fetch.one(Get("/me", parse_profile))
        except (Forbidden, NotFound) as error:
            raise AppForbidden(str(error), status=error.status) from error
        if sum(one.is_own for one in refused) > 1:
            raise AppForbidden(
                f"Spotify refused the items of all {len(refused)} playlists that were asked for.",
                status=403,
            )

    # Judging

    def _gone(self) -> tuple[list[int], dict[str, object]]:
        """Return the links that may be removed, and what to remember for the next run."""
        state: dict[str, object] = {}
        links = self.stored.links
        if self.listing.problem:
            self.reason = self.listing.problem
            if self.listing.problem != "drift":
                state = learn_hidden(
                    self.work.state, total=self.listing.total, came=self.listing.came
                )
            return [], state
        missing = links.keys() - self.listing.rows.keys()
        if missing and self._nulls_may_hide_some(len(links)):
            return [], state
        state = learn_hidden(self.work.state, total=self.listing.total, came=self.listing.came)
        doubted, learned = doubt_large_loss(
            self.work.state, known=len(links), gone=len(missing), total=self.listing.total
        )
        state |= learned
        if doubted:
            self.reason = "large_loss"
            return [], state
        if missing and not self._is_seen_twice():
            self.reason = "drift"
            return [], state
        return [links[spotify_id].pk for spotify_id in missing], state

    def _nulls_may_hide_some(self, linked: int) -> bool:
        """Tell whether there are more null entries than those that never were a list of this library."""
        known = (self.work.state.full_entries or 0) - linked
        return self.listing.nulls > max(0, known)

    def _is_seen_twice(self) -> bool:
        """Tell whether two listings in a row show the same lists; list once more if there was one only."""
        if len(self.listed_ids) < 2 or self.listed_ids[-2] != self.listed_ids[-1]:
            self.listed_ids.append(set(read_listing(self.work).rows))
        return self.listed_ids[-2] == self.listed_ids[-1]

    def _outcome(self, row: PlaylistRow) -> Outcome:
        """Say what was learned of a list."""
        spotify_id = row.spotify_id
        reading = self.readings.get(spotify_id)
        is_settled = spotify_id in self.settled
        is_own = row.owner_id == self.work.account.spotify_id
        knows = reading is None and is_own and self.stored.todo(row) == "ask"
        return Outcome(
            row=row,
            position=self.listing.places[spotify_id],
            can_read_items=True if knows else reading.may_read if reading else None,
            unreadable_reason=reading.refusal.code if reading and reading.refusal else "",
            snapshot_id=_snapshot(row, reading) if knows or is_settled else None,
            entries=reading.entries if reading and not reading.asks_only else None,
            is_whole=is_settled,
            problem=reading.problem or "drift" if reading and not is_settled else "",
        )

    def _mode(self, outcomes: Iterable[Outcome], gone: list[int]) -> str:
        opened = {key for key, reading in self.readings.items() if not reading.asks_only}
        if self.is_full or (opened and opened >= self.listing.rows.keys()):
            return Mode.FULL
        differs = bool(self.readings or gone or self.reason) or any(
            self._differs(outcome) for outcome in outcomes
        )
        return Mode.DELTA if differs else Mode.PROBE

    def _differs(self, outcome: Outcome) -> bool:
        link = self.stored.links.get(outcome.row.spotify_id)
        return (
            link is None
            or link.position != outcome.position
            or bool(changes(outcome.row, self.stored.playlists.get(outcome.row.spotify_id)))
        )

    def _skipped(self) -> dict[str, int]:
        """Count the null entries of the listing, and the items that hold nothing in the lists that were opened."""
        nulls = sum(
            entry.kind == "unavailable"
            for reading in self.readings.values()
            for entry in reading.entries
            if not reading.asks_only
        )
        counted = {"null_entry": self.listing.nulls, "null_item": nulls}
        return {reason: count for reason, count in counted.items() if count}


def _snapshot(row: PlaylistRow, reading: Reading | None) -> str:
    """Return the snapshot that is settled; none of a list that names another one each time."""
    snapshot = reading.snapshot if reading is not None else row.snapshot_id
    return "" if row.is_spotifys else snapshot or ""
