"""The tables of what a run leaves out name what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.selection import LONG, SECOND

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("place", sorted({*LONG, *SECOND}))
def test_every_place_is_there(place):
    file, _, test = place.partition("::")
    assert (ROOT / file).exists()
    assert not test or f"def {test}(" in (ROOT / file).read_text()
