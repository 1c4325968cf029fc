"""Chores. The matrix of Pythons and Djangos is tox.ini's; both are run through make."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import nox

nox.options.default_venv_backend = "none"  # make's .venv has everything, pinned
nox.options.sessions = ["style", "types", "floors", "migrations", "docs"]

PACKAGE = "django_spotify_sync"
LOADED_FROM_ELSEWHERE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>"""
)
NOT_CODE = {".html", ".css", ".js", ".svg", ".mo", ".po", ".typed"}
PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())["project"]
PAPERS = ["METADATA", "RECORD", "WHEEL", "licenses/LICENSE"]


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
    built = build(session)
    with zipfile.ZipFile(built) as archive:
        packed = set(archive.namelist())
        [metadata] = [archive.read(name).decode() for name in packed if name.endswith("/METADATA")]
    if wrong := packed ^ files_of_a_wheel():
        session.error(f"Only in the wheel or only in the tree: {', '.join(sorted(wrong))}")
    if wrong := wrong_in(metadata):
        session.error(f"Not in its metadata: {', '.join(wrong)}")
    session.log(f"{built}: {len(packed)} files, {built.stat().st_size // 1024} kB")


@nox.session
def sites(session: nox.Session) -> None:
    """Build two sites by the documentation, with the wheel, and sync on them over HTTP (`-- 6.0`: another Django)."""
    built = build(session)
    command = ["python", "-m", "tests.sites", str(built), *session.posargs]
    session.run("python", "-m", "tests.services", *command)


@nox.session
def audit(session: nox.Session) -> None:
    """Ask the index for advisories against what is pinned, with a pip-audit that is installed for it alone."""
    report = Path(session.create_tmp(), "advisories.json")
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    pinned = ["--requirement=requirements/dev.txt", f"--output={report}"]
    report.unlink(missing_ok=True)
    session.run("uv", "tool", "run", "pip-audit", *options, *pinned, success_codes=[0, 1])
    if not report.exists():
        session.error("Nothing was audited; pip-audit says above why.")
    advisories, unknown, number = advisories_in(json.loads(report.read_text()))
    if advisories:
        session.error("\n".join(["What is pinned has advisories against it:", *advisories]))
    if unknown == number:
        session.error("Nothing was audited: the index serves no advisories.")
    session.log(f"No advisories against {number - unknown} packages; {unknown} are unknown there.")


def build(session: nox.Session) -> Path:
    """Build the wheel, alone in dist/."""
    shutil.rmtree("dist", ignore_errors=True)
    session.run("hatchling", "build", "--target", "wheel", silent=True)
    [built] = Path("dist").glob("*.whl")
    return built


def files_of_a_wheel() -> set[str]:
    """Return the names of what must be in it: the package, each catalogue compiled, and the papers."""
    tree = {
        file
        for file in Path(PACKAGE).rglob("*")
        if file.suffix in NOT_CODE | {".py"} and file.is_file()
    }
    compiled = {file.with_suffix(".mo") for file in tree if file.suffix == ".po"}
    papers = {f"{PACKAGE}-{PROJECT['version']}.dist-info/{paper}" for paper in PAPERS}
    typed = Path(PACKAGE, "py.typed")
    return {file.as_posix() for file in tree | compiled | {typed}} | papers


def wrong_in(metadata: str) -> list[str]:
    """Return what a wheel's metadata should say and do not."""
    wanted = [
        f"Name: {PROJECT['name']}",
        f"Version: {PROJECT['version']}",
        f"License-Expression: {PROJECT['license']}",
        f"Requires-Python: {PROJECT['requires-python']}",
        "Description-Content-Type: text/markdown",
        *(f"Requires-Dist: {one}" for one in PROJECT["dependencies"]),
        *(f"Provides-Extra: {extra}" for extra in PROJECT["optional-dependencies"]),
    ]
    head, _, description = metadata.partition("\n\n")
    missing = [line for line in wanted if line not in head.splitlines()]
    same = description.strip() == Path(PROJECT["readme"]).read_text().strip()
    return missing if same else [*missing, PROJECT["readme"]]


def advisories_in(report: dict[str, Any]) -> tuple[list[str], int, int]:
    """Return what pip-audit found, a line a package, how many packages the index has no word about, and of how many.

    pip-audit itself calls all of it well if the index has no word about anything.
    """
    packages = report["dependencies"]
    found = [
        f"{one['name']} {one['version']}: {', '.join(advisory['id'] for advisory in one['vulns'])}"
        for one in packages
        if one.get("vulns")
    ]
    return found, sum("skip_reason" in one for one in packages), len(packages)
