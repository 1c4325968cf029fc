"""The documentation names all that is there, says of it what is so, and runs. The front page: ``test_front_page``."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, OutputWrapper
from django.dispatch import Signal
from django.utils.functional import Promise

import django_spotify_sync
from django_spotify_sync import exceptions, models, signals, tasks, testing, urls
from django_spotify_sync.conf import Conf
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models.runs import Mode, RunStatus, Trigger
from django_spotify_sync.rest.errors import code_of, status_of
from django_spotify_sync.testing import FakeSpotify
from tests.kit.checking import source_of_checks
from tests.kit.documentation import DOCS, ROOT, code_blocks, first_column, sections
from tests.sync import test_economy

PACKAGE = Path(django_spotify_sync.__file__).parent
FRONT = ["README.md", "README.ru.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
TEXTS = [ROOT / name for name in FRONT] + [
    page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts
]
each_text = pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)


def blocks(text: Path, language: str) -> list[str]:
    """Return a text's code blocks, as they are to be copied."""
    return code_blocks(text.read_text(), language)


def named(section: str) -> set[str]:
    """Return all words that stand in backticks."""
    prose = re.sub(r"^```.*?^```", "", section, flags=re.S | re.M)
    return {word for code in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"\w+", code)}


# Settings

SETTINGS = sections("docs/reference/settings.md")
KINDS: dict[tuple[type, ...], str] = {
    (str,): "text",
    (str, Promise): "text",
    (bool,): "True or False",
    (int,): "whole number",
    (int, type(None)): "whole number, or None",
    (float, int): "number",
    (timedelta,): "timedelta",
    (dict,): "dict",
    (list, tuple): "list of texts",
    (list, tuple, str): "list of texts, or one text",
    (list, tuple, type(None)): "list of texts, or None",
}
OTHERS = {
    "SPOTIFY_SYNC_GRANT_NOTICE": "list of timedeltas",
    "SPOTIFY_SYNC_GET_USER": "function, or its dotted path",
    "SPOTIFY_SYNC_MAY_SYNC": "function, or its dotted path",
    "SPOTIFY_SYNC_BEFORE_CONNECT": "function, or its dotted path",
}


def test_every_setting_has_its_heading():
    described = {name for name in SETTINGS if name.startswith("SPOTIFY_SYNC_")}

    assert described == set(Conf.all())


@pytest.mark.parametrize("name", Conf.all())
def test_a_setting_is_described_as_it_is(name):
    setting = Conf.all()[name]
    said = re.search(r"^\*\*(.+?)\*\*, default `(.+)`$", SETTINGS[name], re.M)

    assert said, "Its first line says **type**, default `value`."
    assert said[1] == (OTHERS.get(name) or KINDS[setting.types])
    assert eval(said[2], {"timedelta": timedelta}) == setting.default
    assert SETTINGS[name].rstrip().splitlines()[-1] != said[0], "And then what it means."


# Endpoints


def routes() -> set[str]:
    return {shown(pattern) for pattern in urls.urlpatterns}


def shown(pattern: Any) -> str:
    """Return an address as the documentation writes it."""
    return re.sub(r"<\w+:", "<", str(pattern.pattern)) or "/"


def test_every_endpoint_has_its_heading():
    described = sections("docs/reference/endpoints.md")

    assert {name for name in described if name.endswith("/")} == routes()


def test_every_endpoint_is_in_the_table():
    table = sections("docs/reference/endpoints.md")[""]
    rows = dict(re.findall(r"^\| \[`(.+?)`\].*\| `([\w-]+)` \|$", table, re.M))

    names = {shown(one): one.name for one in urls.urlpatterns}
    assert rows == names


# Commands

COMMANDS = sections("docs/reference/commands.md")


def own_commands() -> dict[str, BaseCommand]:
    return {
        name: load_command_class(app, name)
        for name, app in get_commands().items()
        if app == "django_spotify_sync"
    }


