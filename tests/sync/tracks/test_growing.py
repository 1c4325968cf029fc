"""What the head alone tells is what the general way comes to: the same run, the same rows, the same requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import SavedTrack, SyncRun, SyncState, Track
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.catalog import Keys, no_keys
from django_spotify_sync.sync.catalog_writer import CatalogWriter
from django_spotify_sync.sync.handover import Fetched, Work
from django_spotify_sync.sync.tracks import growing, listing, reading, sorting
from django_spotify_sync.sync.tracks.reading import Tracks, _Reading
from django_spotify_sync.sync.tracks.stored import stored_entries
from tests.kit.connecting import connect
from tests.kit.model import second

LIMIT = 4
ROW = ("track__spotify_id", "spotify_id", "added_at", "rank", "is_playable")


@dataclass(frozen=True)
class Entry:
    id: str | None
    at: int
    playable: bool | None = True

    def answered(self) -> dict[str, Any]:
        track = {"id": self.id, "name": self.id, "is_playable": self.playable}
        stamp = second(self.at).isoformat()
        return {"added_at": stamp, "track": track if self.id else None}


class Answers:
    """Stands in for what fetches: pages of the entries, under a total that counts some that never come."""

    def __init__(self, entries: list[Entry], hidden: int) -> None:
        self.entries = entries
        self.hidden = hidden
        self.asked: list[int] = []

    def each(self, gets: Any) -> Iterator[Any]:
        for get in gets:
            offset = int(get.params["offset"])
            self.asked.append(offset)
            page = {
                "offset": offset,
                "limit": LIMIT,
                "total": len(self.entries) + self.hidden,
                "items": [entry.answered() for entry in self.entries[offset : offset + LIMIT]],
            }
            yield get, get.parse(page)


kinds = ["like", "tie", "relike", "unlike", "null", "null like", "double", "again", "unplayable"]
edits = st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 20)), max_size=5)
# mostly what the quick way is for, and what comes near to it
quick_edits = st.lists(
    st.tuples(
        st.sampled_from(["like", "like", "tie", "again", "null", "unplayable"]), st.integers(0, 5)
    ),
    max_size=3,
)


def edited(entries: list[Entry], changes: list[tuple[str, int]], clock: int) -> list[Entry]:
    entries = list(entries)
    for number, (what, where) in enumerate(changes):
        at, new = clock + number, f"n{clock}{number}"
        if what in ("like", "null like"):
            entries.insert(0, Entry(new if what == "like" else None, at))
        elif what == "tie":  # in the second of the newest
            entries.insert(0, Entry(new, entries[0].at if entries else at))
        elif entries:
            where %= len(entries)
            one = entries[where]
            if what == "relike":
                entries.insert(0, replace(entries.pop(where), at=at))
            elif what == "again":  # its id once more, as relinking brings it about
                entries.insert(0, replace(one, at=at))
            elif what == "unlike":
                del entries[where]
            elif what == "null":
                entries[where] = replace(one, id=None)
            elif what == "double":
                entries.insert(where, one)
            elif what == "unplayable":
                entries[where] = replace(one, playable=False)
    return entries


def read(account: Any, answers: Answers, *, full: bool) -> tuple[Fetched, dict[str, object]]:
    state, _ = SyncState.objects.get_or_create(account=account, resource="tracks")
    run = SyncRun.objects.filter(account=account, resource="tracks").latest("pk")
    run.full = full
    beside = Beside("default")
    work = Work(
        run=run,
        account=account,
        state=state,
        fetch=answers,  # type: ignore[arg-type]
        using="default",
        progress=lambda done, total: None,
        beside=beside,
        catalog=CatalogWriter(beside, "default"),
    )
    return Tracks().fetch(work), work.learned


def written_keys(fetched: Fetched) -> Keys:
    return fetched.catalog.write() if fetched.catalog else no_keys()


def outcome(account: Any, versions: list[list[Entry]], hidden: int) -> Any:
    """Store the first version, read the others; return what each came to."""
    SavedTrack.objects.filter(account=account).delete()
    SyncState.objects.filter(account=account, resource="tracks").update(
        hidden=hidden, full_due=False, full_at=timezone.now()
    )
    results = []
    for number, entries in enumerate(versions):
        answers = Answers(entries, hidden)
        fetched, learned = read(account, answers, full=number == 0)
        written = fetched.write(written_keys(fetched))
        stored = SavedTrack.objects.filter(account=account).order_by("-rank", "pk")
        rows = list(stored.values_list(*ROW))
        results.append(
            (
                *(fetched.mode, fetched.reason, fetched.skipped_reasons, learned),
                *(answers.asked, written, rows),
            )
        )
    return results


@pytest.fixture
def empty(account, spotify, monkeypatch):
    """Give an account without a track, and pages of four."""
    spotify.user.reset([])
    sync(account, "tracks")  # a run to go by
    for module in (listing, reading):
        monkeypatch.setattr(module, "LIMIT", LIMIT)
    return account


def both_ways(account: Any, versions: list[list[Entry]], hidden: int) -> tuple[Any, Any]:
    results = []
    for is_general in (False, True):
        with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
            if is_general:
                patch.setattr(_Reading, "at_a_glance", lambda self: None)
            results.append(outcome(account, versions, hidden))
            transaction.set_rollback(True)
    return results[0], results[1]


@pytest.mark.timeout(900)
def test_the_quick_way_comes_to_what_the_general_way_comes_to(empty):
    @settings(
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(
        size=st.integers(0, 9),
        changes=st.lists(edits | quick_edits, min_size=1, max_size=3),
        hidden=st.integers(0, 1),
    )
    @example(size=9, changes=[[("again", 7)]], hidden=0)
    @example(size=9, changes=[[("again", 7)], [("like", 0)]], hidden=0)
    @example(size=9, changes=[[("null", 7)], [("again", 2)]], hidden=1)
    @example(size=3, changes=[[("like", 0)], [("tie", 0)]], hidden=0)
    @example(size=9, changes=[[("unplayable", 0), ("like", 0)]], hidden=0)
    @example(size=9, changes=[[("null", 1), ("like", 0)], [("like", 0)]], hidden=0)
    def check(size: int, changes: list[Any], hidden: int) -> None:
        versions = [[Entry(f"t{number}", -number) for number in range(size)]]
        for number, change in enumerate(changes, start=1):
            versions.append(edited(versions[-1], change, 100 * number))

        quick, general = both_ways(empty, versions, hidden)

        assert quick == general

    check()


def test_a_new_entry_whose_track_another_entry_holds_takes_the_general_way(empty):
    """Became null and was saved anew, Spotify says: the null entry keeps the track, and the new one holds none."""
    first = [Entry(f"t{number}", -number) for number in range(9)]
    null = [replace(entry, id=None) if entry.id == "t2" else entry for entry in first]
    anew = [Entry("t2", 100), *null]

    quick, general = both_ways(empty, [first, null, anew], 0)

    assert quick == general
    assert [row[:2] for row in quick[2][-1][:4]] == [
        (None, "t2"),
        ("t0", "t0"),
        ("t1", "t1"),
        ("t2", None),
    ]


def test_an_entry_of_the_head_that_lost_its_track_gets_it_back(account, spotify, is_true):
    sync(account, "tracks")
    row = SavedTrack.objects.filter(account=account).in_order()[3]
    SavedTrack.objects.filter(pk=row.pk).update(track=None)
    spotify.user.like(1)

    run = sync(account, "tracks")

    assert (run.created, run.updated) == (1, 1)
    assert SavedTrack.objects.get(pk=row.pk).track_id == row.track_id
    assert is_true()


def test_rows_that_changed_between_reading_and_writing_stay(empty):
    """Nobody but a run writes them; if somebody does all the same, nothing is lost and nothing is there twice."""
    first = [Entry(f"t{number}", -number) for number in range(9)]
    with transaction.atomic():
        outcome(empty, [first], 0)
        fetched, _ = read(empty, Answers([Entry("new", 100), *first], 0), full=False)
        keys = written_keys(fetched)
        track = Track.objects.get(spotify_id="new")
        SavedTrack.objects.create(
            account=empty, track=track, spotify_id="new", added_at=second(100), rank=2**30
        )
        SavedTrack.objects.get(spotify_id="t8").delete()

        written = fetched.write(keys)

        rows = SavedTrack.objects.filter(account=empty).in_order()
        assert [row.spotify_id for row in rows] == ["new", *(f"t{number}" for number in range(8))]
        assert (written.counts.created, written.counts.removed) == (0, 0)


# What it costs


@pytest.mark.parametrize("likes", [0, 1, 25, 49])
def test_a_check_loads_as_many_rows_in_a_library_of_any_size(account, spotify, monkeypatch, likes):
    loaded = []

    def entries(*args, most=None):
        loaded.append(most)
        return stored_entries(*args, most=most)

    for module in (growing, reading):
        monkeypatch.setattr(module, "stored_entries", entries)
    sync(account, "tracks")
    spotify.user.like(likes)
    loaded.clear()

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "tracks")

    assert (run.status, run.requests, run.created) == ("succeeded", 1, likes)
    assert loaded == ([50, 50 - likes] if likes else [50])
    assert "spotify_sync_savedtrack" not in {
        one["sql"].split('"')[1] for one in queries if one["sql"].startswith("UPDATE")
    }


def test_what_differs_otherwise_is_found_by_loading_all(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.like(5)
    spotify.user.unlike(100)

    run = sync(account, "tracks")

    assert (run.status, run.created, run.removed) == ("succeeded", 5, 1)
    assert is_true()


@pytest.mark.postgres
def test_the_head_is_read_off_its_index(account):
    sync(account, "tracks")
    with CaptureQueriesContext(connection) as queries:
        stored_entries(account, "default", most=50)
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "using spotify_sync_saved_rank" in plan
    assert "Presorted Key: rank" in plan, "It sorts more than ties."


def test_another_account_with_the_same_songs_is_left_alone(account, spotify, other_user):
    grace = spotify.add_user("grace", tracks=0)
    other = connect(other_user, spotify, grace)
    grace.reset(spotify.user.saved)
    sync(other, "tracks")
    sync(account, "tracks")
    spotify.user.like(3)

    assert sync(account, "tracks").created == 3
    assert sync(other, "tracks").mode == "probe"


def test_new_likes_of_a_long_library_have_what_they_are_sorted_by(account, spotify, monkeypatch):
    monkeypatch.setattr(sorting, "LONG", 100)
    sync(account, "tracks")
    spotify.user.like(5)

    assert sync(account, "tracks").mode == "delta"

    rows = SavedTrack.objects.filter(account=account, track__isnull=False)
    assert rows.filter(name_key__isnull=False).count() == rows.count() == 125
