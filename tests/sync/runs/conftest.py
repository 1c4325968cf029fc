"""What the signals tell of runs."""

from __future__ import annotations

import pytest

from django_spotify_sync.signals import sync_failed, sync_finished


@pytest.fixture
def heard():
    """Collect what the signals tell."""
    told: list[dict] = []

    def hear(**kwargs):
        told.append(kwargs)

    for sent in (sync_finished, sync_failed):
        sent.connect(hear)
    yield told
    for sent in (sync_finished, sync_failed):
        sent.disconnect(hear)