def options_of(command: BaseCommand, name: str) -> set[str]:
    """Return the options of a command that not all commands of Django have."""
    command.stdout = OutputWrapper(sys.stdout)

    def of(kind: BaseCommand) -> set[str]:
        parser = kind.create_parser("manage.py", name)
        return {option for action in parser._actions for option in action.option_strings}

    return of(command) - of(BaseCommand())


def test_every_command_has_its_heading():
    assert {name for name in COMMANDS if name.startswith("spotify_")} == set(own_commands())


@pytest.mark.parametrize("name", own_commands())
def test_every_option_is_described(name):
    described = set(re.findall(r"^\| `(--[a-z-]+)", COMMANDS[name], re.M))

    assert described == options_of(own_commands()[name], name)


# Checks, signals, tasks


def test_every_check_has_its_heading():
    ids = set(re.findall(r'"(spotify_sync\.[A-Z]\d{3})"', source_of_checks()))

    assert ids
    assert set(sections("docs/reference/checks.md")) - {""} == ids


def test_every_signal_has_its_heading():
    sent = {name for name, value in vars(signals).items() if isinstance(value, Signal)}

    assert set(sections("docs/reference/signals.md")) - {""} == sent


def test_every_task_has_its_heading():
    described = sections("docs/reference/python.md")
    shared = {name for name, value in vars(tasks).items() if hasattr(value, "apply_async")}

    assert shared <= set(described)
    for name in shared:
        assert f"`{vars(tasks)[name].name}`" in described[name]


# Errors

ERRORS = sections("docs/reference/errors.md")
CLASSES: dict[str, type[SpotifySyncError]] = {
    name: kind
    for name, kind in vars(exceptions).items()
    if inspect.isclass(kind) and issubclass(kind, SpotifySyncError)
}


def test_every_error_has_its_heading():
    assert {name for name in ERRORS if re.fullmatch(r"([A-Z]+[a-z]+)+[A-Z]*", name)} >= set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_an_error_is_described_as_it_is_answered(name):
    error = CLASSES[name].__new__(CLASSES[name])
    status, code = status_of(error), code_of(error)

    as_answered = "" if code == error.code else f" as `{code}`"
    assert f"\n`{error.code}`, HTTP {status}{as_answered}. " in ERRORS[name]


# Models

MODELS = sections("docs/reference/models.md")


def test_every_model_has_its_heading():
    assert set(models.__all__) <= set(MODELS)


@pytest.mark.parametrize("name", models.__all__)
def test_every_field_is_named(name):
    model = vars(models)[name]
    fields = {field.name for field in model._meta.get_fields() if not field.auto_created}
    fields |= {model._meta.pk.name} - {"account"}

    assert sorted(fields - named(MODELS[name])) == []


@pytest.mark.parametrize("name", models.__all__)
def test_every_method_of_a_queryset_is_named(name):
    queryset = type(vars(models)[name]._default_manager.all())
    own = {method for method in vars(queryset) if not method.startswith("_")}

    if queryset.__module__.startswith("django_spotify_sync."):
        assert own
        assert sorted(own - named(MODELS[name])) == []


# FakeSpotify


def test_everything_to_test_with_has_its_heading():
    assert set(testing.__all__) <= set(sections("docs/reference/fake-spotify.md"))


def test_every_argument_of_fake_spotify_is_named():
    section = sections("docs/reference/fake-spotify.md")["FakeSpotify"]

    arguments = set(inspect.signature(FakeSpotify).parameters)
    assert sorted(arguments - named(section)) == []


def test_every_effect_of_a_fault_is_named():
    section = sections("docs/reference/fake-spotify.md")["Faults"]

    effects = set(inspect.signature(testing.Fault).parameters) - {"seen", "fired"}
    assert sorted(effects - named(section)) == []


def test_every_status_is_explained():
    explained = sections("docs/explanation/runs.md")

    assert first_column(explained["Statuses"]) == list(RunStatus.values)
    run = sections("docs/reference/json.md")["run"]
    assert {*Mode.values, *Trigger.values} <= named(run)


