"""Which keys are needed, and all tokens come under the newest, whoever else writes to them meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.db.sealing import key_id
from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import Tokens
from django_spotify_sync.secret import Secret
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.keys import KeyUse, keys_in_use, rotate_keys
from tests.kit.concurrency import in_processes
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

commits = pytest.mark.django_db(transaction=True)

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def old_key(settings: Any) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = [OLD]


def sealed_tokens(users: Any, count: int) -> list[SpotifyToken]:
    """Store so many tokens, each saying whose it is, with the keys of the moment."""
    tokens = []
    for number in range(count):
        user = users.objects.create_user(username=f"user {users.objects.count()}")
        account = SpotifyAccount.objects.create(
            user=user, spotify_id=user.username, authorized_at=NOW, reauthorize_by=NOW
        )
        token = SpotifyToken(account=account, expires_at=timezone.now(), version=number + 1)
        token.seal(Tokens(Secret(f"access of {account.pk}"), Secret(f"refresh of {account.pk}")))
        token.save()
        tokens.append(token)
    return tokens


def opened() -> dict[int, str]:
    """Return the refresh token of every row."""
    rows = SpotifyToken.objects.select_related("account")
    return {token.pk: token.unseal().refresh.reveal() for token in rows}


# Which keys are needed


def test_without_tokens_only_the_newest_key_is_needed() -> None:
    assert keys_in_use() == [KeyUse(key_id(OLD), "newest", 0)]


def test_every_key_is_told_by_what_the_settings_have_of_it(
    django_user_model: Any, settings: Any
) -> None:
    for keys, count in (([LOST], 1), ([OLD], 2), ([NEW, OLD], 3)):
        settings.SPOTIFY_SYNC_FERNET_KEYS = keys
        sealed_tokens(django_user_model, count)

    newest, *others = keys_in_use()

    assert newest == KeyUse(key_id(NEW), "newest", 3)
    assert sorted(others, key=lambda use: use.rows) == [
        KeyUse(key_id(LOST), "unknown", 1),
        KeyUse(key_id(OLD), "retired", 2),
    ]


@pytest.mark.parametrize("count", [1, 12])
def test_one_query_tells_which_keys_are_needed(
    django_user_model: Any, django_assert_num_queries: Any, count: int
) -> None:
    sealed_tokens(django_user_model, count)

    with django_assert_num_queries(1):
        keys_in_use()


# Rotating


@pytest.mark.parametrize("batch", [1, 3, 1000])
def test_all_tokens_come_under_the_newest_key(
    django_user_model: Any, settings: Any, batch: int
) -> None:
    sealed_tokens(django_user_model, 7)
    before = opened()
    settings.SPOTIFY_SYNC_BATCH_SIZE = batch
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    rotation = rotate_keys()

    assert (rotation.rotated, rotation.unreadable, rotation.left) == (7, [], 0)
    assert rotation.keys == keys_in_use() == [KeyUse(key_id(NEW), "newest", 7)]
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW]
    assert opened() == before
    assert len(set(before.values())) == 7


def test_nothing_but_the_seal_is_changed(django_user_model: Any, settings: Any) -> None:
    sealed_tokens(django_user_model, 2)
    before: list[Any] = list(SpotifyToken.objects.order_by("pk").values())
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    rotate_keys()

    after: list[Any] = list(SpotifyToken.objects.order_by("pk").values())
    for was, is_now in zip(before, after, strict=True):
        assert {name for name in was if was[name] != is_now[name]} == {"sealed", "key_id"}


def test_what_the_newest_key_seals_is_not_touched_again(
    django_user_model: Any, settings: Any
) -> None:
    sealed_tokens(django_user_model, 3)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]
    rotate_keys()
    rows = list(SpotifyToken.objects.order_by("pk").values())

    with CaptureQueriesContext(connection) as queries:
        rotation = rotate_keys()

    assert rotation.rotated == 0
    assert list(SpotifyToken.objects.order_by("pk").values()) == rows
    assert len(queries) == 2, "one that finds nothing to do, one that counts"


@commits
def test_a_rotation_that_was_cut_short_goes_on_where_it_stopped(
    django_user_model: Any, settings: Any
) -> None:
    sealed_tokens(django_user_model, 5)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    with pytest.raises(KeyboardInterrupt), before_each_write(interrupt_on(3)):
        rotate_keys()

    assert SpotifyToken.objects.by_key() == {key_id(NEW): 2, key_id(OLD): 3}
    assert rotate_keys().rotated == 3
    assert SpotifyToken.objects.by_key() == {key_id(NEW): 5}


def test_trying_changes_nothing(django_user_model: Any, settings: Any) -> None:
    sealed_tokens(django_user_model, 3)
    rows = list(SpotifyToken.objects.order_by("pk").values())
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    rotation = rotate_keys(dry_run=True)

    assert (rotation.rotated, rotation.left) == (3, 3)
    assert list(SpotifyToken.objects.order_by("pk").values()) == rows


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_cannot_be_read_is_listed_and_keeps_nobody_else_from_theirs(
    django_user_model: Any, settings: Any, caplog: pytest.LogCaptureFixture, dry_run: bool
) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = [LOST]
    [of_lost_key] = sealed_tokens(django_user_model, 1)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [OLD]
    damaged, swapped, other, whole = sealed_tokens(django_user_model, 4)
    SpotifyToken.objects.filter(pk=damaged.pk).update(sealed=damaged.sealed[:-1])
    SpotifyToken.objects.filter(pk=swapped.pk).update(sealed=other.sealed)
    kept = SpotifyToken.objects.filter(pk__in=[of_lost_key.pk, damaged.pk, swapped.pk])
    rows = list(kept.order_by("pk").values())
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    with caplog.at_level(logging.WARNING):
        rotation = rotate_keys(dry_run=dry_run)

    assert rotation.rotated == 2
    assert [(one.account, one.code) for one in rotation.unreadable] == [
        (of_lost_key.pk, "unknown_sealing_key"),
        (damaged.pk, "seal_broken"),
        (swapped.pk, "seal_broken"),
    ]
    assert key_id(LOST) in rotation.unreadable[0].detail
    assert list(kept.order_by("pk").values()) == rows, "and what they hold stays, in case"
    assert rotation.left == (5 if dry_run else 3)
    if not dry_run:
        assert {use.key_id: use.rows for use in rotation.keys} == {
            key_id(NEW): 2,
            key_id(OLD): 2,
            key_id(LOST): 1,
        }
        assert whole.pk in SpotifyToken.objects.filter(key_id=key_id(NEW)).values_list(
            "pk", flat=True
        )
    for token in (of_lost_key, damaged, swapped):
        assert f"account {token.pk}: " in caplog.text


@pytest.mark.parametrize("keys", [[], ["no key"], [NEW, "no key"]])
def test_without_a_usable_key_nothing_is_begun(
    django_user_model: Any, settings: Any, keys: list[str]
) -> None:
    sealed_tokens(django_user_model, 1)
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    with pytest.raises(NoSealingKey):
        rotate_keys()

    assert SpotifyToken.objects.by_key() == {key_id(OLD): 1}


# Beside others who write


@contextmanager
def before_each_write(happens: Callable[[], None]) -> Iterator[None]:
    """Let something happen in the moment between reading a token and writing it."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "spotifytoken" in sql:
            happens()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def interrupt_on(number: int) -> Callable[[], None]:
    writes = iter(range(1, 1000))

    def interrupt() -> None:
        if next(writes) == number:
            raise KeyboardInterrupt

    return interrupt


