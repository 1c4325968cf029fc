"""What a run of the tests leaves out. Left out is left out: it counts as neither passed nor skipped.

    pytest              what a change has to pass
    pytest --all        the walks through every place there is too, and ten times as many examples
    pytest --quick      what answers in a minute: no browser, no processes, nothing that takes a second
    pytest --second     what a second database may answer in another way; with --all, what touches one

What is named with `::` is run, however long it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connection

# What two databases may answer in different ways: writing in bulk, locks, order, search and pages.
SECOND = (
    "tests/admin/test_search.py",
    "tests/db/",
    "tests/migrations/",
    "tests/models/",
    "tests/rest/test_search.py",
    "tests/sync/",
    "tests/test_accounts.py",
    "tests/test_cursors.py",
    "tests/test_disconnecting.py",
    "tests/test_example_search.py",
    "tests/test_grants.py",
    "tests/test_library_viewsets.py",
    "tests/test_oauth_state.py",
    "tests/test_prune.py",
    "tests/test_shared_cache.py",
    "tests/test_upkeep.py",
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
    """Do not even load what the second database need not answer."""
    if config.option.all or not config.option.second or collection_path.is_dir():
        return None
    place = collection_path.relative_to(config.rootpath).as_posix()
    return not place.startswith(SECOND) or None


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
        yield config.option.quick and bool(marks & {"browser", "slow"})
    if config.option.second:
        yield "browser" in marks
        yield "django_db" not in marks and not DATABASE & {*getattr(item, "fixturenames", ())}
        yield not everything and not item.nodeid.startswith(SECOND)
