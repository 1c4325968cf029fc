"""The fake's answers have the keys, nulls and types of the pages, cohort by cohort."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests

from django_spotify_sync.testing import CORE_SCOPE, FakeSpotify
from django_spotify_sync.testing.site import Cohort
from tests.kit.shape import Shape

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "tests" / "pages"
RECORDED = ROOT.parent / "shared" / "spotify-payloads"
COHORTS: tuple[Cohort, ...] = ("new", "legacy", "extended")
SCOPE = f"{CORE_SCOPE} user-read-private user-read-email user-read-playback-position"


def learn(files: Iterable[Path]) -> Shape:
    shape = Shape()
    for file in files:
        shape.learn(json.loads(file.read_text()))
    assert shape.types, "there is no page to learn from"
    return shape


@cache
def answers(cohort: Cohort) -> dict[str, list[Any]]:
    """Ask for everything there is, with every odd thing in it."""
    with (
        FakeSpotify(
            tracks=130,
            playlists=20,
            artists=70,
            albums=30,
            shows=13,
            episodes=7,
            audiobooks=3,
            seed=3,
            cohort=cohort,
        ) as fake,
        requests.Session() as session,
    ):
        session.trust_env = False
        make_odd(fake)
        fake.user.make_unavailable([2, 60])
        fake.user.null(5)
        fake.user.relink(6)
        [long] = fake.user.albums.save(tracks=60)
        token = fake.grant(scope=SCOPE)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        def get(path: str) -> Any:
            answer = session.get(fake.api_url + path, headers=headers, timeout=10)
            assert answer.status_code == 200, (path, answer.text)
            return answer.json()

        lists = [playlist.id for playlist in fake.user.playlists]
        readable = [at for at in range(20) if cohort != "new" or at % 10 != 3]
        more = "additional_types=track,episode"
        cursor = get("/me/following?type=artist&limit=50")["artists"]["cursors"]["after"]
        return {
            "me": [get("/me")],
            "saved_tracks": [get(f"/me/tracks?limit=50&offset={at}") for at in (0, 50, 100)],
            "playlists": [get(f"/me/playlists?limit=12&offset={at}") for at in (0, 12)],
            "playlist": [get(f"/playlists/{one}") for one in lists],
            "playlist_items": [get(f"/playlists/{lists[at]}/items?limit=50") for at in readable],
            "playlist_items_episodes": [
                get(f"/playlists/{lists[at]}/items?limit=50&{more}") for at in readable
            ],
            "following": [
                get("/me/following?type=artist&limit=50"),
                get(f"/me/following?type=artist&limit=50&after={cursor}"),
            ],
            "saved_albums": [get(f"/me/albums?limit=20&offset={at}") for at in (0, 20)],
            "saved_shows": [get("/me/shows?limit=50")],
            "saved_episodes": [get("/me/episodes")],
            "saved_audiobooks": [get("/me/audiobooks")],
            "album_tracks": [get(f"/albums/{long.id}/tracks?offset={at}") for at in (0, 50)],
        }


def make_odd(fake: FakeSpotify) -> None:
    """Let there be all that the other kinds of saved things may be."""
    user = fake.user
    user.albums.null(4)
    user.albums.relink(6)
    user.albums.tracks(8)[0].restriction = "market"
    user.shows.null(2)
    user.episodes.null(3)


@pytest.mark.parametrize("cohort", COHORTS)
def test_answers_have_the_shape_of_our_pages(cohort: Cohort) -> None:
    for name, given in answers(cohort).items():
        shape = learn(PAGES.glob(f"{name}_{cohort}*.json"))
        for answer in given:
            assert shape.complaints(answer, name) == []


@pytest.mark.parametrize("cohort", COHORTS)
def test_every_variant_of_our_pages_occurs(cohort: Cohort) -> None:
    """The other way round: the fake is not kinder by leaving the odd shapes out."""
    for name, given in answers(cohort).items():
        shape = Shape()
        for answer in given:
            shape.learn(answer)
        for file in PAGES.glob(f"{name}_{cohort}*.json"):
            ignored = frozenset({"account_id"} if name == "me" else ())
            page = json.loads(file.read_text())
            wanted = [
                complaint
                for complaint in shape.complaints(page, name, ignored)
                if "no example of" in complaint or "which no example has" in complaint
            ]
            assert wanted == [], file.name


def recordings(*names: str) -> Shape:
    return learn(RECORDED / f"{name}.json" for name in names)


@pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded answers are not beside this checkout"
)
def test_legacy_answers_have_the_shape_of_recorded_ones() -> None:
    recorded = {
        "me": recordings("current_user"),
        "saved_tracks": recordings("saved_tracks"),
        "playlists": recordings("current_user_playlist_1", "current_user_playlist_2"),
        "playlist": recordings("playlist_1", "playlist_2"),
        "playlist_items": recordings("playlist_items"),
        "following": recordings("followed_artists"),
        "saved_albums": recordings("saved_albums"),
        "saved_episodes": recordings("saved_episodes"),
    }
    # Known from the sheet, and in no recording.
    unrecorded = frozenset({"account_id", "restrictions", "linked_from"})
    odd = (
        *("added_at: NoneType", "added_by: NoneType", "track: NoneType", "item: NoneType"),
        # The two recorded single lists have covers of their own; listings show the other kinds.
        *("playlist.images[].height: int", "playlist.images[].width: int"),
        "playlist.images: NoneType",
        # Only a first page of followed artists was recorded.
        "cursors.after: NoneType",
        # Said to be null these days, or sometimes.
        *("audio_preview_url: NoneType", "show.is_externally_hosted: NoneType"),
        # The one recorded local file comes from before lists had `item` too.
        "tracks.items[]: has item",
    )

    given = answers("legacy")

    for name, shape in recorded.items():
        for answer in given[name]:
            found = shape.complaints(answer, name, unrecorded, strict=False)
            assert [one for one in found if not any(part in one for part in odd)] == []


@pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded answers are not beside this checkout"
)
@pytest.mark.parametrize(
    ("page", "recording"),
    [
        ("me_legacy", "current_user"),
        ("saved_tracks_legacy", "saved_tracks"),
        ("playlist_items_legacy_recorded", "playlist_items"),
        ("following_legacy", "followed_artists"),
        ("saved_episodes_legacy", "saved_episodes"),
        ("error_not_found", "playlist_not_found"),
        ("error_rate_limit", "rate_limit"),
    ],
)
def test_our_pages_have_the_shape_of_recorded_ones(page: str, recording: str) -> None:
    ours = json.loads((PAGES / f"{page}.json").read_text())

    assert recordings(recording).complaints(ours, page) == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ({"a": None}, [".a: NoneType, but examples have ['int']"]),
        ({"a": 1.5}, [".a: float, but examples have ['int']"]),
        ({}, [": lacks a"]),
        ({"a": 1, "b": 2}, [": has b, which no example has"]),
        ({"a": 1, "type": "x"}, [": no example of ('x', None, False)"]),
        ({"a": 2}, []),
    ],
)
def test_the_rule_itself_complains(page: dict[str, Any], found: list[str]) -> None:
    assert Shape().learn({"a": 1}).complaints(page) == found
