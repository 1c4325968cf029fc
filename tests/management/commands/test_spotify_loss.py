"""spotify_loss: what it shows, what it decides, and how it ends."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_spotify_sync.models import FollowedArtist, LargeLoss, SpotifyAccount
from tests.kit.libraries import account_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@pytest.fixture
def loss(account: SpotifyAccount) -> LargeLoss:
    return loss_of(account)


def run(*arguments: str, err: StringIO | None = None) -> str:
    out = StringIO()
    call_command("spotify_loss", *arguments, stdout=out, stderr=err or StringIO())
    return out.getvalue()


def test_what_seems_gone_is_shown(loss: LargeLoss) -> None:
    lines = run("show", "--user", "ada").splitlines()

    assert lines[0] == (
        f"ada: following: 3 rows seem gone since run {loss.run_id}, nobody has decided"
    )
    assert lines[1:] == [f"  {row.title} | {row.spotify_id}" for row in loss.rows.in_order()]


def test_nothing_seems_gone(account: SpotifyAccount) -> None:
    assert run("show", "--user", "ada") == "ada: nothing seems gone\n"


@pytest.mark.parametrize(
    ("decision", "words"),
    [("accept", "accepted, the next sync removes them"), ("keep", "kept")],
)
def test_a_decision(loss: LargeLoss, decision: str, words: str) -> None:
    said = run(decision, "--user", "ada")

    assert said == f"ada: following: 3 rows seem gone since run {loss.run_id}, {words}\n"
    loss.refresh_from_db()
    assert loss.decision == decision
    assert FollowedArtist.objects.filter(is_kept=True).exists() == (decision == "keep")
    assert run("show", "--user", "ada").startswith(said)


def test_what_was_decided_is_changed_only_where_it_is_named(loss: LargeLoss) -> None:
    run("keep", "--user", "ada")

    with pytest.raises(CommandError, match="Nothing waits for a decision"):
        run("accept", "--user", "ada")
    loss.refresh_from_db()
    assert loss.decision == "keep"

    run("accept", "--user", "ada", "--resource", "tracks, following")
    loss.refresh_from_db()
    assert loss.decision == "accept"


def test_another_resource(loss: LargeLoss) -> None:
    assert run("show", "--user", "ada", "--resource", "tracks") == "ada: nothing seems gone\n"
    with pytest.raises(CommandError, match="Nothing waits"):
        run("keep", "--user", "ada", "--resource", "tracks,albums")
    with pytest.raises(CommandError, match="There is no resource 'podcasts'"):
        run("show", "--user", "ada", "--resource", "podcasts")


def test_nothing_is_left_to_decide(loss: LargeLoss) -> None:
    LargeLoss.objects.update(settled_at=timezone.now())

    with pytest.raises(CommandError, match="Nothing waits"):
        run("keep", "--user", "ada", "--resource", "following")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nobody", "There is no user 'nobody'"), ("grace", "'grace' has not connected Spotify")],
)
def test_who_is_not_there(loss: LargeLoss, other_user: Any, name: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("show", "--user", name)


def test_one_user_does_not_keep_the_others_from_theirs(loss: LargeLoss, other_user: Any) -> None:
    account_of(other_user)
    err = StringIO()

    with pytest.raises(SystemExit) as ended:
        run("keep", "--user", "nobody", "--user", "grace", "--user", "ada", err=err)

    assert ended.value.code == 1
    assert err.getvalue().splitlines() == [
        "nobody: There is no user 'nobody'.",
        "grace: Nothing waits for a decision.",
    ]
    loss.refresh_from_db()
    assert loss.decision == "keep"


@pytest.mark.parametrize("arguments", [["show"], ["--user", "ada"], ["perhaps", "--user", "ada"]])
def test_what_cannot_be_understood(loss: LargeLoss, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
