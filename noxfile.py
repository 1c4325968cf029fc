"""Chores. The matrix of Pythons and Djangos is tox.ini's; both are run through make."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"  # make's .venv has everything, pinned
nox.options.sessions = ["style", "types", "floors", "migrations"]

PACKAGE = "django_spotify_sync"
NOT_CODE = {".html", ".css", ".js", ".svg", ".mo", ".po", ".typed"}


@nox.session
def style(session: nox.Session) -> None:
    """Check style and format."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.run("mypy")


@nox.session
def floors(session: nox.Session) -> None:
    """Check that modules import only from floors below their own."""
    session.run("lint-imports")


@nox.session
def migrations(session: nox.Session) -> None:
    """Check that no model changed without a migration."""
    session.env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    session.run("python", "-m", "django", "makemigrations", "--check", "--dry-run")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, and check that the package, whole, and nothing else is in it."""
    shutil.rmtree("dist", ignore_errors=True)
    session.run("hatchling", "build", "--target", "wheel", silent=True)
    [built] = Path("dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tree = {
        file.as_posix()
        for file in Path(PACKAGE).rglob("*")
        if file.suffix in NOT_CODE | {".py"} and file.is_file()
    }
    if wrong := packed ^ tree:
        session.error(f"Only in the wheel or only in the tree: {', '.join(sorted(wrong))}")
    session.log(f"{built}: {len(packed)} files, {built.stat().st_size // 1024} kB")
