"""PostgreSQL as tests want it, and as benchmarks do."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg
import pytest

from tests import services

SAFETY = ("fsync", "full_page_writes", "synchronous_commit")


@pytest.mark.postgres
@pytest.mark.parametrize(("wanted", "said"), [("", "off"), ("durable", "on")])
def test_postgresql_is_hasty_unless_it_is_to_be_durable(monkeypatch, wanted, said):
    monkeypatch.setenv("POSTGRESQL", wanted)

    with tempfile.TemporaryDirectory(prefix="services-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user is another one than root
        with (
            services.postgresql(folder / "postgresql") as url,
            psycopg.connect(url) as connection,
        ):
            found = [connection.execute(f"SHOW {name}").fetchone()[0] for name in SAFETY]

    assert found == [said] * 3
