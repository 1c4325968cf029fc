from __future__ import annotations

import msgspec
import pytest
import requests

from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlist_items import ItemRow, parse_items_page
from django_spotify_sync.spotify.answers.playlists import PlaylistAnswer, parse_playlist
from django_spotify_sync.spotify.answers.saved import SavedRow, parse_saved_page
from django_spotify_sync.sync.packing import NotPacked, pack, unpack
from django_spotify_sync.testing import FakeSpotify

Items = PlaylistAnswer | Page[ItemRow]


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_answers_are_the_same_after_packing(cohort):
    with FakeSpotify(tracks=60, playlists=3, cohort=cohort) as fake:
        fake.user.null(3)
        fake.user.patch(4, added_at=None, track={"artists": None, "album": None})
        headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
        playlist = f"/playlists/{fake.user.playlists[0].id}"
        for path, parse, kind in (
            ("/me/tracks?limit=50", parse_saved_page, Page[SavedRow]),
            (playlist, parse_playlist, Items),
            (f"{playlist}/items?limit=50&additional_types=track,episode", parse_items_page, Items),
        ):
            answer = requests.get(fake.api_url + path, headers=headers, timeout=5)
            rows = parse(answer.json())

            assert unpack(pack(rows, kind), kind) == rows


def test_what_is_no_row_is_not_packed():
    with pytest.raises(TypeError, match="object"):
        pack((1, object()), Page[SavedRow])


def test_rows_that_had_other_fields_are_not_unpacked():
    class Row(msgspec.Struct):
        name: str

    class RowOfOld(msgspec.Struct):
        name: str
        genres: list[str] = []

    with pytest.raises(NotPacked, match="other fields"):
        unpack(pack([RowOfOld("a")], list[RowOfOld]), list[Row])


def test_only_rows_are_unpacked():
    with pytest.raises(NotPacked):
        unpack(pack(["Popen", "true"], Page[SavedRow]), Page[SavedRow])


def test_what_was_cut_is_not_unpacked():
    packed = pack(SavedRow("a", None), SavedRow)

    with pytest.raises(NotPacked):
        unpack(packed[:-3], SavedRow)
