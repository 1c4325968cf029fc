"""What a run did not believe to be gone, as JSON, and who may decide about it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import FollowedArtist, LargeLoss, SpotifyAccount
from tests.kit.api import NOON, run_of
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db
BODIES: list[Any] = [{"decision": "perhaps"}, {"decision": None}, {"decision": ["keep"]}, {}, [1]]


def address(loss: LargeLoss) -> str:
    return f"/spotify/syncs/{loss.run_id}/loss/"


def post(client: Client, loss: LargeLoss, body: Any) -> Any:
    return client.post(address(loss), json.dumps(body), "application/json")


def test_what_is_lost(ada: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account)

    answer = ada.get(address(loss))

    assert answer.status_code == 200
    ids = loss.rows.in_order().values_list("spotify_id", flat=True)
    assert answer.json() == {
        "decision": None,
        "total": 3,
        "next": None,
        "previous": None,
        "results": [
            {"spotify_id": spotify_id, "title": f"Band {number}", "subtitle": ""}
            for number, spotify_id in enumerate(ids)
        ],
    }


def test_it_comes_in_pages(ada: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account, 120)
    titles, pages, url = [], 0, address(loss)
    while url:
        with CaptureQueriesContext(connection) as queries:
            page = ada.get(url).json()
        assert len(queries) <= 6, "session, user, account, run, loss, rows"
        titles += [row["title"] for row in page["results"]]
        pages += 1
        url = page["next"]

    assert titles == [f"Band {number}" for number in range(120)]
    assert pages == 3
    assert ada.get(page["previous"]).json()["total"] == 120


@pytest.mark.parametrize("decision", ["accept", "keep"])
def test_a_decision(ada: Client, account: SpotifyAccount, decision: str) -> None:
    loss = loss_of(account)

    answer = post(ada, loss, {"decision": decision})

    assert (answer.status_code, answer.json()["decision"]) == (200, decision)
    assert answer.json() == ada.get(address(loss)).json()
    assert len(answer.json()["results"]) == 3
    assert FollowedArtist.objects.filter(is_kept=decision == "keep").count() == 3
    assert post(ada, loss, {"decision": decision}).status_code == 200, "which changes nothing"
    loss.refresh_from_db()
    assert (loss.decision, loss.decided_at is None) == (decision, False)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_what_is_neither_word(ada: Client, account: SpotifyAccount, body: Any) -> None:
    loss = loss_of(account)

    answer = post(ada, loss, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    loss.refresh_from_db()
    assert loss.decision is None


def test_nothing_is_left_to_decide(ada: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account)
    LargeLoss.objects.update(settled_at=timezone.now())

    answer = post(ada, loss, {"decision": "keep"})

    assert (answer.status_code, answer.json()["code"]) == (409, "loss_settled")
    assert ada.get(address(loss)).status_code == 200


def test_a_later_run_that_met_the_same_loss(ada: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account)
    later = run_of(account, resource="following", reason="large_loss", finished_at=NOON)

    assert ada.get(f"/spotify/syncs/{later.pk}/loss/").json() == ada.get(address(loss)).json()


@pytest.mark.parametrize(
    "found", [{"resource": "following"}, {"resource": "tracks", "reason": "large_loss"}]
)
def test_where_nothing_was_asked(
    ada: Client, account: SpotifyAccount, found: dict[str, Any]
) -> None:
    loss_of(account)
    run = run_of(account, finished_at=NOON, **found)

    for answer in (
        ada.get(f"/spotify/syncs/{run.pk}/loss/"),
        ada.post(f"/spotify/syncs/{run.pk}/loss/", {"decision": "keep"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30, -1, "x", "1.0", "%00"])
def test_losses_of_no_run(ada: Client, account: SpotifyAccount, number: object) -> None:
    answer = ada.get(f"/spotify/syncs/{number}/loss/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", [{"decision": "keep"}, *BODIES], ids=str)
def test_nobody_decides_for_others(
    account: SpotifyAccount, other_user: Any, grace: Client, body: Any
) -> None:
    """Nor learns, by what a wrong body is answered, that there is something to decide."""
    loss = loss_of(account)
    account_of(other_user, "grace")

    assert grace.get(address(loss)).status_code == 404
    assert post(grace, loss, body).status_code == 404
    loss.refresh_from_db()
    assert loss.decision is None


def test_who_is_not_signed_in(client: Client, account: SpotifyAccount) -> None:
    loss = loss_of(account)

    assert client.get(address(loss)).status_code == 403
    assert post(client, loss, {"decision": "keep"}).status_code == 403


def test_a_session_needs_the_csrf_token(user: Any, account: SpotifyAccount) -> None:
    loss = loss_of(account)

    answer = post(browser_of(user, enforce_csrf_checks=True), loss, {"decision": "accept"})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_an_unknown_parameter(ada: Client, account: SpotifyAccount) -> None:
    answer = ada.get(address(loss_of(account)), {"resource": "tracks"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
