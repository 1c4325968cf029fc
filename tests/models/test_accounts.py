from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing, key_id
from django_spotify_sync.exceptions import NoSealingKey, SealBroken, UnknownSealingKey
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import Consent, Tokens, six_months_after
from django_spotify_sync.secret import Secret
from tests.kit.reports import told

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def account_of(user: Any, spotify_id: str = "ada", **values: Any) -> SpotifyAccount:
    return SpotifyAccount.objects.create(
        user=user, spotify_id=spotify_id, authorized_at=NOW, reauthorize_by=NOW, **values
    )


def token_of(account: SpotifyAccount, access: str = "hush", refresh: str = "hush2") -> SpotifyToken:
    token = SpotifyToken(account=account, expires_at=timezone.now())
    token.seal(Tokens(Secret(access), Secret(refresh)))
    token.save()
    return SpotifyToken.objects.get(pk=token.pk)


# Sealing


@pytest.mark.parametrize("length", [1, 300, 5_000, 200_000])
def test_tokens_of_any_length_come_back(user: Any, length: int) -> None:
    token = token_of(account_of(user), "a" * length, "é" * length)

    tokens = token.unseal()

    assert tokens == Tokens(Secret("a" * length), Secret("é" * length))
    assert b"aaaaaaaaaa" not in bytes(token.sealed)


def test_a_row_that_was_swapped_does_not_unseal(user: Any, other_user: Any) -> None:
    mine, theirs = (
        token_of(account_of(user, "ada"), "hush-mine"),
        token_of(account_of(other_user, "grace"), "hush-theirs"),
    )
    SpotifyToken.objects.filter(pk=mine.pk).update(sealed=theirs.sealed, key_id=theirs.key_id)
    mine.refresh_from_db()

    with pytest.raises(SealBroken) as caught:
        mine.unseal()

    assert "hush" not in told(caught.value)


def test_a_row_moved_to_another_account_does_not_unseal(user: Any, other_user: Any) -> None:
    mine, other = token_of(account_of(user, "ada")), account_of(other_user, "grace")
    SpotifyToken.objects.filter(pk=mine.pk).update(account=other)

    with pytest.raises(SealBroken):
        SpotifyToken.objects.get(pk=other.pk).unseal()


def test_a_row_whose_account_became_another_spotify_account_does_not_unseal(user: Any) -> None:
    token = token_of(account_of(user, "ada"))
    SpotifyAccount.objects.update(spotify_id="grace")
    token.account.refresh_from_db()

    with pytest.raises(SealBroken):
        token.unseal()


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x02rest", b"\x01not fernet"])
def test_a_damaged_column_is_loud(user: Any, damage: bytes) -> None:
    token = token_of(account_of(user))
    token.sealed = damage

    with pytest.raises(SealBroken):
        token.unseal()


