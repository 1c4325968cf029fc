"""The papers of a release agree with each other, and its workflows run what a developer runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.kit.documentation import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
#: Of the tree itself: a copy of it may leave out what begins with a dot.
WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / ".github/workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)

#: Of Keep a Changelog, in its order, and ours for what is still to come.
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Not there yet"]
#: What a step may run beside make's targets.
OTHERS = (".ci/run", ".venv/bin/playwright install", "grep --quiet")


def test_changes_stand_under_the_headings_of_keep_a_changelog():
    for release in re.split(r"^## ", CHANGELOG, flags=re.M)[1:]:
        kinds = re.findall(r"^### (.+)", release, re.M)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_releases_have_a_version_and_a_day():
    first, *others = re.findall(r"^## (.+)", CHANGELOG, re.M)

    assert first == "Unreleased"
    assert [
        one for one in others if not re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", one)
    ] == []


def test_the_version_is_the_latest_release_or_the_one_to_come():
    latest = re.search(r"^## (\d+\.\d+\.\d+) - ", CHANGELOG, re.M)
    to_come = re.search(r"will be version (\d+\.\d+\.\d+)", CHANGELOG)

    assert PROJECT["version"] in {found[1] for found in (latest, to_come) if found}


@each_workflow
def test_actions_are_pinned_by_hash(workflow):
    used = re.findall(r"uses: (.+)", workflow.read_text())

    assert used
    assert [one for one in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", one)] == []


def test_an_action_is_pinned_to_one_version():
    said = "".join(workflow.read_text() for workflow in WORKFLOWS)

    pins = set(re.findall(r"uses: (\S+@\S+)", said))
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@each_workflow
def test_steps_run_what_developers_run(workflow):
    targets = set(re.findall(r"^([a-z-]+|\.venv/\.ready):", (ROOT / "Makefile").read_text(), re.M))

    for line in re.findall(r"run: (.+)", workflow.read_text()):
        made = re.fullmatch(r"make (\S+)(?: [A-Z]+=.+)?", line)
        assert made[1] in targets if made else line.startswith(OTHERS), line


@each_workflow
def test_a_workflow_may_write_nothing(workflow):
    """But the job that uploads a release, which proves who it is."""
    said = workflow.read_text()

    assert "\npermissions:\n  contents: read\n" in said
    written = re.findall(r"^ +([\w-]+): write", said, re.M)
    assert written == (["id-token"] if workflow.stem == "release" else [])


def test_the_matrix_has_every_python():
    named = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if "Python :: 3." in one]
    block = re.search(r"python-version: \|\n((?: +[\d.]+\n)+)", WORKFLOWS[0].read_text())

    assert block
    assert block[1].split() == named


def test_the_files_that_metadata_names_are_there():
    assert (ROOT / PROJECT["readme"]).exists()
    assert [file for file in PROJECT["license-files"] if not (ROOT / file).exists()] == []
