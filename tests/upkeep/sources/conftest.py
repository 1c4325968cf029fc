"""Both other logins, installed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit import other_logins


@pytest.fixture(autouse=True)
def both_installed(db: None, settings: Any) -> None:
    other_logins.install(settings)
