"""The end of a grant: told of once at each distance, and once when it has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_spotify_sync import accounts, tasks
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.signals import grant_expiring, grant_lost
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep import notices
from django_spotify_sync.upkeep.notices import warn_expiring_grants
from tests.kit.browsing import begin, browser_of, connect_by_browser, query_of
from tests.kit.concurrency import at_once, in_processes
from tests.kit.connecting import connect
from tests.kit.crowds import Crowd, let_pass, now, status_of
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db(transaction=True)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NONE = {"expiring": 0, "ended": 0}


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@pytest.fixture
def told() -> Iterator[list[tuple[str, int | str]]]:
    """Collect what the signals tell: the account's Spotify id, and days or the reason of a loss."""
    heard: list[tuple[str, int | str]] = []

    def warn(account: SpotifyAccount, notice: timedelta, reauthorize_by: Any, **kw: Any) -> None:
        assert now(account).reauthorize_by == reauthorize_by
        heard.append((account.spotify_id, notice.days))

    def lose(account: SpotifyAccount, reason: str, **kwargs: Any) -> None:
        heard.append((account.spotify_id, reason))

    grant_expiring.connect(warn)
    grant_lost.connect(lose)
    yield heard
    grant_expiring.disconnect(warn)
    grant_lost.disconnect(lose)


def leave(account: SpotifyAccount, left: timedelta) -> None:
    """Let the account's grant end so much later than now."""
    SpotifyAccount.objects.filter(pk=account.pk).update(reauthorize_by=timezone.now() + left)


def test_each_distance_is_told_once(account: SpotifyAccount, told: list[Any]) -> None:
    leave(account, 31 * DAY)
    by_day = []
    for _ in range(33):
        warn_expiring_grants()
        warn_expiring_grants()
        by_day.append([what for _, what in told])
        told.clear()
        let_pass(DAY)
        SpotifyAccount.objects.exclude(grant_noticed_at=None).update(
            grant_noticed_at=(now(account).grant_noticed_at or timezone.now()) - DAY
        )

    assert {day: what for day, what in enumerate(by_day) if what} == {
        1: [30],
        24: [7],
        31: ["expired"],
    }


@pytest.mark.parametrize(
    ("days_left", "what"), [(45, []), (29, [30]), (8, [30]), (6, [7]), (1, [7]), (-1, ["expired"])]
)
def test_a_site_that_was_down_tells_of_the_nearest_alone(
    account: SpotifyAccount, told: list[Any], days_left: int, what: list[Any]
) -> None:
    leave(account, days_left * DAY)

    for _ in range(3):
        warn_expiring_grants()

    assert [one for _, one in told] == what


def test_each_account_has_one_nearest_distance(crowd: Crowd) -> None:
    """So that of two workers, each with a distance of its own, none tells of the farther one."""
    near, far = crowd.come(2)
    leave(near, 6 * DAY)
    leave(far, 20 * DAY)

    assert list(notices._to_tell("default", 7 * DAY, timedelta(0))) == [near]
    assert list(notices._to_tell("default", 30 * DAY, 7 * DAY)) == [far]


def test_other_distances(account: SpotifyAccount, told: list[Any], settings: Any) -> None:
    settings.SPOTIFY_SYNC_GRANT_NOTICE = []
    leave(account, HOUR)
    assert warn_expiring_grants() == NONE

    settings.SPOTIFY_SYNC_GRANT_NOTICE = (DAY, 90 * DAY, DAY, 60 * DAY)
    leave(account, 70 * DAY)
    assert warn_expiring_grants() == {"expiring": 1, "ended": 0}
    assert told == [(account.spotify_id, 90)]


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_who_has_no_good_grant_is_not_warned(
    account: SpotifyAccount, told: list[Any], status: str
) -> None:
    leave(account, DAY)
    SpotifyAccount.objects.update(status=status)

    assert warn_expiring_grants() == NONE
    assert told == []


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        ("connected", True),
        ("suspect", True),
        ("reauthorization_required", False),
        ("disconnected", False),
    ],
)
def test_a_grant_whose_time_is_over_is_lost_without_a_request(
    account: SpotifyAccount, spotify: FakeSpotify, told: list[Any], status: str, ends: bool
) -> None:
    leave(account, -timedelta(seconds=1))
    SpotifyAccount.objects.update(status=status)

    assert [warn_expiring_grants()["ended"] for _ in range(2)] == [int(ends), 0]

    assert told == ([(account.spotify_id, "expired")] if ends else [])
    assert status_of(account) == ("reauthorization_required" if ends else status)
    assert spotify.count() == 0


@pytest.mark.parametrize("status", ["connected", "suspect"])
def test_an_end_that_was_guessed_is_told_of_and_ends_nothing(
    account: SpotifyAccount, told: list[Any], status: str
) -> None:
    SpotifyAccount.objects.update(reauthorize_by_estimated=True)
    leave(account, 6 * DAY)
    warn_expiring_grants()
    assert told == [(account.spotify_id, 7)]
    SpotifyAccount.objects.update(status=status)
    leave(account, -timedelta(seconds=1))

    assert warn_expiring_grants() == NONE

    assert told == [(account.spotify_id, 7)]
    assert status_of(account) == status


