"""A first sync and those after it, beside floors and rivals, on PostgreSQL and SQLite: ``python -m benchmarks speed``.

Each subject is measured in a process of its own, on a database of its own, with a FakeSpotify in a third process that
has rendered all pages beforehand. Subjects take turns, so that what else the machine does meets all of them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests
from django.db import DatabaseError, connection, connections
from django.test.utils import override_settings

from benchmarks import big, site, subjects
from benchmarks.measuring import measured, name_database, summed_up
from benchmarks.rivals import models as rivals
from benchmarks.subjects import Step, Subject

LATENCY = 0.08
START = "fork"  # so that a process begins with all that this one has imported
DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    tracks: int
    repeats: int
    legacy_repeats: int
    playlist_repeats: int
    #: Playlists: how many of how many items.
    playlists: tuple[tuple[int, int], ...]
    #: Tracks, and saved rows of other people, that are in the database beforehand.
    big: tuple[int, int] | None


FULL = Size(10_000, 5, 3, 5, ((100, 50), (1, 10_000)), (500_000, 2_000_000))
QUICK = Size(2_000, 3, 1, 1, ((20, 50), (1, 2_000)), None)


def measure(*, quick: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables, of both databases, by table. Each database is measured by a process of its own."""
    tables: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, url in {
            "PostgreSQL": os.environ["DATABASE_URL"],
            "SQLite": f"sqlite:///{folder}/db.sqlite3",
        }.items():
            results = Path(folder, f"{name}.json")
            command = [sys.executable, "-m", "benchmarks.speed", str(results)]
            subprocess.run(
                command + ["--quick"] * quick, env={**os.environ, "DATABASE_URL": url}, check=True
            )
            for table, rows in json.loads(results.read_text()).items():
                tables.setdefault(table, []).extend(rows)
    return tables


def measure_here(size: Size) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that this process's database gives, by table."""
    tables: dict[str, list[dict[str, Any]]] = {"tracks": [], "legacy": [], "playlists": []}
    with _database() as template:
        bench = _Bench(template, size)
        tables["tracks"] += bench.run(subjects.TRACKS, size.repeats)
        tables["legacy"] += bench.run(subjects.LEGACY, size.legacy_repeats)
        for lists, items in size.playlists:
            subject = subjects.playlists(lists, items)
            tables["playlists"] += bench.run((subject,), size.playlist_repeats)
        if size.big and connection.vendor == "postgresql":
            _in_process(big.fill, template, *size.big)
            big_bench = _Bench(template, size, is_cloned=False)
            tables["big"] = big_bench.run((subjects.OURS,), size.repeats)
    return tables


@dataclass(frozen=True)
class _Bench:
    """A database to measure on: a fresh copy for each repeat, or itself and then with other tracks each time."""

    template: str
    size: Size
    is_cloned: bool = True

    def run(self, chosen: Iterable[Subject], repeats: int) -> list[dict[str, Any]]:
        """Measure the subjects in turns; return a row for each step of each."""
        found: dict[tuple[Subject, str], list[dict[str, Any]]] = {}
        possible = [subject for subject in chosen if _is_possible(subject)]
        for repeat in range(repeats):
            for subject in possible:
                if repeat < (subject.repeats or repeats):
                    print(
                        f"  {DATABASES[connection.vendor]}, {subject.name}, {repeat + 1}",
                        flush=True,
                    )
                    for step, costs in self._once(subject, repeat):
                        found.setdefault((subject, step), []).append(costs)
        return [self._row(subject, step, costs) for (subject, step), costs in found.items()]

    def _once(self, subject: Subject, repeat: int) -> list[tuple[str, dict[str, Any]]]:
        seed = 1 if self.is_cloned else repeat + 2
        tracks = self._tracks(subject)
        with site.spotify(START, tracks=tracks, seed=seed, cohort=subject.cohort) as spotify:
            spotify.do(subject.library)
            rows: list[tuple[str, dict[str, Any]]] = _in_process(
                _work, subject, self.template, self.is_cloned, spotify
            )
            return rows

    def _tracks(self, subject: Subject) -> int:
        return 0 if subject.library != "None" else int(self.size.tracks * subject.share)

    def _row(self, subject: Subject, step: str, costs: list[dict[str, Any]]) -> dict[str, Any]:
        row = {"database": DATABASES[connection.vendor], "subject": subject.name, "step": step}
        row |= {"tracks": self._tracks(subject)} | summed_up(costs)
        row["right"] = all(cost["right"] for cost in costs)
        if subject.share < 1:
            row["stretched_seconds"] = round(row["seconds"] / subject.share, 1)
        return row


