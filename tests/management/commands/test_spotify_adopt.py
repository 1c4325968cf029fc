"""spotify_adopt: what it says of each row, in words and as JSON, and how it ends."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.other_logins import APPS, allauth_account, allauth_row, social_auth_row

pytestmark = pytest.mark.usefixtures("other_logins")


@pytest.fixture
def grace(other_user: Any, spotify: FakeSpotify) -> Any:
    """Give a second user, whose token allauth has not kept."""
    allauth_account(other_user, spotify.add_user("grace"))
    return other_user


def run(*arguments: str, source: str = "allauth", err: StringIO | None = None) -> str:
    out = StringIO()
    call_command(
        "spotify_adopt", "--from", source, *arguments, stdout=out, stderr=err or StringIO()
    )
    return out.getvalue()


def fails(*arguments: str, code: Any = 1, **more: Any) -> str:
    """Run it, and return what it said before it ended with 1."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "spotify_adopt", "--from", "allauth", *arguments, stdout=out, **{"stderr": out} | more
        )
    assert ended.value.code == code
    return out.getvalue()


@pytest.mark.parametrize(
    ("source", "make"), [("allauth", allauth_row), ("social-auth", social_auth_row)]
)
def test_all_are_adopted_and_then_are_here(
    user: Any, spotify: FakeSpotify, source: str, make: Any
) -> None:
    make(user, spotify.user, spotify)

    assert run(source=source).splitlines() == [
        "ada: adopted",
        "grants: 1 adopted, 0 needs consent, 0 already here",
    ]
    assert run(source=source).splitlines() == [
        "ada: already here",
        "grants: 0 adopted, 0 needs consent, 1 already here",
    ]


def test_who_has_to_consent_is_named_and_it_ends_with_1(
    user: Any, grace: Any, spotify: FakeSpotify
) -> None:
    allauth_row(user, spotify.user, spotify)

    assert fails().splitlines() == [
        "grace: needs consent: no refresh token is kept there",
        "ada: adopted",
        "grants: 1 adopted, 1 needs consent, 0 already here",
    ]


def test_json(user: Any, grace: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    rows = [
        {
            "user": "grace",
            "spotify_id": "grace",
            "result": "needs_consent",
            "reason": "no_refresh_token",
        },
        {"user": "ada", "spotify_id": spotify.user.id, "result": "adopted", "reason": ""},
    ]

    assert json.loads(fails("--json")) == {"rows": rows}

    rows[1]["result"] = "already_here"
    assert json.loads(fails("--json")) == {"rows": rows}


def test_a_dry_run(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)

    assert run("--dry-run").splitlines() == [
        "ada: would be adopted",
        "grants: 1 would be adopted, 0 needs consent, 0 already here",
    ]
    assert spotify.count() == 0
    assert not SpotifyAccount.objects.exists()


def test_some_users_alone(user: Any, grace: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)

    assert run("--user", "ada").startswith("ada: adopted\n")
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        run("--user", "ada", "--user", "nobody")


def test_another_provider(user: Any, spotify: FakeSpotify) -> None:
    social_auth_row(user, spotify.user, spotify, provider="music")

    assert run(source="social-auth").startswith("grants: 0 adopted")
    assert run("--provider", "music", source="social-auth").startswith("ada: adopted\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_row_that_has_to_be_tried_again_goes_to_stderr(
    user: Any, spotify: FakeSpotify, as_json: bool
) -> None:
    allauth_row(user, spotify.user, spotify)
    spotify.faults.add("/api/token", status=501)
    err = StringIO()

    said = fails(*["--json"] * as_json, stderr=err)

    assert err.getvalue().startswith("ada: to be tried again: ")
    assert said.rstrip() == (
        '{"rows": []}'
        if as_json
        else "grants: 0 adopted, 0 needs consent, 0 already here, 1 to be tried again"
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_a_round_that_is_broken_off_says_what_it_did(
    user: Any, other_user: Any, spotify: FakeSpotify, as_json: bool
) -> None:
    allauth_row(user, spotify.user, spotify)
    allauth_row(other_user, spotify.add_user("grace"), spotify)
    spotify.faults.add("/api/token", nth=2, status=401, reason="invalid_client")
    out = StringIO()

    with pytest.raises(CommandError, match=r"Broken off: .*CLIENT_SECRET.* Run it again"):
        call_command("spotify_adopt", *["--from", "allauth"], *["--json"] * as_json, stdout=out)

    said = out.getvalue()
    if as_json:
        assert [row["result"] for row in json.loads(said)["rows"]] == ["adopted"]
    else:
        assert said.startswith("ada: adopted\ngrants: 1 adopted")
    assert run().splitlines()[:2] == ["ada: already here", "grace: adopted"]


def test_an_app_that_is_not_installed(settings: Any) -> None:
    installed = settings.INSTALLED_APPS
    settings.INSTALLED_APPS = [app for app in installed if app not in APPS]

    with pytest.raises(CommandError, match=r"socialaccount.*INSTALLED_APPS"):
        run()


@pytest.mark.parametrize("arguments", [[], ["--from", "auth0"]])
def test_what_cannot_be_understood(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="--from"):
        call_command("spotify_adopt", *arguments)
