"""How the syncs of an account stand, shown, filtered and ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from tests.kit.administering import address, text_of
from tests.kit.libraries import account_of, people

pytestmark = pytest.mark.django_db


def state_of(account: SpotifyAccount, resource: str = "tracks", **values: Any) -> SyncState:
    now = timezone.now()
    values = {"checked_at": now, "next_sync_at": now + timedelta(hours=1)} | values
    return SyncState.objects.create(account=account, resource=resource, **values)


def order(client: Client, **query: str) -> list[int]:
    """Return the ids of the accounts that a list has, as they stand there."""
    answer = client.get(address(SpotifyAccount, "changelist"), query)
    return [account.pk for account in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, 'is-good">in order'),
        ({"failures": 4}, "Saved tracks: 4 ×"),
        ({"failures": 4}, 'is-bad">failing'),
        ({"next_sync_at": timezone.now() - timedelta(days=1)}, 'is-busy">overdue'),
        ({"checked_at": None}, 'is-plain">not synced yet'),
    ],
)
def test_an_account_says_how_its_syncs_go(
    staff: Client, user: Any, values: dict[str, Any], said: str
) -> None:
    account = account_of(user)
    state_of(account, **values)

    assert said in text_of(staff, SpotifyAccount, "changelist")
    assert said in text_of(staff, SpotifyAccount, "change", account.pk)


def test_what_was_due_a_moment_ago_is_not_overdue(staff: Client, user: Any) -> None:
    state_of(account_of(user), next_sync_at=timezone.now() - timedelta(minutes=1))

    assert 'is-good">in order' in text_of(staff, SpotifyAccount, "changelist")
    assert order(staff, syncs="overdue") == []


@pytest.mark.parametrize("values", [{"status": "disconnected"}, {}])
def test_what_nobody_syncs_does_not_fail(
    staff: Client, user: Any, settings: Any, values: dict[str, Any]
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["albums" if not values else "tracks"]
    late = timezone.now() - timedelta(days=1)
    state_of(account_of(user, **values), failures=4, next_sync_at=late)

    page = text_of(staff, SpotifyAccount, "changelist")

    assert "is-bad" not in page
    assert 'is-busy">overdue' not in page
    assert order(staff, syncs="failing") == order(staff, syncs="overdue") == []


def test_accounts_are_filtered_and_ordered_by_failures_and_what_is_due(staff: Client) -> None:
    well, failing, worst, overdue = people(4)
    for account in (well, failing, worst, overdue):
        state_of(account, "albums")
    state_of(failing, failures=1, next_sync_at=timezone.now() + timedelta(hours=3))
    state_of(worst, failures=7, next_sync_at=timezone.now() + timedelta(minutes=5))
    state_of(overdue, next_sync_at=timezone.now() - timedelta(hours=5))

    assert order(staff, syncs="failing") == [worst.pk, failing.pk]
    assert order(staff, syncs="again") == [worst.pk]
    assert order(staff, syncs="overdue") == [overdue.pk]
    assert order(staff, o="-2")[:2] == [worst.pk, failing.pk]
    assert order(staff, o="3")[:2] == [overdue.pk, worst.pk]


def test_an_accounts_page_says_what_went_wrong_and_what_was_agreed_to(
    staff: Client, user: Any
) -> None:
    account = account_of(user)
    state = state_of(account, failures=2)
    run = SyncRun.objects.create(
        account=account,
        resource="tracks",
        trigger="user",
        status="failed",
        error_code="app_forbidden",
        error_detail="Look at the allow-list.",
        finished_at=timezone.now(),
    )

    page = text_of(staff, SpotifyAccount, "change", account.pk)

    assert "Look at the allow-list." in page
    assert f'<a href="{address(SyncRun, "change", run.pk)}">#{run.pk} ' in page
    assert f'<a href="{address(SyncState, "change", state.pk)}">Saved tracks</a>' in page
    assert f"{address(SyncState, 'changelist')}?account__id__exact={account.pk}" in page
    assert "failed 2 times in a row" in page


def test_scopes_that_are_wanted_and_missing_are_named(
    staff: Client, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPOTIFY_SYNC_SCOPES = ["user-library-read", "user-follow-read"]
    monkeypatch.setattr(SpotifyAccount, "scopes", ["user-library-read"])
    account = account_of(user)

    page = text_of(staff, SpotifyAccount, "change", account.pk)

    assert "user-library-read" in page
    assert 'is-busy">missing: user-follow-read' in page
