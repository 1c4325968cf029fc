"""A run's page asks about the loss that the run has met, and takes the answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import FollowedArtist, LargeLoss, SpotifyAccount, SyncRun
from tests.kit.administering import address, text_of
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db
BUTTONS = {"keep": 'value="keep"', "accept": 'value="accept"'}


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@pytest.fixture
def loss(account: SpotifyAccount) -> LargeLoss:
    return loss_of(account)


def page_of(client: Client, loss: LargeLoss) -> str:
    return text_of(client, SyncRun, "change", loss.run_id)


def decide(client: Client, loss: LargeLoss, decision: str = "keep") -> Any:
    url = address(SyncRun, "loss", loss.run_id)
    return client.post(url, {"decision": decision}, follow=True)


def buttons(page: str) -> set[str]:
    return {name for name, text in BUTTONS.items() if text in page}


def test_what_seems_gone_stands_on_the_run_s_page(staff: Client, loss: LargeLoss) -> None:
    page = page_of(staff, loss)

    assert "Rows that seem gone at Spotify: 3" in page
    assert all(row.title in page for row in loss.rows.all())
    assert buttons(page) == {"keep", "accept"}
    assert "more</p>" not in page


def test_a_long_list_is_cut(staff: Client, account: SpotifyAccount) -> None:
    def statements(loss: LargeLoss) -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(staff, loss)
        return len(queries)

    short, long = loss_of(account), loss_of(account, 103)

    assert "and 3 more" in page_of(staff, long)
    assert statements(short) == statements(long)


def test_a_run_that_lost_nothing(staff: Client, account: SpotifyAccount) -> None:
    run = SyncRun.objects.create(account=account, resource="tracks", trigger="user")

    assert "seem gone" not in text_of(staff, SyncRun, "change", run.pk)


@pytest.mark.parametrize(
    ("decision", "words", "left"),
    [
        ("keep", "Kept: they stay in the library.", "accept"),
        ("accept", "Accepted: the next sync removes them.", "keep"),
    ],
)
def test_a_decision(staff: Client, loss: LargeLoss, decision: str, words: str, left: str) -> None:
    answer = decide(staff, loss, decision)

    page = answer.content.decode()
    assert answer.redirect_chain == [(address(SyncRun, "change", loss.run_id), 302)]
    assert page.count(words) == 2, "as a message, and as how it stands"
    assert buttons(page) == {left}
    loss.refresh_from_db()
    assert loss.decision == decision
    assert FollowedArtist.objects.filter(is_kept=True).exists() == (decision == "keep")
    assert LogEntry.objects.get().object_id == str(loss.run_id)


def test_nothing_is_left_to_decide(staff: Client, loss: LargeLoss) -> None:
    LargeLoss.objects.update(settled_at=timezone.now())

    page = decide(staff, loss).content.decode()

    assert "is left to decide" in page
    assert buttons(page) == set()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("decision", ["", "perhaps"])
def test_what_is_neither_word(staff: Client, loss: LargeLoss, decision: str) -> None:
    assert decide(staff, loss, decision).status_code == 404


def test_where_nothing_was_asked(staff: Client, account: SpotifyAccount) -> None:
    run = SyncRun.objects.create(account=account, resource="tracks", trigger="user")

    for number in (run.pk, run.pk + 1):
        url = address(SyncRun, "loss", number)
        assert staff.post(url, {"decision": "keep"}).status_code == 404
    assert staff.get(address(SyncRun, "loss", run.pk)).status_code == 405


@pytest.mark.parametrize(
    ("permissions", "may_look", "may_decide"),
    [
        (["view_syncrun", "change_spotifyaccount"], True, True),
        (["view_syncrun"], True, False),
        (["change_spotifyaccount"], False, False),
        ([], False, False),
    ],
)
def test_a_decision_wants_its_permission(
    django_user_model: Any,
    loss: LargeLoss,
    permissions: list[str],
    may_look: bool,
    may_decide: bool,
) -> None:
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = browser_of(clerk)

    page = browser.get(address(SyncRun, "change", loss.run_id))
    assert page.status_code == (200 if may_look else 403)
    assert buttons(page.content.decode()) == ({"keep", "accept"} if may_decide else set())
    assert decide(browser, loss).status_code == (200 if may_decide else 403)
    loss.refresh_from_db()
    assert (loss.decision == "keep") is may_decide


def test_nobody_else_decides(client: Client, loss: LargeLoss, user: Any) -> None:
    for one in (client, browser_of(user)):
        decide(one, loss)
    loss.refresh_from_db()
    assert loss.decision is None
