"""What a run of the tests leaves out. Left out is left out: it counts as neither passed nor skipped.

    pytest              what a change has to pass
    pytest --all        the walks through every place there is too, and ten times as many examples
    pytest --quick      what answers in a minute
    pytest --second     what a second database may answer in another way; with --all, what touches one

What is named on the command line is run however long it takes: files and folders with --quick, tests (`::`) always.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connection

# What two databases may answer in different ways: writing in bulk, locks, order, search and pages.
SECOND = (
    "tests/accounts/test_adopting.py",
    "tests/accounts/test_clients.py",
    "tests/accounts/test_connecting.py",
    "tests/accounts/test_disconnecting.py",
    "tests/accounts/test_erasure.py",
    "tests/accounts/test_linking.py",
    "tests/accounts/test_receivers.py",
    "tests/accounts/test_states.py",
    "tests/accounts/test_tokens.py",
    "tests/admin/test_search.py",
    "tests/db/",
    "tests/example/test_finding.py",
    "tests/example/test_listings.py",
    "tests/migrations/",
    "tests/models/",
    "tests/rest/test_cursors.py",
    "tests/rest/test_following.py",
    "tests/rest/test_library.py",
    "tests/rest/test_playlists.py",
    "tests/rest/test_search.py",
    "tests/rest/test_tracks.py",
    "tests/sync/collections/",
    "tests/sync/playlists/items/",
    "tests/sync/playlists/test_changes.py",
    "tests/sync/playlists/test_judging.py",
    "tests/sync/playlists/test_reading.py",
    "tests/sync/playlists/test_writing.py",
    "tests/sync/runs/",
    "tests/sync/test_catalog.py",
    "tests/sync/test_due.py",
    "tests/sync/test_journal.py",
    "tests/sync/test_journal_at_random.py",
    "tests/sync/test_losses.py",
    "tests/sync/test_run.py",
    "tests/sync/test_staging.py",
    "tests/sync/tracks/test_changes.py",
    "tests/sync/tracks/test_reading.py",
    "tests/sync/tracks/test_writing.py",
    "tests/test_shared_cache.py",
    "tests/upkeep/sources/",
    "tests/upkeep/test_pruning.py",
    "tests/upkeep/test_refreshing.py",
    "tests/upkeep/test_retention.py",
)
# Where most of the time goes: browsers, processes, whole syncs by the dozen.
LONG = (
    "tests/accounts/test_disconnecting.py",
    "tests/accounts/test_erasure.py",
    "tests/accounts/test_suspicion.py",
    "tests/accounts/test_tokens.py",
    "tests/admin/",
    "tests/browser/",
    "tests/db/test_indexes.py",
    "tests/db/test_positions.py::test_ten_thousand_rows_move_in_one_statement",
    "tests/management/commands/test_spotify_sync.py",
    "tests/pace/test_governor.py",
    "tests/rest/test_cursors.py",
    "tests/rest/test_openapi.py",
    "tests/rest/test_parameters.py",
    "tests/rest/test_pinned.py::test_a_host_with_its_own_mind",
    "tests/spotify/test_fetching.py",
    "tests/spotify/test_pace.py",
    "tests/sync/collections/",
    "tests/sync/playlists/",
    "tests/sync/runs/",
    "tests/sync/test_doubles.py",
    "tests/sync/test_economy.py",
    "tests/sync/test_journal.py",
    "tests/sync/test_journal_at_random.py",
    "tests/sync/test_losses.py",
    "tests/sync/test_numbers.py",
    "tests/sync/test_pace.py",
    "tests/sync/test_run.py",
    "tests/sync/test_staging.py",
    "tests/sync/tracks/test_delta.py",
    "tests/sync/tracks/test_doubles.py",
    "tests/sync/tracks/test_reading.py",
    "tests/sync/tracks/test_writing.py",
    "tests/test_checks_of_caches.py",
    "tests/test_signals.py",
    "tests/test_tasks.py",
    "tests/testing/api/test_shapes.py",
    "tests/testing/music/test_catalog.py",
    "tests/testing/music/test_seeding.py",
    "tests/upkeep/test_pruning.py",
    "tests/upkeep/test_refreshing.py",
    "tests/upkeep/test_retention.py",
    "tests/views/",
    "tests/whole/test_access.py",
    "tests/whole/test_canary.py",
    "tests/whole/test_canary_answers.py",
    "tests/whole/test_canary_crashes.py",
    "tests/whole/test_canary_reports.py",
    "tests/whole/test_conflicts.py",
    "tests/whole/test_contract.py",
    "tests/whole/test_databases.py",
    "tests/whole/test_doors.py",
    "tests/whole/test_example_collections.py",
    "tests/whole/test_example_project.py",
    "tests/whole/test_example_search.py",
    "tests/whole/test_front_page.py::test_the_front_page_works_word_for_word",
    "tests/whole/test_example_who_may_see.py",
    "tests/whole/test_giant.py",
    "tests/whole/test_hosts.py",
    "tests/whole/test_independent_client.py",
    "tests/whole/test_who_may_see.py",
    "tests/whole/test_workers.py",
)
# Fixtures by which a test comes to the database; `django_db` is the mark for the same.
DATABASE = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
FEW, MANY = 30, 300  # examples of Hypothesis


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the three options."""
    group = parser.getgroup("selection", "what is left out")
    group.addoption("--all", action="store_true", help="leave out no exhaustive test")
    group.addoption("--quick", action="store_true", help="leave out what takes its time")
    group.addoption("--second", action="store_true", help="leave out what one database shows")


def pytest_configure(config: pytest.Config) -> None:
    """Tell Hypothesis how many examples there are to be, and that a busy machine is no failure."""
    hypothesis.settings.register_profile(
        "patient",
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
        max_examples=MANY if config.option.all else FEW,
    )
    hypothesis.settings.load_profile("patient")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even load what this run is not for."""
    if collection_path.is_dir():
        return None
    place = collection_path.relative_to(config.rootpath).as_posix()
    return is_elsewhere(place, config) or None


def is_elsewhere(place: str, config: pytest.Config) -> bool:
    """Tell whether a file or test is none of those that this run is for."""
    if config.option.quick and config.args == config.getini("testpaths"):
        return place.startswith(LONG)
    return config.option.second and not config.option.all and not place.startswith(SECOND)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run is not for."""
    named = tuple(argument for argument in config.args if "::" in argument)
    out = {
        item for item in items if any(reasons(item, config, named=item.nodeid.startswith(named)))
    }
    if out:
        config.hook.pytest_deselected(items=[item for item in items if item in out])
        items[:] = [item for item in items if item not in out]


def reasons(item: pytest.Item, config: pytest.Config, *, named: bool) -> Iterator[bool]:
    """Tell what speaks against running a test."""
    marks = {mark.name for mark in item.iter_markers()}
    everything = config.option.all or "exhaustive" in config.option.markexpr
    if connection.vendor == "sqlite":
        yield "postgres" in marks
    if not named:
        yield "exhaustive" in marks and not everything
        yield is_elsewhere(item.nodeid, config)
    if config.option.second:
        yield "browser" in marks
        yield "django_db" not in marks and not DATABASE & {*getattr(item, "fixturenames", ())}
