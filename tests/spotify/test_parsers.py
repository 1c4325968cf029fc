from __future__ import annotations

import json
from dataclasses import astuple
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_spotify_sync.models import Album, Artist, SavedTrack, SpotifyAccount, Track
from django_spotify_sync.spotify.answers.catalog import Catalog, parse_track
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.profile import parse_profile
from django_spotify_sync.spotify.answers.saved import SavedRow, parse_saved_page, skipped_reasons
from django_spotify_sync.spotify.answers.storable import Malformed, flag, moment, number, text
from django_spotify_sync.sync.catalog import write_catalog

PAGES = Path(__file__).parent.parent / "pages"


def page_of(*items: Any, **more: Any) -> dict[str, Any]:
    return {"offset": 0, "limit": 50, "total": len(items), "items": list(items), **more}


def saved(**track: Any) -> dict[str, Any]:
    return {
        "added_at": "2026-02-03T04:05:06Z",
        "track": {
            "id": "track1",
            "name": "A song",
            "duration_ms": 180_000,
            "explicit": False,
            "disc_number": 1,
            "track_number": 2,
            "external_ids": {"isrc": "GBAYE0000351"},
            "is_playable": True,
            "artists": [{"id": "artist1", "name": "One"}, {"id": "artist2", "name": "Two"}],
            "album": {
                "id": "album1",
                "name": "An album",
                "album_type": "album",
                "release_date": "1981-12-15",
                "release_date_precision": "day",
                "total_tracks": 12,
                "images": [{"url": "https://i.test/640", "width": 640, "height": 640}],
                "artists": [{"id": "artist1", "name": "One"}],
            },
            **track,
        },
    }


def parsed(**track: Any) -> tuple[SavedRow, Catalog]:
    page = parse_saved_page(page_of(saved(**track)))
    return page.entries[0], page.catalog


def album(**values: Any) -> Any:
    _, catalog = parsed(album={"id": "album1", **values})
    return catalog.albums["album1"]


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


def test_the_same_artist_many_times_is_one_row_with_the_picture():
    full = {"id": "artist1", "name": "One", "images": [], "genres": ["a", None, "", "b\x00"]}
    catalog = Catalog()

    for artists in ([{"id": "artist1"}], [full], [{"id": "artist1", "name": "One"}]):
        parse_track({"id": "t", "artists": artists}, catalog)

    assert catalog.artists["artist1"].image_url == ""
    assert catalog.artists["artist1"].genres == ("a", "b\ufffd")


def test_catalogs_are_put_together():
    _, first = parsed(name="Old")
    _, second = parsed(id="track2")
    _, third = parsed(name="New")

    first.update(second)
    first.update(third)

    assert {row.spotify_id: row.name for row in first.tracks.values()} == {
        "track1": "New",
        "track2": "A song",
    }


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


# Single oddities


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("plain", "plain"),
        ("", ""),
        ("nul\x00nul", "nul\ufffdnul"),
        ("half \ud83c", "half \ufffd"),
        ("\udfb5 half", "\ufffd half"),
        ("🎵", "🎵"),
        ("\ufeff\u202e\u0301", "\ufeff\u202e\u0301"),
        ("x" * 5000, "x" * 5000),
        (None, None),
        (5, None),
        (True, None),
        (["x"], None),
    ],
)
def test_text(given, stored):
    assert text(given) == stored


def test_text_is_cut_at_its_limit():
    assert text("abcdef", limit=3) == "abc"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (7.9, 7),
        (-0.0, 0),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (10**400, None),
        (-1, None),
        (-0.5, None),
        (1e308, None),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (True, None),
        (False, None),
        ("7", None),
        (None, None),
        ([], None),
    ],
)
def test_number(given, stored):
    number_of = number(given)

    assert number_of == stored
    assert number_of is None or type(number_of) is int


@pytest.mark.parametrize(
    ("given", "stored"), [(True, True), (False, False), (1, None), ("true", None), (None, None)]
)
def test_flag(given, stored):
    assert flag(given) is stored


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06.789Z", datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=UTC)),
        ("2026-02-03T06:05:06+02:00", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("0000", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("2026-02-03T04:05:06\ud800", None),
        ("", None),
        (None, None),
        (1_770_091_506, None),
        (True, None),
    ],
)
def test_moment(given, stored):
    assert moment(given) == stored
    assert stored is None or moment(given).tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "stored", "year"),
    [
        ("1981-12-15", "1981-12-15", 1981),
        ("1981-12", "1981-12", 1981),
        ("1981", "1981", 1981),
        ("2024-02-29", "2024-02-29", 2024),
        ("0001", "0001", 1),
        ("9999-12-31", "9999-12-31", 9999),
        ("0000", None, None),
        ("0000-00-00", None, None),
        ("1981-13", None, None),
        ("1981-00", None, None),
        ("1981-02-30", None, None),
        ("2023-02-29", None, None),
        ("1981-1", None, None),
        ("1981--15", None, None),
        ("1981-12-15T00:00:00Z", None, None),
        ("1981\n", None, None),
        ("١٩٨١", None, None),
        ("-198", None, None),
        ("", None, None),
        (None, None, None),
        (1981, None, None),
    ],
)
def test_release_date(given, stored, year):
    row = album(release_date=given)

    assert (row.release_date, row.release_year) == (stored, year)