def test_many_are_told_chunk_by_chunk(
    crowd: Crowd, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "CHUNK", 2)
    *soon, later = crowd.come(6)
    for account in soon:
        leave(account, 3 * DAY)

    assert warn_expiring_grants() == {"expiring": 5, "ended": 0}
    assert sorted(told) == sorted((account.spotify_id, 7) for account in soon)
    assert now(later).grant_noticed_at is None


def test_a_receiver_that_raises_stops_nothing(
    crowd: Crowd, told: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the mail server is away")

    for account in crowd.come(2):
        leave(account, DAY)
    grant_expiring.connect(fail)
    try:
        assert warn_expiring_grants()["expiring"] == 2
    finally:
        grant_expiring.disconnect(fail)

    assert len(told) == 2
    assert "the mail server is away" in caplog.text


@pytest.mark.parametrize("left", [DAY, -DAY])
def test_threads_tell_once(account: SpotifyAccount, told: list[Any], left: timedelta) -> None:
    leave(account, left)

    at_once(*[warn_expiring_grants] * 6)

    assert len(told) == 1


TELL = """
from django_spotify_sync import tasks
from django_spotify_sync.signals import grant_expiring, grant_lost

def hear(account, **kwargs):
    print("told", account.spotify_id, flush=True)

grant_expiring.connect(hear)
grant_lost.connect(hear)
tasks.warn_expiring_grants()
"""


def test_six_processes_tell_each_user_once(crowd: Crowd, spotify: FakeSpotify) -> None:
    for place, account in enumerate(crowd.come(12)):
        leave(account, (DAY, 10 * DAY, -DAY)[place % 3])

    printed = in_processes(6, TELL, **spotify.settings)

    lines = [line for lines in printed for line in lines.split("\n") if line.startswith("told")]
    assert sorted(lines) == sorted(f"told {account.spotify_id}" for account in crowd.accounts)


def test_a_notice_is_not_of_a_grant_that_was_renewed_meanwhile(
    user: Any, spotify: FakeSpotify, told: list[Any]
) -> None:
    account = connect(user, spotify)
    leave(account, DAY)
    seen = now(account)
    connect(user, spotify)

    assert notices._tell(seen, 7 * DAY) is False
    assert told == []


def test_the_task_takes_what_a_newer_site_sends(account: SpotifyAccount, told: list[Any]) -> None:
    leave(account, DAY)

    tasks.warn_expiring_grants.apply(kwargs={"something_newer": True}).get()

    assert told == [(account.spotify_id, 7)]


# Connecting again


def test_connecting_again_begins_a_new_period_and_keeps_the_library(
    user: Any, spotify: FakeSpotify, told: list[Any]
) -> None:
    account = connect(user, spotify)
    sync(account, "tracks")
    rows = set(SavedTrack.objects.values_list("pk", flat=True))
    let_pass(190 * DAY)
    spotify.age_grants(190)
    warn_expiring_grants()
    assert status_of(account) == "reauthorization_required"

    connect_by_browser(browser_of(user))

    again = now(account)
    assert again.status == "connected"
    assert again.days_left > 179
    assert again.grant_noticed_at is None
    assert set(SavedTrack.objects.values_list("pk", flat=True)) == rows
    accounts.refresh(again)
    told.clear()
    let_pass(again.reauthorize_by - timezone.now() - 29 * DAY)
    warn_expiring_grants()
    assert told == [(account.spotify_id, 30)], "and is told of its own end"


def test_refreshing_does_not_make_it_longer(user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    before = now(account)

    accounts.refresh(account)

    after = now(account)
    assert (after.authorized_at, after.reauthorize_by) == (
        before.authorized_at,
        before.reauthorize_by,
    )


def test_connecting_again_asks_for_the_scopes_that_are_missing(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]
    browser = browser_of(user)
    connect_by_browser(browser)
    account = SpotifyAccount.objects.get()
    assert (account.scopes, account.missing_scopes) == (["user-library-read"], [])
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    assert account.missing_scopes == ["user-follow-read"]

    asked = query_of(begin(browser))["scope"].split()
    connect_by_browser(browser)

    assert set(asked) == {"user-library-read", "user-follow-read"}
    assert now(account).missing_scopes == []
    assert sync(now(account), "following").status == "succeeded"


def test_what_the_site_wants_no_longer_is_not_asked_for(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_SCOPES = ["user-library-read", "user-top-read"]
    browser = browser_of(user)
    connect_by_browser(browser)
    settings.SPOTIFY_SYNC_SCOPES = ["user-library-read"]

    connect_by_browser(browser)

    assert SpotifyAccount.objects.get().scopes == ["user-library-read"]
