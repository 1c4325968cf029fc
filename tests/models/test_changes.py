"""A line of the journal: whose it is, what it says, and where it leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.template import Context, Template
from django.utils import translation

from django_spotify_sync.models import LibraryChange, SpotifyAccount
from django_spotify_sync.models.runs import Resource
from tests.kit.changes import write_change
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db

OPEN = "https://open.spotify.com"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


def test_everybody_has_their_own_lines_and_nobody_has_none(
    user: Any, other_user: Any, account: SpotifyAccount
) -> None:
    mine, theirs = write_change(account), write_change(account_of(other_user))

    assert [*LibraryChange.objects.for_user(user)] == [mine]
    assert [*LibraryChange.objects.for_user(other_user)] == [theirs]
    assert not LibraryChange.objects.for_user(AnonymousUser())
    assert [*account.changes.recent()] == [mine]


def test_they_come_latest_seen_first_and_since_a_moment(account: SpotifyAccount) -> None:
    old = write_change(account, seen_at=EPOCH - timedelta(microseconds=1))
    new = write_change(account, seen_at=EPOCH + timedelta(days=1))
    equal, later = write_change(account), write_change(account)

    assert [*account.changes.recent()] == [new, later, equal, old]
    assert [*account.changes.recent().since(EPOCH)] == [new, later, equal]


@pytest.mark.postgres
def test_those_of_a_user_are_read_off_their_index(user: Any, account: SpotifyAccount) -> None:
    """Of a user who has few, or none, the lines of all others would be gone through."""
    write_change(account)
    recent = LibraryChange.objects.for_user(user).recent().since(EPOCH)[:20]

    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = recent.explain()

    assert "using spotify_sync_change_recent" in plan
    assert "Sort" not in plan


@pytest.mark.parametrize(
    ("kind", "likely_withdrawn", "words"),
    [
        ("added", False, "added"),
        ("removed", False, "removed"),
        ("removed", True, "no longer available"),
        ("unavailable", True, "no longer available"),
        ("available", False, "available again"),
    ],
)
def test_no_cause_is_named(kind: str, likely_withdrawn: bool, words: str) -> None:
    change = LibraryChange(kind=kind, likely_withdrawn=likely_withdrawn)

    assert change.kind_words == words
    with translation.override("de"):  # of which nothing is translated
        assert change.kind_words == words


def test_a_line_is_called_by_what_it_is_about_and_costs_no_query(
    account: SpotifyAccount, django_assert_num_queries: Any
) -> None:
    write_change(account, "Song", "removed", likely_withdrawn=True)
    write_change(account, "", spotify_id="x")
    write_change(account, "", "imported", count=7, spotify_id="")
    lines = [*LibraryChange.objects.order_by("pk")]

    with django_assert_num_queries(0):
        words = [str(line) for line in lines]

    assert words == ["Song: no longer available", "x: added", "7: imported"]


ADDRESSES = {
    "tracks": ("spotify:track:x", f"{OPEN}/track/x"),
    "playlists": ("spotify:playlist:x", f"{OPEN}/playlist/x"),
    "following": ("spotify:artist:x", f"{OPEN}/artist/x"),
    "albums": ("spotify:album:x", f"{OPEN}/album/x"),
    "shows": ("spotify:show:x", f"{OPEN}/show/x"),
    "episodes": ("spotify:episode:x", f"{OPEN}/episode/x"),
    "audiobooks": ("spotify:show:x", f"{OPEN}/show/x"),
}


def test_every_resource_has_addresses() -> None:
    assert list(ADDRESSES) == Resource.values


@pytest.mark.parametrize("resource", ADDRESSES)
def test_addresses_lead_to_spotify(resource: str) -> None:
    change = LibraryChange(resource=resource, spotify_id="x")
    imported = LibraryChange(resource=resource, kind="imported", count=7)

    assert (change.uri, change.get_absolute_url()) == ADDRESSES[resource]
    assert (imported.uri, imported.get_absolute_url()) == ("", "")


@pytest.mark.parametrize("spotify_id", ["x", ""])
def test_an_item_leads_to_its_playlist_since_it_may_have_been_an_episode(spotify_id: str) -> None:
    item = LibraryChange(
        resource="playlists", spotify_id=spotify_id, playlist_spotify_id="of people's choice"
    )

    assert item.uri == ""
    assert item.get_absolute_url() == f"{OPEN}/playlist/of%20people%27s%20choice"


PAGE = """\
{% for change in account.changes.recent|slice:":2" %}\
{{ change.title }}, {{ change.kind_words }}{% if change.playlist_name %} ({{ change.playlist_name }}){% endif %}
{% endfor %}"""


def test_a_template_shows_them_in_one_query(
    account: SpotifyAccount, django_assert_num_queries: Any
) -> None:
    write_change(account, "Old")
    write_change(account, "Song", "removed", likely_withdrawn=True)
    write_change(account, "Item", resource="playlists", playlist_spotify_id="p", playlist_name="L")

    with django_assert_num_queries(1):
        page = Template(PAGE).render(Context({"account": account}))

    assert page == "Item, added (L)\nSong, no longer available\n"
