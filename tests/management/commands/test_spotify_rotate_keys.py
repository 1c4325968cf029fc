from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from django_spotify_sync.db.sealing import key_id
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

NEW = Fernet.generate_key().decode()


@pytest.fixture
def old(user: Any, spotify: FakeSpotify, settings: Any) -> str:
    """Store a token under the key of the tests, put a new key before it, and return the id of the old."""
    connect(user, spotify)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, *settings.SPOTIFY_SYNC_FERNET_KEYS]
    return SpotifyToken.objects.get().key_id


def rotate(*options: str, code: int = 0) -> tuple[str, str]:
    """Run the command, which has to end with ``code``; return what it said."""
    out, err = StringIO(), StringIO()
    ended: Any = 0
    try:
        call_command("spotify_rotate_keys", *options, stdout=out, stderr=err)
    except SystemExit as end:
        ended = end.code
    assert ended == code, out.getvalue() + err.getvalue()
    return out.getvalue(), err.getvalue()


def test_it_says_what_it_did(old: str) -> None:
    out, err = rotate()

    assert out.splitlines() == [
        "1 token sealed anew.",
        f"key {key_id(NEW)} (newest): 1 token",
    ]
    assert err == ""


def test_a_dry_run_says_what_could_be_done(old: str) -> None:
    out, err = rotate("--dry-run")

    assert out.splitlines() == [
        "1 token could be sealed anew.",
        f"key {key_id(NEW)} (newest): 0 tokens",
        f"key {old} (retired): 1 token",
        "Another key than the newest is still needed: 1 token.",
    ]
    assert err == ""
    assert SpotifyToken.objects.by_key() == {old: 1}


def test_json(old: str) -> None:
    out, _ = rotate("--json")

    assert json.loads(out) == {
        "rotated": 1,
        "left": 0,
        "unreadable": [],
        "keys": [{"key_id": key_id(NEW), "state": "newest", "rows": 1}],
    }


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_what_cannot_be_read_is_named_and_ends_badly(
    old: str, settings: Any, options: list[str]
) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW]
    [account] = SpotifyToken.objects.values_list("pk", flat=True)

    out, err = rotate(*options, code=1)
    listed, _ = rotate("--json", *options, code=1)

    assert err.startswith(f"account {account} (unknown_sealing_key): ")
    assert old in err
    assert f"key {old} (unknown): 1 token" in out
    [unreadable] = json.loads(listed)["unreadable"]
    assert (unreadable["account"], unreadable["code"]) == (account, "unknown_sealing_key")
    assert json.loads(listed)["left"] == 1


def test_without_a_key_it_says_so(old: str, settings: Any) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = []

    with pytest.raises(CommandError, match="spotify_generate_key"):
        call_command("spotify_rotate_keys", skip_checks=True)
