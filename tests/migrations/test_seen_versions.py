"""What was stored before links remembered what was shown goes on being shown, until somebody changes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import AccountPlaylist, PlaylistItem
from tests.kit.queries import tables_written
from tests.migrations.test_folded_names import APP, latest, migrate

BEFORE, AFTER = "0004_playlist_surplus", "0005_seen_versions"


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """Give the models of before, and put all back as it was."""
    yield migrate(BEFORE)
    migrate(latest())


def test_what_was_shown_is_shown_on(before: Any, user: Any) -> None:
    playlist = before.get_model(APP, "Playlist").objects.create(
        spotify_id="list", name="Before", total=1
    )
    account = before.get_model(APP, "SpotifyAccount").objects.create(
        user_id=user.pk,
        spotify_id="ada",
        authorized_at=timezone.now(),
        reauthorize_by=timezone.now(),
    )
    before.get_model(APP, "AccountPlaylist").objects.create(
        account=account, playlist=playlist, position=0, can_read_items=True
    )
    before.get_model(APP, "PlaylistItem").objects.create(
        playlist=playlist, position=0, kind="local", title="Item", is_playable=True
    )

    with CaptureQueriesContext(connection) as queries:
        migrate(AFTER)

    if connection.vendor == "postgresql":  # SQLite makes a table anew
        assert not any(one.startswith("spotify_sync_") for one in tables_written(queries))
    migrate(latest())
    [link] = AccountPlaylist.objects.for_user(user).as_shown()
    assert (link.name, link.total, link.may_read_items) == ("Before", 1, True)
    [item] = PlaylistItem.objects.readable_by(user)
    assert (item.title, item.is_playable_here) == ("Item", None)
