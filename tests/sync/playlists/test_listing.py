"""Whatever is answered instead of the list of lists: no list is unlinked that is there."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import PlaylistItem, SyncState
from django_spotify_sync.sync import sync
from tests.kit.playlists import LISTING
from tests.kit.truth import check_playlists, linked, quiet

pytestmark = pytest.mark.usefixtures("impatient")


def move_up(fake):
    """Let one list go and another come before a page that was read: none is gone of those behind."""
    fake.user.listed.move(11, 0)


LISTING_FAULTS = {
    "lying total": {"total": lambda total: total + 2, "times": None},
    "lying total of one page": {"offset": 10, "total": lambda total: total + 2, "times": None},
    "low total": {"total": lambda total: total - 3, "times": None},
    "wrong empty": {"empty": True, "times": None},
    "wrong empty page": {"offset": 10, "empty": True, "times": None},
    "short page": {"offset": 0, "short": 3, "times": None},
    "short last page": {"offset": 10, "short": 3, "times": None},
    "repeated page": {"offset": 10, "repeat": True, "times": None},
    "a list moves up": {"nth": 2, "before": move_up},
    "a list leaves": {"nth": 2, "before": lambda fake: fake.user.listed.unfollow([1])},
    "one leaves and one comes": {
        "nth": 2,
        "times": 2,
        "before": lambda fake: (fake.user.listed.unfollow([1]), fake.user.add_playlist("New", 1)),
    },
    "behind": {"lag": 1, "times": None},
    "behind on one page": {"offset": 10, "lag": 1, "times": None},
}


@pytest.mark.parametrize("name", list(LISTING_FAULTS))
def test_a_listing_that_is_not_proved_unlinks_nothing_that_is_there(
    account, spotify, library, name
):
    spotify.user.listed.unfollow([12])
    before, rows = linked(account), PlaylistItem.objects.count()
    spotify.faults.add(LISTING, **LISTING_FAULTS[name])

    run = sync(account, "playlists")

    here = {playlist.id for playlist in spotify.user.playlists}
    assert here & set(before) <= set(linked(account))
    assert PlaylistItem.objects.count() >= rows
    assert run.status in ("succeeded", "partial")
    if run.status == "partial":
        assert run.reason in ("drift", "page_length", "count", "large_loss")
        assert run.removed == 0
    quiet(account, spotify)


@pytest.mark.parametrize(
    "fault",
    [
        {"offset": 10, "total": lambda total: total + 2, "times": 2},
        {"nth": 2, "before": move_up},
        {"offset": 10, "repeat": True, "times": 2},
        {"offset": 10, "short": 3, "times": 2},
    ],
)
def test_a_listing_that_does_not_fit_together_is_read_again(account, spotify, library, fault):
    spotify.clear_log()
    spotify.faults.add(LISTING, **fault)

    run = sync(account, "playlists")

    assert (run.status, run.created, run.removed) == ("succeeded", 0, 0)
    assert spotify.count(LISTING) > 3
    check_playlists(account, spotify.user)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_listing_that_fails_for_good_fails_the_run(account, spotify, library, nth):
    before = linked(account)
    spotify.user.listed.unfollow(slice(0, 5))
    spotify.faults.add(LISTING, nth=nth, status=502, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert linked(account) == before
    quiet(account, spotify)


def test_a_total_that_stays_too_high_is_learned(account, spotify, library):
    spotify.faults.add(LISTING, total=lambda total: total + 2, times=None)

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.status for run in runs] == ["partial", "succeeded", "succeeded"]
    assert runs[2].requests == 2
    spotify.user.listed.unfollow([3])
    assert sync(account, "playlists").removed == 1
    check_playlists(account, spotify.user)


@pytest.mark.parametrize("total", [20_000, 2**31 - 1])
def test_an_absurd_total_costs_a_handful_of_requests(account, spotify, impatient, library, total):
    spotify.faults.add(LISTING, offset=0, total=lambda _: total)

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert run.requests < 60
    check_playlists(account, spotify.user)


def test_what_was_hidden_and_has_come_to_light_is_listed(account, spotify, library):
    """The last list stands where, by what was learned, no page is."""
    spotify.user.listed.unfollow(range(8, len(spotify.user.playlists)))
    spotify.faults.add(LISTING, total=lambda total: total + 2, times=None)
    assert [sync(account, "playlists").status for _ in range(3)][-1] == "succeeded"
    spotify.faults.clear()
    for number in range(3):
        spotify.user.add_playlist(f"Last {number}", 1, position=8 + number)

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 0)
    check_playlists(account, spotify.user)
    assert SyncState.objects.get(account=account, resource="playlists").hidden == 0
