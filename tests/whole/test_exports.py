"""What may be imported is what the reference names, and the other way round."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
MODULES = {
    "django_spotify_sync.models": "models",
    "django_spotify_sync.sync": "python",
    "django_spotify_sync.testing": "fake-spotify",
}


@pytest.mark.parametrize("module", MODULES)
def test_all_is_what_the_reference_names(module):
    reference = (REFERENCE / f"{MODULES[module]}.md").read_text()
    headings = set(re.findall(r"^##+ `?(\w+)`?$", reference, re.M))

    assert sorted(set(import_module(module).__all__) - headings) == []


@pytest.mark.parametrize("module", MODULES)
def test_all_can_be_imported(module):
    package = import_module(module)

    assert [name for name in package.__all__ if not hasattr(package, name)] == []


def test_what_the_pages_import_is_there():
    imports = {
        (found[1], name.strip())
        for page in REFERENCE.parent.rglob("*.md")
        for found in re.finditer(
            r"^from (django_spotify_sync[\w.]*) import (.+)$", page.read_text(), re.M
        )
        for name in found[2].split(",")
    }

    assert imports
    assert [pair for pair in sorted(imports) if not is_there(*pair)] == []


def is_there(module: str, name: str) -> bool:
    """Tell whether ``from module import name`` works."""
    return hasattr(import_module(module), name) or bool(find_spec(f"{module}.{name}"))
