"""At which place of its list an item stands, whatever the numbers are that order them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import AccountPlaylist, Playlist, PlaylistItem, Track
from tests.kit.libraries import account_of, own, put, track_of

pytestmark = pytest.mark.django_db


def filled(name: str, count: int) -> Playlist:
    """Make a list whose items are numbered anyhow, and stored in another order than they stand."""
    playlist = Playlist.objects.create(spotify_id=name)
    numbers = sorted(random.Random(name).sample(range(2**31), count))
    items = [
        PlaylistItem(playlist=playlist, position=number, kind="local", title=f"{place}")
        for place, number in enumerate(numbers)
    ]
    random.Random(1).shuffle(items)
    PlaylistItem.objects.bulk_create(items)
    return playlist


def places(items: list[PlaylistItem]) -> list[str]:
    return [f"{item.place}" for item in items]


def titles(items: list[PlaylistItem]) -> list[str]:
    return [item.title for item in items]


def test_items_of_any_lists_are_numbered_in_one_query() -> None:
    filled("long", 90)
    filled("short", 2)
    filled("another", 40)
    items = random.Random(2).sample(list(PlaylistItem.objects.all()), 50)

    with CaptureQueriesContext(connection) as queries:
        numbered = PlaylistItem.objects.numbered(items)

    assert len(queries) == 1
    assert numbered == items
    assert places(numbered) == titles(items)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("start", [0, 40, 89])
def test_items_in_a_row_are_numbered_in_one_query(turned: bool, start: int) -> None:
    filled("another", 40)
    rows = filled("long", 90).items.in_order()
    items = list((rows.reverse() if turned else rows)[start : start + 20])

    with CaptureQueriesContext(connection) as queries:
        numbered = PlaylistItem.objects.numbered(items)

    assert len(queries) == 1
    assert numbered == items
    assert places(numbered) == titles(items)


def test_items_of_one_number_are_told_apart_by_their_age() -> None:
    playlist = Playlist.objects.create(spotify_id="list")
    for title, position in [("1", 5), ("0", 0), ("2", 5), ("3", 5), ("4", 9)]:
        PlaylistItem.objects.create(playlist=playlist, position=position, kind="local", title=title)
    in_order = list(playlist.items.in_order())

    for items in (in_order, in_order[2:4], in_order[1::2], in_order[3:]):
        assert places(PlaylistItem.objects.numbered(items)) == titles(items)


def test_no_items_cost_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert PlaylistItem.objects.numbered([]) == []
    assert len(queries) == 0


def test_what_is_gone_meanwhile_is_left_out() -> None:
    items = list(filled("long", 5).items.in_order())
    PlaylistItem.objects.filter(pk=items[1].pk).delete()

    numbered = PlaylistItem.objects.numbered(items)

    assert [(item.title, item.place) for item in numbered] == [
        ("0", 0),
        ("2", 1),
        ("3", 2),
        ("4", 3),
    ]


def test_lists_that_hold_some_tracks_as_their_owner_was_shown_them(
    user: Any, other_user: Any
) -> None:
    ada, grace = account_of(user, "ada"), account_of(other_user, "grace")
    one, two, other = track_of(), track_of(), track_of()
    both, single, without = own(ada), own(ada), own(ada)
    for playlist, tracks in ((both, [one, two, one]), (single, [two, other]), (without, [other])):
        for track in tracks:
            put(playlist, track=track)
    put(own(ada, can_read_items=False), track=one)
    put(own(ada, seen_contents=None), track=one)
    put(own(grace), track=one)

    links = AccountPlaylist.objects.filter(account=ada).as_shown().in_order()
    found = links.holding(Track.objects.filter(pk__in=[one.pk, two.pk]))

    assert [(link.playlist, link.held) for link in found] == [(both, 2), (single, 1)]
    assert [link.playlist for link in links.readable()] == [both, single, without]
    shown = PlaylistItem.objects.shown_to(ada)
    assert set(shown) == set(PlaylistItem.objects.readable_by(user))
    assert shown.count() == 6


def test_a_name_that_its_owner_was_not_shown_is_in_no_order(user: Any) -> None:
    account = account_of(user, "ada")
    playlist = own(account)
    Playlist.objects.filter(pk=playlist.pk).update(details_version=1, folded="new name")

    [link] = AccountPlaylist.objects.filter(account=account).as_shown()

    assert link.shown_folded == link.shown_name == ""


def test_what_stands_in_another_list_too(user: Any) -> None:
    account = account_of(user, "ada")
    one, two = own(account), own(account)
    track = track_of()
    common = [
        put(one, track=track),
        put(one, kind="episode", uri="spotify:episode:1"),
        put(one, track=track),
    ]
    put(one, kind="local", title="file")
    put(one, kind="unavailable")
    put(one)
    put(two, track=track)
    put(two, kind="episode", uri="spotify:episode:1")
    put(two, kind="local", title="file")
    put(two, kind="unavailable")

    assert list(one.items.also_in(two).in_order()) == common
