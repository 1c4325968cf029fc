"""Pages of saved tracks: each entry stays one, whatever it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from django_spotify_sync.models import Album, Artist, SavedTrack, SpotifyAccount, Track
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.saved import SavedRow, parse_saved_page, skipped_reasons
from django_spotify_sync.spotify.answers.storable import Malformed
from django_spotify_sync.sync.catalog import write_catalog
from tests.kit.answers import anything, items, page_of, pages, parsed, saved

PAGES = Path(__file__).parents[2] / "pages"


# The usual


def test_a_saved_track_becomes_rows():
    entry, catalog = parsed()

    assert entry == SavedRow("track1", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), is_playable=True)
    assert entry.key == (entry.spotify_id, entry.added_at)
    assert list(catalog.artists) == ["artist1", "artist2"]
    assert catalog.artists["artist2"].name == "Two"
    track, row = catalog.tracks["track1"], catalog.albums["album1"]
    assert (track.name, track.album_id, track.artist_ids) == (
        "A song",
        "album1",
        ("artist1", "artist2"),
    )
    assert (track.duration_ms, track.explicit, track.isrc) == (180_000, False, "GBAYE0000351")
    assert (track.disc_number, track.track_number) == (1, 2)
    assert (row.name, row.album_type, row.total_tracks) == ("An album", "album", 12)
    assert (row.release_date, row.release_date_precision, row.release_year) == (
        "1981-12-15",
        "day",
        1981,
    )
    assert row.image_url == row.thumbnail_url == "https://i.test/640"


@pytest.mark.parametrize(
    "path", sorted(PAGES.glob("saved_tracks*.json")), ids=lambda path: path.name
)
def test_pages_of_all_cohorts_are_read(path):
    answer = json.loads(path.read_text())

    page = parse_saved_page(answer)

    assert len(page.entries) == len(answer["items"])
    assert [entry.spotify_id for entry in page.entries] == [
        item["track"] and item["track"]["id"] if item else None for item in answer["items"]
    ]
    assert all(row.name for row in page.catalog.tracks.values())


def test_what_a_shape_leaves_out_is_not_said():
    _, catalog = parsed(album={"id": "album1"}, artists=None)

    track, row = catalog.tracks["track1"], catalog.albums["album1"]
    assert track.artist_ids is None
    assert set(astuple(row)) == {"album1", None}


# Entries without a track


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "null_entry"),
        ([], "null_entry"),
        ("track", "null_entry"),
        ({}, "null_track"),
        ({"track": None}, "null_track"),
        ({"track": []}, "null_track"),
        (saved(id=None), "no_id"),
        (saved(id=""), "no_id"),
        (saved(id=5), "no_id"),
        (saved(id=True), "no_id"),
        (saved(id="a\x00b"), "no_id"),
        (saved(id="a\ud800"), "no_id"),
        (saved(id="i" * 256), "no_id"),
        (saved(id=None, is_local=True, uri="spotify:local:A:B:C:180"), "no_id"),
    ],
)
def test_an_entry_without_a_track_stays_an_entry(item, reason):
    page = parse_saved_page(page_of(saved(), item, saved(id="track2")))

    assert [entry.spotify_id for entry in page.entries] == ["track1", None, "track2"]
    assert [entry.skipped for entry in page.entries] == ["", reason, ""]
    assert set(page.catalog.tracks) == {"track1", "track2"}
    assert skipped_reasons(page.entries) == {reason: 1}


def test_an_entry_without_an_id_leaves_nothing_in_the_catalogue():
    _, catalog = parsed(id=None)

    assert catalog == Catalog()


def test_an_entry_without_a_track_keeps_its_time():
    page = parse_saved_page(page_of({"added_at": "2020-01-01T00:00:00Z", "track": None}))

    assert page.entries[0].key == (None, datetime(2020, 1, 1, tzinfo=UTC))


# Whole answers


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        5,
        "page",
        [],
        {},
        page_of(items=None),
        page_of(items={}),
        page_of(offset=None),
        page_of(limit="50"),
        page_of(total=None),
        page_of(total=-1),
        page_of(total=True),
        page_of(total=float("nan")),
        page_of(total=10**30),
    ],
    ids=str,
)
def test_a_misshapen_page_is_malformed(answer):
    with pytest.raises(Malformed):
        parse_saved_page(answer)


@given(pages | anything)
@example(page_of(saved(name="x" * 5000, album=None, artists=[{"id": "a"}] * 3)))
@settings(deadline=None)
def test_any_answer_is_malformed_or_as_many_entries(answer):
    try:
        page = parse_saved_page(answer)
    except Malformed:
        return

    assert len(page.entries) == len(answer["items"])
    assert all((entry.spotify_id is None) == bool(entry.skipped) for entry in page.entries)
    assert {entry.spotify_id for entry in page.entries} - {None} == set(page.catalog.tracks)
    for track in page.catalog.tracks.values():
        assert track.album_id is None or track.album_id in page.catalog.albums
        assert set(track.artist_ids or ()) <= set(page.catalog.artists)
    for row in page.catalog.albums.values():
        assert set(row.artist_ids or ()) <= set(page.catalog.artists)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    now = datetime.now(UTC)
    return SpotifyAccount.objects.create(
        user=user, spotify_id="ada", authorized_at=now, reauthorize_by=now
    )


@given(answer=st.builds(page_of, items=items))
@example(answer=page_of(saved(name="x" * 5000), saved(id="i" * 255, name="\x00\ud800")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_parsed_can_be_stored_and_comes_back_as_it_is(account, answer):
    page = parse_saved_page(answer)

    with transaction.atomic():
        track_ids = write_catalog(page.catalog, using="default")["track"]
        SavedTrack.objects.bulk_create(
            SavedTrack(
                account=account,
                spotify_id=entry.spotify_id,
                added_at=entry.added_at,
                is_playable=entry.is_playable,
                rank=-index,
            )
            for index, entry in enumerate(page.entries)
        )

        stored = SavedTrack.objects.filter(account=account).order_by("-rank")
        assert [(row.spotify_id, row.added_at) for row in stored] == [entry.key for entry in page.entries]  # fmt: skip
        assert track_ids.keys() == page.catalog.tracks.keys()
        for model, rows in (
            (Artist, page.catalog.artists),
            (Album, page.catalog.albums),
            (Track, page.catalog.tracks),
        ):
            by_id = {row.spotify_id: row for row in model.objects.all()}
            assert by_id.keys() == rows.keys()
            for spotify_id, row in rows.items():
                assert by_id[spotify_id].name == (row.name or "")
        transaction.set_rollback(True)
