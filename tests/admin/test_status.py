"""Spotify › Status: what it says, who may see it, and that it costs the same however much there is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_spotify_sync.admin import status
from django_spotify_sync.models import Hour, SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.hours import hour_of
from django_spotify_sync.upkeep.needs import Requests
from tests.kit.administering import address, fill
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of, people

pytestmark = pytest.mark.django_db

URL = "/admin/spotify_sync/status/"


def page_of(client: Client) -> str:
    answer = client.get(URL)
    assert answer.status_code == 200
    return str(answer.content.decode())


def fail(account: SpotifyAccount, times: int, resource: str = "tracks") -> SyncRun:
    """Let the syncs of a resource have failed so often in a row."""
    now = timezone.now()
    SyncState.objects.create(
        account=account, resource=resource, failures=times, next_sync_at=now + timedelta(hours=1)
    )
    return SyncRun.objects.create(
        account=account,
        resource=resource,
        trigger="schedule",
        status="failed",
        error_code="app_forbidden",
        finished_at=now - timedelta(hours=2),
    )


# What it says


def test_all_is_well_where_nothing_is_wrong(staff: Client) -> None:
    page = page_of(staff)

    assert "All is well." in page
    assert page.count('is-good">well') == 3
    assert 'is-plain">not in use' in page  # the schedule, which never looked
    assert "No sync fails." in page
    assert re.search(r'href="[^"]*spotify_sync/admin\.css"', page)


def test_the_worst_is_said_first_and_links_the_rows_it_is_about(staff: Client, user: Any) -> None:
    SyncRun.objects.create(
        account=account_of(user),
        resource="tracks",
        trigger="user",
        status="running",
        heartbeat_at=timezone.now() - timedelta(hours=1),
    )

    page = page_of(staff)

    first = page.partition('class="spotify-sync-sentence"')[2].partition("</p>")[0]
    assert "A run has given no sign of life" in first
    assert f'<a href="{address(SyncRun, "changelist")}?life=silent">' in first
    assert 'is-bad">not well' in page


def test_the_worst_accounts_say_why_and_can_be_asked_for(
    staff: Client, user: Any, sent: list[int]
) -> None:
    account = account_of(user)
    run = fail(account, 4)

    page = page_of(staff)

    assert (
        f'<a href="{address(SpotifyAccount, "change", account.pk)}">{account.spotify_id}</a>'
        in page
    )
    assert f'<a href="{address(SyncRun, "change", run.pk)}">run #{run.pk}</a>' in page
    assert "failed 4 times in a row" in page
    assert f'Sync now<span class="visually-hidden">: saved tracks, {account.spotify_id}<' in page
    form = page.partition('<ol class="spotify-sync-worst">')[2]
    action = re.findall(r'<form action="([^"]+)"', form)[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(_\w+)" value="(\w+)">', form))
    button = dict(re.findall(r'<button type="submit" name="(\w+)" value="(\w+)"', form))
    answer = staff.post(action, hidden | button)
    assert answer["Location"] == URL
    assert SyncRun.objects.get(trigger="admin").resource == "tracks"
    assert "Asked for: " in page_of(staff)


def test_hours_are_drawn_and_stand_in_tables(staff: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 1
    this = hour_of(timezone.now())
    counts = {"succeeded": 3, "nothing": 4, "failed": 2, "requests": 1234, "rate_limited": 5}
    Hour.objects.create(at=this, resource="tracks", **counts)
    Hour.objects.create(at=this, looked_at=timezone.now(), oldest_due=600)
    Hour.objects.create(at=this - timedelta(hours=60), resource="tracks", failed=999)

    page = page_of(staff)

    assert page.count('<svg class="spotify-sync-drawing"') == 3
    assert "nothing waited longer than 10 minutes." in page
    assert "In 48 hours 7 ended well, 0 in part, 2 failed or were lost." in page
    assert "at most 1,234 requests an hour, of 120 that the pace allows; 5 answers 429." in page
    assert "succeeded: 3; nothing to do: 4; failed: 2</title>" in page
    assert "<td>1,234</td><td>5</td>" in page
    assert page.count('<tr><th scope="row">') == 24 + 48 + 48
    assert "<td>999</td>" not in page


def test_needs_and_grants_are_counted(staff: Client) -> None:
    soon, later, _ = people(3)
    now = timezone.now()
    for account, days in ((soon, 5), (later, 20)):
        account.reauthorize_by = now + timedelta(days=days)
        account.save()

    page = page_of(staff)

    within = re.findall(r"end within (\d+) days</a> <span[^>]*>(\d+)<", page)
    assert within == [("7", "1"), ("30", "2")]
    assert "requests a day are needed" in page
    assert f"{address(SpotifyAccount, 'changelist')}?grant=7&amp;status__exact=connected" in page
    assert 'is-good">connected</span></a> <span class="spotify-sync-number">3<' in page


@pytest.mark.parametrize(
    ("possible", "said"), [(400, "100 of 400 possible"), (None, "100 requests")]
)
def test_what_a_day_needs_is_a_bar_where_something_says_what_is_possible(
    possible: int | None, said: str
) -> None:
    told = status.needs(Requests(checks=70, whole_passes=20, changes=10, possible=possible))

    assert told["words"].startswith(said)
    assert ("(25%)" in told["words"]) == ("<svg" in told["bar"]) == (possible is not None)


def test_what_people_are_called_is_no_markup(staff: Client, user: Any) -> None:
    evil = '"><b onclick=x>'
    fail(account_of(user, display_name=evil), 2)
    SyncRun.objects.update(error_code=evil, error_detail=evil)

    assert evil not in page_of(staff)


# Who may see it


def helper_of(django_user_model: Any, *permissions: str) -> Client:
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser_of(helper)


VIEWS = [f"view_{name}" for name in ("spotifyaccount", "syncrun")]


def test_staff_who_may_view_see_it_first_in_the_list_and_no_button(
    django_user_model: Any, user: Any
) -> None:
    fail(account_of(user), 1)
    client = helper_of(django_user_model, *VIEWS)

    index = client.get(reverse("admin:index"))
    page = page_of(client)

    names = [
        model["object_name"]
        for app in index.context["app_list"]
        if app["app_label"] == "spotify_sync"
        for model in app["models"]
    ]
    assert names[0] == "Status"
    assert f'<a href="{URL}"' in index.content.decode()
    assert f'<a href="{URL}"' in page  # in the sidebar
    assert "Sync now" not in page


@pytest.mark.parametrize("lacking", VIEWS)
def test_others_of_the_staff_are_refused_and_see_no_link(
    django_user_model: Any, lacking: str
) -> None:
    client = helper_of(django_user_model, *(name for name in VIEWS if name != lacking))

    assert client.get(URL).status_code == 403
    assert URL not in client.get(reverse("admin:index")).content.decode()


def test_users_are_led_to_sign_in(user: Any) -> None:
    answer = browser_of(user).get(URL)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


# What holds for all of it


def test_a_thousand_accounts_cost_no_more_queries(staff: Client, user: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(staff)
        return len(captured)

    fail(fill(user), 1, "albums")
    queries()  # which fills what Django keeps of content types
    few = queries()
    for account in people(20):
        fail(account, 2)

    assert queries() == few


def test_nothing_is_inline_and_system_checks_have_nothing_to_say(staff: Client, user: Any) -> None:
    fail(account_of(user), 1)

    content = (
        page_of(staff).partition('<div id="content-main"')[2].partition("</section>\n</div>")[0]
    )

    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", content)
    assert not [one for one in run_checks() if one.id and one.id.startswith("admin.")]
