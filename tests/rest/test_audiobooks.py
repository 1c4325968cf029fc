"""The REST door to saved audiobooks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from django_spotify_sync.models import SavedAudiobook, SpotifyAccount
from tests.kit.api import AUDIOBOOKS, NOON, NOON_JSON, names
from tests.kit.libraries import EPOCH
from tests.kit.shelves import save_audiobook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources")]


def test_saved_audiobooks(ada: Client, account: SpotifyAccount) -> None:
    saved = save_audiobook(account, "Night", authors=["Zoe", "Ann"], added_at=NOON)

    assert ada.get(AUDIOBOOKS).json()["results"] == [
        {
            "spotify_id": saved.spotify_id,
            "uri": f"spotify:show:{saved.spotify_id}",
            "name": "Night",
            "authors": ["Zoe", "Ann"],
            "narrators": ["Narrator 2", "Narrator 1"],
            "total_chapters": 12,
            "image_url": "https://i.example/audiobook",
            "added_at": NOON_JSON,
            "is_available": True,
            "url": f"https://open.spotify.com/show/{saved.spotify_id}",
        }
    ]


def test_what_is_withdrawn_stays_and_what_was_never_known_is_left_out(
    ada: Client, account: SpotifyAccount
) -> None:
    save_audiobook(account, "Withdrawn", authors=[], is_available=False, added_at=None)
    SavedAudiobook.objects.create(account=account, spotify_id="unknown")

    [audiobook] = ada.get(AUDIOBOOKS).json()["results"]

    assert (audiobook["name"], audiobook["is_available"]) == ("Withdrawn", False)
    assert (audiobook["authors"], audiobook["added_at"]) == ([], None)
    assert ada.get("/spotify/account/").json()["resources"]["audiobooks"]["count"] == 1


def test_orders_of_audiobooks_and_search(ada: Client, account: SpotifyAccount) -> None:
    for age, (name, authors) in enumerate(
        [("bea", ["Zoe", "Max"]), ("Ann", ["Éva"]), ("Cleo", ["Ida"])]
    ):
        save_audiobook(account, name, authors=authors, added_at=EPOCH - timedelta(days=age))

    in_time = ["bea", "Ann", "Cleo"]
    assert names(ada, AUDIOBOOKS) == names(ada, AUDIOBOOKS, ordering="-added_at") == in_time
    assert names(ada, AUDIOBOOKS, ordering="added_at") == ["Cleo", "Ann", "bea"]
    assert names(ada, AUDIOBOOKS, ordering="name") == ["Ann", "bea", "Cleo"]
    assert names(ada, AUDIOBOOKS, ordering="author") == ["Ann", "Cleo", "bea"]
    assert names(ada, AUDIOBOOKS, ordering="-author") == ["bea", "Cleo", "Ann"]
    assert names(ada, AUDIOBOOKS, search="AN") == ["Ann"]
    assert names(ada, AUDIOBOOKS, search="max zoe") == ["bea"]
    assert names(ada, AUDIOBOOKS, search="narrator") == []
