from __future__ import annotations

import json
import zlib

import pytest
import requests

from django_spotify_sync.spotify.answers.playlist_items import parse_items_page
from django_spotify_sync.spotify.answers.playlists import parse_playlist
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.sync.packing import NotPacked, pack, unpack
from django_spotify_sync.testing import FakeSpotify


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_answers_are_the_same_after_packing(cohort):
    with FakeSpotify(tracks=60, playlists=3, cohort=cohort) as fake:
        fake.user.null(3)
        fake.user.patch(4, added_at=None, track={"artists": None, "album": None})
        headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
        playlist = f"/playlists/{fake.user.playlists[0].id}"
        for path, parse in (
            ("/me/tracks?limit=50", parse_saved_page),
            (playlist, parse_playlist),
            (f"{playlist}/items?limit=50&additional_types=track,episode", parse_items_page),
        ):
            answer = requests.get(fake.api_url + path, headers=headers, timeout=5)
            rows = parse(answer.json())

            assert unpack(pack(rows)) == rows


def test_what_is_no_row_is_not_packed():
    with pytest.raises(TypeError, match="object"):
        pack((1, object()))


def test_only_rows_are_unpacked():
    with pytest.raises(NotPacked):
        unpack(zlib.compress(json.dumps(["Popen", "true"]).encode()))