def test_every_reason_is_explained():
    explained = first_column(sections("docs/explanation/runs.md")["Reasons"])
    rooms = [*PACKAGE.glob("sync/**/*.py"), *PACKAGE.glob("accounts/*.py")]
    source = "".join(file.read_text() for file in [*rooms, PACKAGE / "models/runs.py"])

    given = set(re.findall(r'(?:\breason=|problem = (?:problem or )?)"(\w+)"', source))
    assert given
    assert sorted(given - set(explained)) == []


@pytest.mark.parametrize(
    ("column", "limits"),
    [
        ("10,000 saved tracks", test_economy.TRACKS),
        ("100 playlists of 50 items", test_economy.PLAYLISTS),
        ("300 of each, unchanged", test_economy.COLLECTIONS),
    ],
)
def test_the_price_list_is_the_one_that_is_tested(column, limits):
    section = sections("docs/explanation/sync.md")["What it costs"]
    _, found, table = section.partition(f"| {column} | requests at most | counted |\n")
    assert found

    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", table.split("\n\n")[0], re.M)

    assert {case: int(most) for case, most, _ in rows} == limits
    assert [case for case, most, counted in rows if int(counted) > int(most)] == []


def test_every_module_is_on_the_map_of_the_house():
    drawn = sections("CONTRIBUTING.md")["The map of the house"]
    names = re.findall(r"^[├└]── (\S+(?: \S+)*)", drawn, re.M)  # up to what is said of them
    modules = {
        file.stem
        for file in PACKAGE.iterdir()
        if (file.suffix == ".py" or file.is_dir()) and not file.stem.startswith("_")
    }

    assert {name.rstrip("/") for line in names for name in line.split()} == modules


def test_every_room_is_on_the_map_of_the_house():
    named = set(re.findall(r"\w+", sections("CONTRIBUTING.md")["The map of the house"]))
    rooms = {
        file.parent.name if file.stem == "__init__" else file.stem
        for file in PACKAGE.rglob("*.py")
        if not {"commands", "migrations"} & {*file.relative_to(PACKAGE).parts}
        and file.relative_to(PACKAGE).parts[0] != "testing"
    }

    assert sorted(rooms - named) == []


# All pages


@each_text
def test_python_compiles(text):
    for block in blocks(text, "python"):
        compile(block, str(text), "exec")


@each_text
def test_settings_that_are_named_exist(text):
    words = set(re.findall(r"\bSPOTIFY_SYNC_[A-Z_]*[A-Z]", text.read_text()))

    assert sorted(words - set(Conf.all())) == []


@each_text
def test_nothing_is_of_this_machine_or_of_a_registry(text):
    said = text.read_text()

    assert (
        re.findall(r"[\w.-]*(?:py[p]i|python[h]osted|npm[j]s|docker\.io|ghcr)[\w.-]*", said) == []
    )
    assert re.findall(r"(?<![\w.])/(?:work|root|home|tmp|Users|opt)/\S*", said) == []


@each_text
def test_lines_can_be_read_beside_each_other(text):
    """Tables and code are as wide as they are."""
    prose = re.sub(r"^ *```.*?^ *```", "", text.read_text(), flags=re.S | re.M)
    lines = [line for line in prose.splitlines() if not line.startswith("|")]

    assert [line for line in lines if len(line) > 130] == []


# What is said to work


@pytest.mark.django_db(transaction=True)
def test_the_how_to_of_testing_works(spotify, client, django_user_model):
    said: dict[str, Any] = {}
    for block in blocks(DOCS / "how-to/test-your-site.md", "python"):
        exec(block, said)

    said["test_an_unlike_is_seen"](spotify, client, django_user_model)
    for fault in ("test_a_bad_gateway", "test_a_pause", "test_an_unlike_while_we_read"):
        said[fault](spotify)
    assert len(spotify.faults) == 3


@pytest.mark.django_db(transaction=True)
def test_the_how_to_of_testing_without_a_browser_works(spotify, client, django_user_model):
    said: dict[str, Any] = {}
    for block in blocks(DOCS / "how-to/test-your-site.md", "python"):
        exec(block, said)

    said["test_a_page_shows_the_library"](client, django_user_model)
    said["test_a_like_is_seen"](spotify, django_user_model)