def _is_possible(subject: Subject) -> bool:
    if subject.needs and find_spec(subject.needs) is None:
        print(f"  {subject.name} is left out: {subject.needs} is not installed", flush=True)
        return False
    return connection.vendor == "postgresql" or not subject.postgresql_only


def _work(
    subject: Subject, name: str, is_cloned: bool, spotify: site.Spotify
) -> list[tuple[str, dict[str, Any]]]:
    """Measure all steps of a subject, in a process that does nothing else."""
    name_database(name)
    if is_cloned:
        connection.creation.clone_test_db("measured", verbosity=0, autoclobber=True)
        name_database(connection.creation.get_test_db_clone_settings("measured")["NAME"])
    with override_settings(**spotify.settings, **dict(subject.settings)):
        account = site.connected(spotify)
        _render(spotify)
        if subject.prepare:
            subject.prepare(account.pk)
        spotify.do(f"setattr(fake, 'latency', {LATENCY})")
        costs = [(step.name, _step(subject, step, spotify, account)) for step in subject.steps]
    if not is_cloned:
        account.user.delete()  # so that the next repeat is as much a first time as this one
    return costs


def _step(subject: Subject, step: Step, spotify: site.Spotify, account: Any) -> dict[str, Any]:
    spotify.do(step.edit)
    costs = measured(lambda: subject.act(spotify, account, step.full), spotify)
    truth = spotify.do(subject.truth) if subject.truth else None
    costs["right"] = truth is None or subject.stored is None or subject.stored(account) == truth
    return costs


def _render(spotify: site.Spotify) -> None:
    """Have every page of the saved tracks rendered once."""
    address = spotify.settings["SPOTIFY_SYNC_API_URL"] + "/me/tracks"
    headers = {"Authorization": f"Bearer {spotify.grant['access_token']}"}
    total = spotify.do("len(fake.user.saved)")

    def read(offset: int) -> None:
        page = {"limit": 50, "offset": offset}
        requests.get(address, params=page, headers=headers, timeout=30).raise_for_status()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, range(0, total, 50)))


@contextmanager
def _database() -> Iterator[str]:
    """Make an empty database with the rivals' tables beside ours; give its name."""
    template = _in_process(_make_template)
    try:
        yield template
    finally:
        _in_process(_remove, template)


def _make_template() -> str:
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    with connection.schema_editor() as editor:
        for model in rivals.ALL:
            editor.create_model(model)
    name: str = connection.settings_dict["NAME"]
    connections.close_all()
    return name


def _remove(name: str) -> None:
    first = connection.settings_dict["NAME"]
    name_database(name)
    with suppress(DatabaseError):  # there is none where nothing was measured
        connection.creation.destroy_test_db(first, verbosity=0, suffix="measured")
    name_database(name)
    connection.creation.destroy_test_db(first, verbosity=0)


def _in_process(target: Callable[..., Any], *arguments: Any) -> Any:
    """Call it in a process of its own; return what it returns.

    :raises RuntimeError: if it failed there.
    """
    context = multiprocessing.get_context(START)
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(there, target, arguments))
    process.start()
    there.close()
    result, failure = here.recv()
    process.join()
    if failure:
        raise RuntimeError(failure)
    return result


def _call(pipe: Any, target: Any, arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send((target(*arguments), ""))
    except Exception:
        pipe.send((None, traceback.format_exc()))
    finally:
        connections.close_all()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure_here(QUICK if "--quick" in sys.argv else FULL)))
