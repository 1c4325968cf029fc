"""What a run that read playlists may believe: which are gone, what was learned of each, and whether all is proved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from django_spotify_sync.models.runs import Mode
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.sync.handover import Fetched, Work
from django_spotify_sync.sync.playlists.items.reading import Reading
from django_spotify_sync.sync.playlists.listing import Listing, read_listing
from django_spotify_sync.sync.playlists.outcomes import Outcome
from django_spotify_sync.sync.playlists.stored import StoredPlaylists, changes
from django_spotify_sync.sync.playlists.writing import write_playlists
from django_spotify_sync.sync.removals import is_loss_doubted, judge_later, learn_hidden


@dataclass(slots=True)
class Seen:
    """What a run has seen so far. ``listing`` is the latest look at the list of lists, ``listed_ids`` the ids of each
    look; ``settled`` are the lists whose reading is believed.
    """

    work: Work
    stored: StoredPlaylists
    listing: Listing
    is_full: bool
    readings: dict[str, Reading] = field(default_factory=dict)
    settled: dict[str, PlaylistRow] = field(default_factory=dict)
    listed_ids: list[set[str]] = field(default_factory=list)


def judge(seen: Seen) -> Fetched:
    """Return what may be written of what was seen. Lists once more where one look alone misses lists."""
    work, listing, stored = seen.work, seen.listing, seen.stored
    gone, reason = _gone(seen)
    if seen.is_full and not listing.problem:
        # Even if a list did not settle: one broken for good must not open all the others at every run. That list is
        # read again when its snapshot is another one, else by the next pass.
        work.learn(full_at=timezone.now())
    outcomes = [_outcome(seen, row) for row in listing.rows.values()]
    reason = reason or next((one.problem for one in outcomes if one.problem), "")
    account, using, now = work.account, work.using, timezone.now()
    return Fetched(
        mode=_mode(seen, outcomes, differs=bool(gone or reason)),
        reason=reason,
        catalog=work.catalog,
        write=lambda keys: write_playlists(
            account, outcomes, gone, keys, stored, using=using, now=now
        ),
        skipped_reasons=_skipped(seen),
    )


def _gone(seen: Seen) -> tuple[list[int], str]:
    """Return the links that may be removed, and why there can be none; learn what the next run has to know."""
    work, listing, links = seen.work, seen.listing, seen.stored.links
    if listing.problem == "drift":
        return [], listing.problem
    missing = links.keys() - listing.rows.keys()
    if not listing.problem and missing and _nulls_may_hide_some(seen):
        return [], ""
    learn_hidden(work, total=listing.total, came=listing.came, is_seen_twice=listing.is_seen_twice)
    if listing.problem:
        return [], listing.problem
    gone = [link.pk for spotify_id, link in links.items() if spotify_id in missing]
    if is_loss_doubted(work, known=len(links), gone=gone, total=listing.total):
        return [], "large_loss"
    if gone and not _is_seen_twice(seen):
        judge_later(work)
        return [], "drift"
    return gone, ""


def _nulls_may_hide_some(seen: Seen) -> bool:
    """Tell whether there are more null entries than those that never were a list of this library."""
    known = (seen.work.state.full_entries or 0) - len(seen.stored.links)
    return seen.listing.nulls > max(0, known)


def _is_seen_twice(seen: Seen) -> bool:
    """Tell whether two listings in a row show the same lists; list once more if there was one only."""
    looks = seen.listed_ids
    if len(looks) < 2 or looks[-2] != looks[-1]:
        looks.append(set(read_listing(seen.work).rows))
    return looks[-2] == looks[-1]


def _outcome(seen: Seen, row: PlaylistRow) -> Outcome:
    """Say what was learned of a list."""
    spotify_id = row.spotify_id
    reading = seen.readings.get(spotify_id)
    is_settled = spotify_id in seen.settled
    is_own = row.owner_id == seen.work.account.spotify_id
    knows = reading is None and is_own and seen.stored.todo(row) == "ask"
    may_read = True if knows else reading.may_read if reading else None
    is_in_doubt = may_read is False and not is_settled
    return Outcome(
        row=row,
        position=seen.listing.places[spotify_id],
        can_read_items=None if is_in_doubt else may_read,
        unreadable_reason=reading.refusal.code if reading and reading.refusal else "",
        snapshot_id=_snapshot(row, reading) if knows or is_settled else None,
        entries=reading.entries if reading and not reading.asks_only else None,
        is_whole=is_settled,
        surplus=reading.surplus if reading else None,
        problem=_problem(seen, reading) if reading and not is_settled else "",
        bears_out_stored=_bears_out_stored(seen, row, reading),
    )


def _bears_out_stored(seen: Seen, row: PlaylistRow, reading: Reading | None) -> bool:
    """Tell whether Spotify shows this account the very items that were stored when the run began."""
    if reading is not None and not (reading.asks_only and reading.may_read):
        return False
    return seen.stored.holds(row) and not (reading is None and seen.stored.is_in_doubt(row))


def _problem(seen: Seen, reading: Reading) -> str:
    """Say why a reading is not settled.

    Somebody else's list that Spotify lists and does not know is no problem as long as nothing of it is to be seen.
    """
    if not reading.error:
        return reading.problem or "drift"
    link = seen.stored.links.get(reading.row.spotify_id)
    may_be_seen = link is not None and link.can_read_items is True
    problem = "unreadable_lists"
    return problem if reading.fault or reading.is_own or may_be_seen else ""


def _snapshot(row: PlaylistRow, reading: Reading | None) -> str:
    """Return the snapshot that is settled; none of a list that names another one each time."""
    snapshot = reading.snapshot if reading is not None else row.snapshot_id
    return "" if row.is_spotifys else snapshot or ""


def _mode(seen: Seen, outcomes: Iterable[Outcome], *, differs: bool) -> str:
    opened = {key for key, reading in seen.readings.items() if not reading.asks_only}
    if seen.is_full or (opened and opened >= seen.listing.rows.keys()):
        return Mode.FULL
    if seen.readings or differs or any(_differs(seen.stored, outcome) for outcome in outcomes):
        return Mode.DELTA
    return Mode.PROBE


def _differs(stored: StoredPlaylists, outcome: Outcome) -> bool:
    link = stored.links.get(outcome.row.spotify_id)
    return (
        link is None
        or link.position != outcome.position
        or outcome.row.public not in (None, link.public)
        or bool(changes(outcome.row, stored.playlists.get(outcome.row.spotify_id)))
    )


def _skipped(seen: Seen) -> dict[str, int]:
    """Count the null entries of the listing, the items that hold nothing in the lists that were opened, and the lists
    that could not be read, or not be believed unreadable.
    """
    nulls = sum(
        entry.kind == "unavailable"
        for reading in seen.readings.values()
        for entry in reading.entries
        if not reading.asks_only
    )
    unreadable = sum(
        one.error is not None and spotify_id not in seen.settled
        for spotify_id, one in seen.readings.items()
    )
    counted = {
        "null_entry": seen.listing.nulls,
        "null_item": nulls,
        "unreadable_list": unreadable,
    }
    return {reason: count for reason, count in counted.items() if count}
