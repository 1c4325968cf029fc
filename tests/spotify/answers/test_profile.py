"""Who somebody is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from msgspec.structs import astuple

from django_spotify_sync.spotify.answers.profile import parse_profile
from django_spotify_sync.spotify.answers.storable import Malformed
from tests.kit.answers import anything, ids, images, shaped, texts


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
