"""The REST door to saved episodes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from django_spotify_sync.models import SavedEpisode, SpotifyAccount
from tests.kit.api import EPISODES, NOON, NOON_JSON, names
from tests.kit.libraries import EPOCH
from tests.kit.shelves import save_episode

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources")]


def test_saved_episodes(ada: Client, account: SpotifyAccount) -> None:
    saved = save_episode(account, "One", show="Hours", added_at=NOON)
    assert saved.episode
    assert saved.episode.show

    assert ada.get(EPISODES).json()["results"] == [
        {
            "spotify_id": saved.spotify_id,
            "uri": f"spotify:episode:{saved.spotify_id}",
            "name": "One",
            "show": {"spotify_id": saved.episode.show.spotify_id, "name": "Hours"},
            "duration_ms": 1000,
            "release_date": "2026-02-03",
            "image_url": "https://i.example/episode",
            "added_at": NOON_JSON,
            "is_available": True,
            "url": f"https://open.spotify.com/episode/{saved.spotify_id}",
        }
    ]


def test_what_is_withdrawn_stays_and_what_was_never_known_is_left_out(
    ada: Client, account: SpotifyAccount
) -> None:
    save_episode(account, "Withdrawn", show=None, is_available=False, added_at=None)
    SavedEpisode.objects.create(account=account, spotify_id="unknown")

    [episode] = ada.get(EPISODES).json()["results"]

    assert (episode["name"], episode["is_available"]) == ("Withdrawn", False)
    assert (episode["show"], episode["added_at"]) == (None, None)
    assert ada.get("/spotify/account/").json()["resources"]["episodes"]["count"] == 1


def test_orders_of_episodes_and_search(ada: Client, account: SpotifyAccount) -> None:
    for age, (name, show, released, duration) in enumerate(
        [
            ("bea", "Radio", "2026-01-31", 300),
            ("Ann", "Hours", "", 100),
            ("Cleo", None, "2025", 200),
        ]
    ):
        save_episode(
            account,
            name,
            show=show,
            release_date=released,
            duration_ms=duration,
            added_at=EPOCH - timedelta(days=age),
        )

    in_time = ["bea", "Ann", "Cleo"]
    assert names(ada, EPISODES) == names(ada, EPISODES, ordering="-added_at") == in_time
    assert names(ada, EPISODES, ordering="added_at") == ["Cleo", "Ann", "bea"]
    assert names(ada, EPISODES, ordering="name") == ["Ann", "bea", "Cleo"]
    assert names(ada, EPISODES, ordering="release_date") == ["Cleo", "bea", "Ann"]
    assert names(ada, EPISODES, ordering="-release_date") == ["bea", "Cleo", "Ann"]
    assert names(ada, EPISODES, ordering="duration") == ["Ann", "Cleo", "bea"]
    assert names(ada, EPISODES, search="AN") == ["Ann"]
    assert names(ada, EPISODES, search="radio") == ["bea"]
    assert names(ada, EPISODES, search="hours ann") == ["Ann"]
