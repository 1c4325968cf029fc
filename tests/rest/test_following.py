"""The REST door to followed artists."""

from __future__ import annotations

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import FOLLOWING, names
from tests.kit.libraries import follow

pytestmark = pytest.mark.django_db


def test_followed_artists(ada: Client, account: SpotifyAccount) -> None:
    followed = follow(account, "Ann", position=0)

    assert ada.get(FOLLOWING).json()["results"] == [
        {
            "spotify_id": followed.artist.spotify_id,
            "uri": f"spotify:artist:{followed.artist.spotify_id}",
            "name": "Ann",
            "image_url": "",
            "url": f"https://open.spotify.com/artist/{followed.artist.spotify_id}",
        }
    ]


def test_orders_of_followed_artists_and_search(ada: Client, account: SpotifyAccount) -> None:
    for position, name in enumerate(["bea", "Ann", "Cleo"]):
        follow(account, name, position=position)

    assert names(ada, FOLLOWING) == ["bea", "Ann", "Cleo"]
    assert names(ada, FOLLOWING, ordering="-position") == ["Cleo", "Ann", "bea"]
    assert names(ada, FOLLOWING, ordering="name") == ["Ann", "bea", "Cleo"]
    assert names(ada, FOLLOWING, search="AN") == ["Ann"]
