"""A connected account, and what is committed beside it."""

from __future__ import annotations

import pytest

from tests.kit.connecting import connect


@pytest.fixture
def account(transactional_db, user, spotify):
    return connect(user, spotify)
