"""The REST door to saved shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from django_spotify_sync.models import SavedShow, Show, SpotifyAccount
from tests.kit.api import NOON, NOON_JSON, SHOWS, names
from tests.kit.libraries import EPOCH
from tests.kit.shelves import save_show

pytestmark = pytest.mark.django_db


def test_saved_shows(ada: Client, account: SpotifyAccount) -> None:
    saved = save_show(account, "Hours", publisher="Radio", added_at=NOON)

    assert ada.get(SHOWS).json()["results"] == [
        {
            "spotify_id": saved.spotify_id,
            "uri": f"spotify:show:{saved.spotify_id}",
            "name": "Hours",
            "publisher": "Radio",
            "total_episodes": 7,
            "image_url": "https://i.example/show",
            "added_at": NOON_JSON,
            "is_available": True,
            "url": f"https://open.spotify.com/show/{saved.spotify_id}",
        }
    ]


def test_what_is_withdrawn_stays_and_what_was_never_known_is_left_out(
    ada: Client, account: SpotifyAccount
) -> None:
    save_show(account, "Withdrawn", is_available=False, added_at=None)
    Show.objects.update(total_episodes=None)
    SavedShow.objects.create(account=account, spotify_id="unknown")

    [show] = ada.get(SHOWS).json()["results"]

    assert (show["name"], show["is_available"]) == ("Withdrawn", False)
    assert (show["added_at"], show["total_episodes"]) == (None, None)
    assert ada.get("/spotify/account/").json()["resources"]["shows"]["count"] == 1


def test_orders_of_shows_and_search(ada: Client, account: SpotifyAccount) -> None:
    for age, (name, publisher) in enumerate(
        [("bea", "Radio"), ("Ann", "press"), ("Cleo", "Young Radio")]
    ):
        save_show(account, name, publisher=publisher, added_at=EPOCH - timedelta(days=age))

    assert names(ada, SHOWS) == names(ada, SHOWS, ordering="-added_at") == ["bea", "Ann", "Cleo"]
    assert names(ada, SHOWS, ordering="added_at") == ["Cleo", "Ann", "bea"]
    assert names(ada, SHOWS, ordering="name") == ["Ann", "bea", "Cleo"]
    assert names(ada, SHOWS, ordering="publisher") == ["Ann", "bea", "Cleo"]
    assert names(ada, SHOWS, ordering="-publisher") == ["Cleo", "bea", "Ann"]
    assert names(ada, SHOWS, search="AN") == ["Ann"]
    assert names(ada, SHOWS, search="radio") == ["bea", "Cleo"]
    assert names(ada, SHOWS, search="radio cleo") == ["Cleo"]