@pytest.mark.parametrize(
    ("images", "widest", "thumbnail"),
    [
        (None, None, None),
        ({}, None, None),
        ([], "", ""),
        ([{"url": "https://a", "width": None, "height": None}], "https://a", "https://a"),
        (
            [{"url": f"https://{width}", "width": width} for width in (300, 64, 640)],
            "https://640",
            "https://64",
        ),
        ([{"url": f"https://{width}", "width": width} for width in (640, 60)], "https://640", "https://640"),
        ([{"url": "https://a", "width": 9}, {"url": "https://b", "width": 8.0}], "https://a", "https://a"),
        ([{"url": "https://a", "width": True}, {"url": "https://b", "width": 1}], "https://b", "https://b"),
        ([None, 5, {}, {"url": None}, {"url": ""}, {"url": "javascript:alert(1)"}, {"url": 5}], "", ""),
        ([{"url": "https://a\x00b"}], "https://a\ufffdb", "https://a\ufffdb"),
    ],
)  # fmt: skip
def test_images(images, widest, thumbnail):
    row = album(images=images)

    assert (row.image_url, row.thumbnail_url) == (widest, thumbnail)


@pytest.mark.parametrize(
    ("artists", "ids"),
    [
        (None, None),
        ({}, None),
        ("artist", None),
        ([], ()),
        ([None, 5, {}, {"id": None}, {"id": ""}, {"id": "x" * 300}], ()),
        ([{"id": "b"}, {"id": "a"}, {"id": "b"}], ("b", "a")),
    ],
)
def test_artists_come_in_their_order_and_each_once(artists, ids):
    _, catalog = parsed(artists=artists)

    assert catalog.tracks["track1"].artist_ids == ids


@pytest.mark.parametrize(
    ("external_ids", "isrc"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"isrc": None}, None),
        ({"isrc": "i" * 60}, "i" * 50),
        ({"isrc": "a\x00"}, "a\ufffd"),
    ],
)
def test_isrc(external_ids, isrc):
    _, catalog = parsed(external_ids=external_ids)

    assert catalog.tracks["track1"].isrc == isrc


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


@pytest.mark.parametrize(
    ("page", "end", "wanted"),
    [
        (page_of(None, None, None), 3, 3),
        (page_of(None, offset=50, total=120), 51, 50),
        (page_of(None, offset=100.0, total=120.0, limit=50.0), 101, 20),
        (page_of(offset=150, total=120), 150, 0),
    ],
)
def test_a_page_knows_what_it_should_hold(page, end, wanted):
    parsed_page: Page[SavedRow] = parse_saved_page(page)

    assert (parsed_page.end, parsed_page.wanted) == (end, wanted)


def test_a_profile_is_read():
    row = parse_profile(
        {
            "id": "ada",
            "account_id": "acct-1",
            "display_name": "Ada \ud800",
            "images": [{"url": "https://i.test/a", "width": 300}],
        }
    )

    assert astuple(row) == ("ada", "acct-1", "Ada \ufffd", "https://i.test/a")


@pytest.mark.parametrize(
    "more", [{}, {"display_name": None, "account_id": None, "images": None}, {"account_id": 5}]
)
def test_a_profile_may_say_little(more):
    assert astuple(parse_profile({"id": "ada", **more})) == ("ada", None, "", "")


@pytest.mark.parametrize("answer", [None, [], {}], ids=str)
def test_a_misshapen_profile_is_malformed(answer):
    with pytest.raises(Malformed):
        parse_profile(answer)


@pytest.mark.parametrize("spotify_id", [None, "", 5, "x" * 256, "\x00"])
def test_a_profile_without_an_id_is_malformed(spotify_id):
    with pytest.raises(Malformed):
        parse_profile({"id": spotify_id})


# Anything at all

texts = st.text() | st.sampled_from(
    ["\x00", "\ud800", "a\udfffb", "x" * 5000, "0000", "2020-13-01", "0001-01-01T00:00:00+23:59"]
)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([True, 2**31, 2**63, 10**400, float("nan"), float("-inf")])
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
ids = st.sampled_from(["a", "b", "c", "i" * 255, "ü", " "]) | texts


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give objects that have, lack or distort the fields."""
    return st.fixed_dictionaries(
        {}, optional={name: values | anything for name, values in fields.items()}
    )


dates = st.dates().map(str) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}", fullmatch=True)
moments = st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat)
images = st.lists(shaped(url=texts.map("https://{}".format), width=numbers), max_size=3)
artists = st.lists(
    shaped(id=ids, name=texts, images=images, genres=st.lists(texts, max_size=3)), max_size=4
)
albums = shaped(
    id=ids,
    name=texts,
    album_type=texts,
    release_date=dates,
    release_date_precision=texts,
    total_tracks=numbers,
    images=images,
    artists=artists,
)
tracks = shaped(
    id=ids,
    name=texts,
    album=albums,
    artists=artists,
    duration_ms=numbers,
    explicit=st.booleans(),
    is_playable=st.booleans(),
    external_ids=shaped(isrc=texts),
    disc_number=numbers,
    track_number=numbers,
)
items = st.lists(shaped(added_at=moments, track=tracks) | anything, max_size=5)
pages = st.builds(page_of, items=items) | shaped(
    items=items, offset=numbers, limit=numbers, total=numbers
)


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


@given(anything | shaped(id=ids, account_id=ids, display_name=texts, images=images))
@settings(deadline=None)
def test_any_profile_is_malformed_or_storable(answer):
    try:
        row = parse_profile(answer)
    except Malformed:
        return

    whole = "".join(value or "" for value in astuple(row))
    assert whole.isascii() or whole.encode()
    assert "\x00" not in whole


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
        track_ids = write_catalog(page.catalog, using="default")
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


def test_the_first_and_last_times_can_be_shown_in_any_time_zone():
    earliest, latest = moment("0002-01-01T00:00:00Z"), moment("9998-12-31T23:59:59Z")

    assert earliest is not None
    assert latest is not None
    assert earliest.date() == date(2, 1, 1)
    assert latest.date() == date(9998, 12, 31)
