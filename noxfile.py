"""Chores. The matrix of Pythons and Djangos is tox.ini's; both are run through make."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"  # make's .venv has everything, pinned
nox.options.sessions = ["style", "types", "floors", "migrations", "docs"]

PACKAGE = "django_spotify_sync"
LOADED_FROM_ELSEWHERE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>"""
)
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
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build; a warning fails it, and so does a page that loads from elsewhere."""
    shutil.rmtree("docs/_build", ignore_errors=True)
    options = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    session.run("sphinx-build", *options, "docs", "docs/_build")
    for page in Path("docs/_build").rglob("*.html"):
        if loaded := LOADED_FROM_ELSEWHERE.search(page.read_text()):
            session.error(f"{page} loads from another host: {loaded[0]}")


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