def elsewhere(act: Callable[[], object]) -> None:
    """Do it on a connection of its own, to the end."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join(timeout=90)
    assert not thread.is_alive()
    assert failed == []


@commits
def test_a_token_that_was_refreshed_after_it_was_read_is_not_overwritten(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.rotate_refresh_tokens = True
    account = connect(user, spotify)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    with before_each_write(once(lambda: elsewhere(lambda: accounts.refresh(account)))):
        rotation = rotate_keys()

    assert spotify.count("/api/token") == 1
    assert rotation.rotated == 0
    assert SpotifyToken.objects.get().version == 2
    assert rotation.keys == [KeyUse(key_id(NEW), "newest", 1)], "the refresh sealed it"
    assert accounts.refresh(account).version == 3, "with the refresh token of the last refresh"


@commits
def test_what_a_stale_worker_refreshed_meanwhile_stays_and_is_told(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.rotate_refresh_tokens = True
    account = connect(user, spotify)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]
    code = """
from django_spotify_sync import accounts
from django_spotify_sync.models import SpotifyAccount
accounts.refresh(SpotifyAccount.objects.get())
"""
    old_settings = {**spotify.settings, "SPOTIFY_SYNC_FERNET_KEYS": [OLD]}

    with before_each_write(once(lambda: in_processes(1, code, **old_settings))):
        rotation = rotate_keys()

    assert (rotation.rotated, rotation.left) == (0, 1)
    assert rotation.keys[1] == KeyUse(key_id(OLD), "retired", 1)
    assert rotate_keys().left == 0
    assert accounts.refresh(account).version == 3


@commits
def test_a_token_of_a_new_connection_is_not_overwritten_though_its_version_is_the_same(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    account = connect(user, spotify)
    SpotifyToken.objects.update(version=1)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]
    fresh: list[str] = []

    def connect_anew() -> None:
        SpotifyToken.objects.all().delete()
        settings.SPOTIFY_SYNC_FERNET_KEYS = [OLD]  # by a worker that has not heard of the new key
        connect(user, spotify)
        SpotifyToken.objects.update(version=1)
        fresh.append(opened()[account.pk])
        settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]

    with before_each_write(once(lambda: elsewhere(connect_anew))):
        rotate_keys()

    assert SpotifyToken.objects.get().version == 1
    assert opened() == {account.pk: fresh[0]}


@commits
def test_a_refresh_under_way_does_not_lose_what_it_got(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.rotate_refresh_tokens = True
    account = connect(user, spotify)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW, OLD]
    rotated: list[int] = []
    spotify.faults.add(
        "/api/token",
        before=lambda _: elsewhere(lambda: rotated.append(rotate_keys().rotated)),
    )

    accounts.refresh(account)

    assert rotated == [1], "while Spotify was being asked"
    assert SpotifyToken.objects.get().version == 2
    assert accounts.refresh(account).version == 3, "with the refresh token of the last refresh"


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Do it the first time only."""
    todo = [act]

    def happens() -> None:
        if todo:
            todo.pop()()

    return happens


ROTATE_AND_REFRESH = """
from django_spotify_sync import accounts
from django_spotify_sync.upkeep.keys import rotate_keys
from django_spotify_sync.models import SpotifyAccount

for account in SpotifyAccount.objects.order_by("?"):
    accounts.refresh(account)
    rotate_keys()
print(rotate_keys().left)
"""


@commits
def test_processes_that_rotate_and_refresh_at_once_leave_every_grant_good(
    django_user_model: Any, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.rotate_refresh_tokens = True
    everybody = [
        connect(
            django_user_model.objects.create_user(username=f"user {number}"),
            spotify,
            spotify.add_user(f"user{number}"),
        )
        for number in range(6)
    ]
    keys = {"SPOTIFY_SYNC_FERNET_KEYS": [NEW, OLD]}

    printed = in_processes(3, ROTATE_AND_REFRESH, **spotify.settings, **keys)

    assert printed == ["0"] * 3
    settings.SPOTIFY_SYNC_FERNET_KEYS = [NEW]
    for account in everybody:
        accounts.refresh(account)
    assert set(SpotifyAccount.objects.values_list("status", flat=True)) == {"connected"}