def test_every_bit_counts(user: Any) -> None:
    token = token_of(account_of(user))
    whole = bytearray(token.sealed)
    for place in (0, 1, 20, len(whole) // 2):
        changed = whole.copy()
        changed[place] ^= 1
        token.sealed = bytes(changed)
        with pytest.raises(SealBroken):
            token.unseal()


@pytest.mark.parametrize("left", [0.0, 0.1, 0.5, 0.99])
def test_a_column_that_was_cut_is_loud(user: Any, left: float) -> None:
    token = token_of(account_of(user))
    SpotifyToken.objects.update(sealed=bytes(token.sealed)[: int(len(token.sealed) * left)])

    with pytest.raises(SealBroken):
        SpotifyToken.objects.get().unseal()


@pytest.mark.parametrize("version", [0, 2, ord("g"), 255])
def test_what_another_version_sealed_is_loud(user: Any, version: int) -> None:
    token = token_of(account_of(user))
    SpotifyToken.objects.update(sealed=bytes([version]) + bytes(token.sealed)[1:])

    with pytest.raises(SealBroken):
        SpotifyToken.objects.get().unseal()


def test_a_row_that_names_another_key_is_loud(user: Any, settings: Any) -> None:
    token_of(account_of(user))
    other = Fernet.generate_key().decode()
    settings.SPOTIFY_SYNC_FERNET_KEYS = [*settings.SPOTIFY_SYNC_FERNET_KEYS, other]

    for name, error in ((key_id(other), SealBroken), ("", UnknownSealingKey)):
        SpotifyToken.objects.update(key_id=name)
        with pytest.raises(error):
            SpotifyToken.objects.get().unseal()


def test_a_seal_of_the_same_key_that_holds_no_tokens_is_loud(user: Any) -> None:
    token = token_of(account_of(user))
    ring = KeyRing(conf.fernet_keys)

    for plain in (b"", b"hush", b"[]", b"{}", b'{"account": 1, "access": "hush"}'):
        token.sealed = b"\x01" + ring.seal(plain)
        with pytest.raises(SealBroken) as caught:
            token.unseal()
        assert "hush" not in told(caught.value)


def test_a_key_that_is_gone_is_loud(user: Any, settings: Any) -> None:
    token = token_of(account_of(user))
    settings.SPOTIFY_SYNC_FERNET_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(UnknownSealingKey, match=token.key_id):
        token.unseal()


def test_an_older_key_still_unseals_and_the_newest_seals(user: Any, settings: Any) -> None:
    token = token_of(account_of(user))
    newer = Fernet.generate_key().decode()
    settings.SPOTIFY_SYNC_FERNET_KEYS = [newer, *settings.SPOTIFY_SYNC_FERNET_KEYS]

    tokens, older = token.unseal(), token.key_id
    token.seal(tokens)

    assert token.key_id != older
    settings.SPOTIFY_SYNC_FERNET_KEYS = newer  # a single key need not be a list
    assert token.unseal() == tokens


@pytest.mark.parametrize("keys", [[], ["not-a-key-but-hush"], ["{good}", "not-a-key-but-hush"]])
def test_no_usable_key_is_loud_and_shows_nothing(user: Any, settings: Any, keys: list[str]) -> None:
    [good] = settings.SPOTIFY_SYNC_FERNET_KEYS
    settings.SPOTIFY_SYNC_FERNET_KEYS = [key.format(good=good) for key in keys]
    token = SpotifyToken(account=account_of(user), expires_at=NOW)

    with pytest.raises(NoSealingKey) as caught:
        token.seal(Tokens(Secret("hush"), Secret("hush")))

    assert "hush" not in told(caught.value)
    assert good not in told(caught.value)
    assert not token.sealed


def test_what_is_sealed_names_its_account(user: Any, settings: Any) -> None:
    token = token_of(account_of(user))
    [key] = settings.SPOTIFY_SYNC_FERNET_KEYS

    plain = json.loads(Fernet(key).decrypt(bytes(token.sealed)[1:]))

    assert plain == {
        "account": token.account_id,
        "spotify_id": "ada",
        "access": "hush",
        "refresh": "hush2",
    }


def test_neither_repr_nor_str_shows_a_token(user: Any) -> None:
    token = token_of(account_of(user))

    shown = f"{token!r} {token} {token.unseal()!r} {vars(token)!r}"

    assert "hush" not in shown


@pytest.mark.parametrize(("seconds", "expiring"), [(-10, True), (55, True), (65, False)])
def test_a_token_expires_a_minute_early(user: Any, seconds: int, expiring: bool) -> None:
    token = SpotifyToken(expires_at=timezone.now() + timedelta(seconds=seconds))

    assert token.is_expiring is expiring


# Accounts


@pytest.mark.parametrize(
    ("consent", "end"),
    [
        ("2026-01-15", "2026-07-15"),
        ("2026-08-31", "2027-02-28"),
        ("2027-08-31", "2028-02-29"),
        ("2027-08-30", "2028-02-29"),
        ("2026-03-31", "2026-09-30"),
        ("2026-12-31", "2027-06-30"),
        ("2026-07-01", "2027-01-01"),
        ("2028-02-29", "2028-08-29"),
    ],
)
def test_six_calendar_months(consent: str, end: str) -> None:
    at = "T12:34:56.789+00:00"
    assert six_months_after(datetime.fromisoformat(consent + at)).isoformat() == (
        datetime.fromisoformat(end + at).isoformat()
    )


@pytest.mark.parametrize(
    ("now", "given"),
    [
        ("2026-07-08", "2026-01-15"),
        ("2026-08-24", "2026-02-28"),
        ("2028-08-24", "2028-02-29"),
        ("2026-01-01", "2025-07-08"),
    ],
)
def test_a_consent_of_which_nothing_is_known(now: str, given: str) -> None:
    """It ends when users are told for the last time: a week from now, so it was given nearly six months ago."""
    moment = datetime.fromisoformat(f"{now}T12:34:56.789+00:00")

    consent = Consent.unknown(moment)

    assert consent.is_estimated
    assert consent.ends_at == moment + timedelta(days=7)
    assert consent.given_at == datetime.fromisoformat(f"{given}T12:34:56.789+00:00")


@pytest.mark.parametrize(
    "values", [{"spotify_id": "ada"}, {"spotify_id": "x", "spotify_account_id": "acct"}]
)
def test_a_spotify_account_is_held_once(user: Any, other_user: Any, values: dict[str, str]) -> None:
    account_of(user, "ada", spotify_account_id="acct")

    with pytest.raises(IntegrityError):
        account_of(other_user, **values)


def test_a_disconnected_account_holds_on_to_nothing(user: Any, other_user: Any) -> None:
    account_of(user, "ada", spotify_account_id="acct", status="disconnected")

    account = account_of(other_user, "ada", spotify_account_id="acct")

    assert list(SpotifyAccount.objects.linked()) == [account]


def test_states_of_an_account(user: Any, other_user: Any) -> None:
    mine = account_of(user, "ada")
    lost = account_of(other_user, "grace", status="reauthorization_required")

    assert list(SpotifyAccount.objects.connected()) == [mine]
    assert set(SpotifyAccount.objects.linked()) == {mine, lost}
    assert SpotifyAccount.objects.get_for_user(user) == mine


def test_nobody_has_no_account() -> None:
    class Nobody:
        pk = None

    assert SpotifyAccount.objects.get_for_user(Nobody()) is None


def test_what_an_account_is_called(user: Any) -> None:
    account = account_of(user, "ada")
    assert str(account) == "ada (connected)"

    account.display_name = "Ada L."
    assert str(account) == "Ada L. (connected)"
    assert account.get_absolute_url() == "https://open.spotify.com/user/ada"


def test_scopes_are_those_agreed_to(user: Any) -> None:
    account = account_of(user)
    assert account.scopes == []

    token_of(account)
    SpotifyToken.objects.update(scope="user-library-read playlist-read-private")
    assert account.scopes == ["playlist-read-private", "user-library-read"]


def test_deleting_the_user_deletes_the_token(user: Any) -> None:
    token_of(account_of(user))

    user.delete()

    assert not SpotifyToken.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM spotify_sync_spotifyaccount")
        assert cursor.fetchone() == (0,)


# The end of a grant


def test_which_scopes_are_missing(user: Any, settings: Any) -> None:
    account = account_of(user)
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    assert account.missing_scopes == ["user-library-read", "user-follow-read"]

    token_of(account)
    SpotifyToken.objects.update(scope="playlist-read-private user-library-read")
    assert account.missing_scopes == ["user-follow-read"]

    settings.SPOTIFY_SYNC_SCOPES = ["user-library-read"]
    assert account.missing_scopes == []


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=30), 30),
        (timedelta(days=29, hours=23), 29),
        (timedelta(hours=23), 0),
        (timedelta(0), 0),
        (timedelta(days=-9), 0),
    ],
)
def test_how_many_days_are_left(
    user: Any, monkeypatch: pytest.MonkeyPatch, left: timedelta, days: int
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW - left)

    assert account_of(user).days_left == days


@pytest.mark.parametrize(
    ("status", "days", "notice", "soon"),
    [
        ("connected", 31, [30, 7], False),
        ("connected", 30, [7, 30], True),
        ("connected", 1, [30, 7], True),
        ("connected", 8, [7], False),
        ("connected", 1, [], False),
        ("suspect", 1, [30, 7], False),
        ("reauthorization_required", 1, [30, 7], False),
        ("disconnected", 1, [30, 7], False),
    ],
)
def test_whether_the_end_is_near(
    user: Any, settings: Any, status: str, days: int, notice: list[int], soon: bool
) -> None:
    settings.SPOTIFY_SYNC_GRANT_NOTICE = [timedelta(days=one) for one in notice]
    account = account_of(user, status=status)
    account.reauthorize_by = timezone.now() + timedelta(days=days)

    assert account.is_expiring_soon is soon
