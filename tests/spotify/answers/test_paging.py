"""What a page says of the list it is part of."""

from __future__ import annotations

import pytest

from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.saved import SavedRow, parse_saved_page
from tests.kit.answers import page_of


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
