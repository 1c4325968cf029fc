"""Which rows have a word: the same ones whichever way PostgreSQL is sent to find them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import PlaylistItem, SavedTrack, SpotifyAccount, search
from django_spotify_sync.models.search import track_has
from tests.kit.libraries import EPOCH, account_of, own, put, save, track_of

pytestmark = pytest.mark.django_db

WAYS = {"as is rare": 10**12, "as is common": -1}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(search, "AFFORDABLE", WAYS[request.param])
    return str(request.param)


@pytest.fixture
def account(user: Any, other_user: Any) -> SpotifyAccount:
    """Give a library of a few tracks, and another user one with the same words."""
    ada, grace = account_of(user, "ada"), account_of(other_user, "grace")
    for age, track in enumerate(
        [
            track_of("Blue", artists=["Zoe", "Bob"], album="Late Nights"),
            track_of("alpha", artists=["Ann", "Blue Ann"], album="Colors"),
            track_of("100% Rain", artists=["Bea"], album="Blue Hours"),
            track_of("Für Blue", artists=["Blue"], album="Blue"),
        ]
    ):
        save(ada, EPOCH - timedelta(days=age), track=track)
    save(grace, track=track_of("Blue rain", artists=["Ann"]))
    SavedTrack.objects.create(account=ada, rank=10**9)
    return ada


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("blue", ["Blue", "alpha", "100% Rain", "Für Blue"]),
        ("BLÜE", ["Blue", "alpha", "100% Rain", "Für Blue"]),
        ("ann", ["alpha"]),
        ("fur", ["Für Blue"]),
        ("blue ann", ["alpha"]),
        ("100%", ["100% Rain"]),
        ("_", []),
        ("'", []),
        ("nobody", []),
        ("u", ["Blue", "alpha", "100% Rain", "Für Blue"]),
    ],
)
def test_a_word_is_found(account: SpotifyAccount, way: str, words: str, found: list[str]) -> None:
    rows = SavedTrack.objects.filter(account=account, track__isnull=False)
    for word in words.split():
        rows = rows.filter(track_has(word))

    assert [row.track.name for row in rows.recent().with_tracks()] == found
    assert rows.count() == len(found)
    assert rows.exclude(track_has("rain")).count() == len(set(found) - {"100% Rain"})


def test_in_playlists_too(account: SpotifyAccount, way: str) -> None:
    playlist = own(account)
    track = put(playlist, track=track_of("Blue"))
    local = put(playlist, kind="local", title="blue file")
    put(playlist, kind="local", title="red file")

    found = PlaylistItem.objects.filter(track_has("blue"))
    assert list(found) == [track]
    rows = playlist.items.filter(search.Q(folded__contains="blue") | track_has("blue"))
    assert list(rows.in_order()) == [track, local]


def test_the_way_is_asked_of_postgresql_alone(account: SpotifyAccount) -> None:
    with CaptureQueriesContext(connection) as made:
        track_has("blue")

    assert len(made) == (1 if connection.vendor == "postgresql" else 0)
    assert all(one["sql"].startswith("EXPLAIN") for one in made)


@pytest.mark.postgres
def test_what_is_common_is_asked_of_each_row_and_not_looked_up_beforehand(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan() -> str:
        return str(SavedTrack.objects.filter(track_has("blue")).explain())

    monkeypatch.setattr(search, "AFFORDABLE", -1)
    asked_row_by_row = plan()
    monkeypatch.setattr(search, "AFFORDABLE", 10**12)
    looked_up = plan()

    assert "SubPlan" in asked_row_by_row
    assert "hashed SubPlan" not in asked_row_by_row
    assert "SubPlan" not in looked_up
