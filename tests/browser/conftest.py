"""Chromium on the example site, served by a process of its own.

Without pytest-playwright, as in tox's environments, there is nothing here to collect.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.browser.site import Site, serving
from tests.services import redis

if TYPE_CHECKING:
    from tests.browser.visit import Visit

HAS_PLAYWRIGHT = find_spec("pytest_playwright") is not None
if HAS_PLAYWRIGHT:
    from tests.browser.visit import SIZES, Visit

CHROMIUM = Path("/usr/bin/chromium")  # Debian's
NO_BROWSER = (
    "There is no browser to test with: install Debian's package chromium (as root `make test` does), "
    "or run `playwright install chromium`."
)


def pytest_ignore_collect() -> bool | None:
    """Collect nothing here that could not be imported."""
    return None if HAS_PLAYWRIGHT else True


@pytest.hookimpl(trylast=True)  # after pytest itself has put together what shares a fixture
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have these tests last: Playwright's event loop stays open, and Django's ORM refuses to work beside one."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use Debian's Chromium where it is, else Playwright's own, and keep it from calling home."""
    quiet = ["gpu", "quic", "background-networking", "component-update", "sync"]
    return {
        **browser_type_launch_args,
        "args": [*(f"--disable-{name}" for name in quiet), "--no-first-run"],
        **({"executable_path": CHROMIUM} if CHROMIUM.exists() else {}),
    }


@pytest.fixture(scope="session")
def launch_browser(launch_browser: Callable[..., Any]) -> Callable[..., Any]:
    """Say in one sentence what to do where there is no browser."""

    def launch(**options: Any) -> Any:
        try:
            return launch_browser(**options)
        except Exception as error:
            if "Executable doesn't exist" not in str(error):
                raise
        return pytest.fail(NO_BROWSER, pytrace=False)

    return launch


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the site as `make demo` does: SQLite, and the worker a thread of the same process."""
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def production_site(tmp_path: Path) -> Iterator[Site]:
    """Run the site as production does: PostgreSQL, Redis, and the worker a process of its own."""
    database, name = os.environ["DATABASE_URL"], "spotify_sync_browser"
    with (
        redis(tmp_path / "redis") as redis_url,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            with serving(
                tmp_path,
                DATABASE_URL=urlsplit(database)._replace(path=f"/{name}").geturl(),
                REDIS_URL=redis_url,
            ) as site:
                yield site
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def visiting(new_context: Callable[..., Any]) -> Iterator[Callable[..., Visit]]:
    """Give what opens a window on a site. At the end it is seen to that nothing went wrong in any."""
    visits = []

    def open_window(
        site: Site,
        size: str = "desktop",
        scheme: str = "light",
        *,
        host: str = "127.0.0.1",
        has_script: bool = True,
        language: str = "en-GB",
        is_shown: bool = True,
    ) -> Visit:
        context = new_context(
            **SIZES[size],
            java_script_enabled=has_script,
            locale=language,
            color_scheme=scheme,
            reduced_motion="reduce",  # a screenshot must not fall into the middle of a movement
        )
        visits.append(Visit(context, site, size, scheme, host, is_shown=is_shown))
        return visits[-1]

    yield open_window
    for visit in visits:
        visit.site.spotify.faults.clear()
    assert not [problem for visit in visits for problem in visit.problems]
