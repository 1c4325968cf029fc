"""What the chores of noxfile.py decide; that they run, one sees by running them."""

from __future__ import annotations

import importlib.util
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from tests.kit.documentation import ROOT

pytest.importorskip("nox", reason="chores are a developer's")


@pytest.fixture
def noxfile(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.chdir(ROOT)
    return loaded()


@cache
def loaded() -> ModuleType:
    """Load it once: nox minds if a session is there twice."""
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "file",
    [
        "django_spotify_sync/py.typed",
        "django_spotify_sync/locale/ru/LC_MESSAGES/django.mo",
        "django_spotify_sync/static/spotify_sync/pages.css",
        "django_spotify_sync/templates/spotify_sync/home.html",
    ],
)
def test_a_wheel_holds_more_than_code(noxfile: Any, file: str) -> None:
    assert file in noxfile.files_of_a_wheel()


def test_a_wheel_has_a_licence(noxfile: Any) -> None:
    papers = {file for file in noxfile.files_of_a_wheel() if ".dist-info/" in file}

    assert f"django_spotify_sync-{noxfile.PROJECT['version']}.dist-info/licenses/LICENSE" in papers


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (("License-Expression: MIT\n", ""), "License-Expression: MIT"),
        (("Requires-Dist: requests", "Requires-Dist: httpx"), "Requires-Dist: requests>=2.32"),
        (("## Install", "## Remove"), "README.md"),
    ],
)
def test_metadata_say_what_the_project_says(
    noxfile: Any, change: tuple[str, str], missing: str
) -> None:
    project = noxfile.PROJECT
    metadata = "\n".join(
        [
            "Metadata-Version: 2.4",
            f"Name: {project['name']}",
            f"Version: {project['version']}",
            "License-Expression: MIT",
            "License-File: LICENSE",
            f"Requires-Python: {project['requires-python']}",
            *(f"Requires-Dist: {one}" for one in project["dependencies"]),
            *(f"Provides-Extra: {extra}" for extra in project["optional-dependencies"]),
            "Description-Content-Type: text/markdown",
            "",
            (ROOT / "README.md").read_text(),
        ]
    )

    assert noxfile.wrong_in(metadata) == []
    assert noxfile.wrong_in(metadata.replace(*change)) == [missing]


CLEAN = {"name": "django", "version": "6.1.3", "vulns": []}
UNKNOWN = {"name": "requests", "skip_reason": "Dependency not found"}
BAD = {"name": "celery", "version": "5.7.0", "vulns": [{"id": "A-1"}, {"id": "A-2"}]}


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        ([CLEAN, UNKNOWN], ([], 1, 2)),
        ([UNKNOWN], ([], 1, 1)),
        ([CLEAN, BAD], (["celery 5.7.0: A-1, A-2"], 0, 2)),
    ],
)
def test_what_an_index_has_no_word_about_is_not_called_well(
    noxfile: Any, packages: list[dict[str, Any]], found: tuple[list[str], int, int]
) -> None:
    assert noxfile.advisories_in({"dependencies": packages, "fixes": []}) == found
