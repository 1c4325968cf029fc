from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections import Counter
from typing import Any

import pytest

from django_spotify_sync import exceptions
from django_spotify_sync.exceptions import QuotaExceeded, RateLimited, SpotifySyncError

CLASSES: list[type[SpotifySyncError]] = [
    member
    for member in vars(exceptions).values()
    if inspect.isclass(member) and issubclass(member, SpotifySyncError)
]
NEEDED: dict[str, Any] = {"retry_after": 7.5, "reason": "drift"}


def made(kind: type[SpotifySyncError], *args: Any) -> SpotifySyncError:
    """Make an error with the keywords that its class insists on."""
    parameters = inspect.signature(kind).parameters
    return kind(*args, **{name: NEEDED[name] for name in NEEDED if name in parameters})


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    drawn: dict[str, str | None] = {}
    above: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        if found := re.match(r"    ((?:│   |    )*)(?:├── |└── )?([A-Z]\w+)", line):
            branch = "├── " in line or "└── " in line
            depth = len(found[1]) // 4 + branch
            above[depth:] = [found[2]]
            drawn[found[2]] = above[depth - 1] if depth else None

    classes = {
        kind.__name__: None if kind is SpotifySyncError else kind.__bases__[0].__name__
        for kind in CLASSES
    }
    assert drawn == classes


def test_each_class_has_a_code_of_its_own():
    assert all("code" in vars(kind) for kind in CLASSES)
    assert [
        code for code, times in Counter(kind.code for kind in CLASSES).items() if times > 1
    ] == []


@pytest.mark.parametrize("kind", CLASSES)
def test_a_code_is_a_word_for_an_api(kind):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_docstring_is_the_default_message(kind):
    message = str(made(kind))

    assert message == " ".join((kind.__doc__ or "").split())
    assert message.endswith(".")
    assert "`" not in message, "People read this; it is no markup."


@pytest.mark.parametrize("kind", CLASSES)
def test_a_message_of_its_own_replaces_it(kind):
    assert str(made(kind, "What happened here.")) == "What happened here."


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("carry", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_an_error_survives_the_way_between_processes(kind, carry):
    error = made(kind, "What happened here.")

    carried = carry(error)

    assert type(carried) is kind
    assert str(carried) == str(error)
    assert vars(carried) == vars(error)
    assert repr(carried) == repr(error)


def test_a_rate_limit_says_for_how_long():
    assert RateLimited(retry_after=7).retry_after == 7
    assert QuotaExceeded("spent", retry_after=7).status == 429
