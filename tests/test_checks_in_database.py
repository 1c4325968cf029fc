"""Checks that look into the database: which keys its tokens need."""

from __future__ import annotations

import pytest
from django.core.checks import CheckMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from django_spotify_sync.checks import check_keys_in_use
from django_spotify_sync.db.sealing import key_id
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import Tokens
from django_spotify_sync.secret import Secret
from tests.kit.checking import KEY, found


def in_database(*databases: str) -> dict[str, CheckMessage]:
    messages = check_keys_in_use(None, databases=databases or ["default"])
    return {str(message.id).removeprefix("spotify_sync."): message for message in messages}


@pytest.fixture
def sealed(user, settings):
    """Give a token that is sealed with the key of the tests, which is then followed by another."""
    [old] = settings.SPOTIFY_SYNC_FERNET_KEYS
    now = timezone.now()
    account = SpotifyAccount.objects.create(
        user=user, spotify_id="ada", authorized_at=now, reauthorize_by=now
    )
    token = SpotifyToken(account=account, expires_at=now)
    token.seal(Tokens(Secret("hush"), Secret("hush")))
    token.save()
    settings.SPOTIFY_SYNC_FERNET_KEYS = [KEY, old]
    return token


def test_w008_a_retired_key_that_is_still_needed(sealed):
    message = in_database()["W008"]

    assert f"1 stored tokens still need key {sealed.key_id}" in message.msg
    assert "spotify_rotate_keys" in str(message.hint)
    assert "E010" not in in_database()


def test_w008_says_nothing_once_all_tokens_are_sealed_anew(sealed):
    call_command("spotify_rotate_keys")

    assert in_database() == {}


def test_e010_a_key_that_is_needed_and_gone(sealed, settings):
    settings.SPOTIFY_SYNC_FERNET_KEYS = [KEY]

    message = in_database()["E010"]

    assert sealed.key_id in message.msg
    assert "W008" not in in_database()
    assert KEY not in str(message)


def test_the_newest_key_alone_is_fine(sealed, settings):
    settings.SPOTIFY_SYNC_FERNET_KEYS = settings.SPOTIFY_SYNC_FERNET_KEYS[1:]

    assert in_database() == {}


def test_the_database_is_left_alone_where_nobody_asks_for_it(sealed, settings):
    settings.SPOTIFY_SYNC_FERNET_KEYS = [KEY]

    assert check_keys_in_use(None) == []
    assert check_keys_in_use(None, databases=["replica"]) == []
    call_command("check")
    with pytest.raises(CommandError, match="E010"):
        call_command("check", databases=["default"])


@pytest.mark.parametrize("keys", [[], 7, ["no key"]], ids=["none", "a number", "no key"])
def test_keys_that_are_wrong_are_told_without_the_database(sealed, settings, keys):
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    assert in_database() == {}
    assert {"E001", "E004"} & set(found())


@pytest.mark.django_db(transaction=True)
def test_before_the_first_migration_there_is_no_table_to_ask(sealed):
    with connection.schema_editor() as editor:
        editor.delete_model(SpotifyToken)
    try:
        assert in_database() == {}
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(SpotifyToken)
    assert key_id(KEY) not in SpotifyToken.objects.by_key()
