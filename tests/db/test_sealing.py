from __future__ import annotations

import base64

import pytest
from cryptography.fernet import Fernet

from django_spotify_sync.db.sealing import KeyRing, key_id
from django_spotify_sync.exceptions import NoSealingKey, SealBroken, UnknownSealingKey
from django_spotify_sync.secret import Secret
from tests.kit.leaks import chain, shown_by

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def ring_of(keys):
    return KeyRing([Secret(key) for key in keys])


def test_what_is_sealed_can_be_unsealed():
    ring = ring_of([NEW])

    sealed = ring.seal(b"two tokens")

    assert b"two tokens" not in sealed
    assert ring.unseal(sealed, ring.newest) == b"two tokens"


def test_the_same_is_never_sealed_alike():
    ring = ring_of([NEW])

    assert ring.seal(b"x") != ring.seal(b"x")


def test_the_newest_key_seals_and_an_old_one_still_unseals():
    before = ring_of([OLD])
    sealed = before.seal(b"two tokens")

    ring = ring_of([NEW, OLD])

    assert ring.newest == key_id(NEW)
    assert key_id(OLD) in ring
    assert ring.unseal(sealed, before.newest) == b"two tokens"
    assert ring_of([NEW]).unseal(ring.seal(b"y"), ring.newest) == b"y"


def test_a_key_that_is_gone_is_said_loudly():
    before = ring_of([OLD])
    sealed = before.seal(b"two tokens")

    with pytest.raises(UnknownSealingKey, match=f"key {before.newest}") as caught:
        ring_of([NEW]).unseal(sealed, before.newest)

    assert NEW not in shown_by(caught.value)
    assert key_id(OLD) not in ring_of([NEW])


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: b"",
        lambda sealed: b"two tokens",
        lambda sealed: b"\xff\x00",
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[: len(sealed) // 2],
        lambda sealed: sealed[:20] + (b"A" if sealed[20:21] != b"A" else b"B") + sealed[21:],
    ],
)
def test_what_was_damaged_is_broken_and_never_plain(damage):
    ring = ring_of([NEW])

    with pytest.raises(SealBroken):
        ring.unseal(damage(ring.seal(b"two tokens")), ring.newest)


def test_what_another_key_sealed_is_broken():
    ring = ring_of([NEW, OLD])

    with pytest.raises(SealBroken):
        ring.unseal(ring_of([OLD]).seal(b"two tokens"), key_id(NEW))


@pytest.mark.parametrize("keys", [[], (), iter([])])
def test_without_a_key_nothing_is_sealed(keys):
    with pytest.raises(NoSealingKey, match="spotify_generate_key"):
        ring_of(keys)


NO_KEYS = [
    "not-a-key-but-a-secret",
    NEW[:-2],
    NEW + NEW,
    f"{NEW},{OLD}",
    "k" * 44,
    "ключ",
    "half \ud800 a key",
    "",
]


@pytest.mark.parametrize(
    "wrong", [*NO_KEYS, NEW.encode(), None, 12_345_678, ["a list"]], ids=lambda wrong: "key"
)
def test_what_is_no_fernet_key_is_refused_without_being_shown(wrong):
    with pytest.raises(NoSealingKey, match=r"^Key 2 of SPOTIFY_SYNC_FERNET_KEYS is no ") as caught:
        ring_of([NEW, wrong, OLD])

    shown = shown_by(caught.value)
    assert len(list(chain(caught.value))) == 1, (
        "The error of another library shows what it was given."
    )
    for secret in (NEW, OLD, wrong):
        assert not secret or repr(secret).strip("'") not in shown


def test_the_id_of_a_key_tells_keys_apart_and_nothing_else():
    assert key_id(NEW) != key_id(OLD)
    assert len(key_id(NEW)) == 12
    assert key_id(NEW) not in NEW


@pytest.mark.parametrize("end", ["\n", "\r\n", " "])
def test_a_line_end_that_came_along_with_a_key_makes_no_other_key(end):
    sealed = ring_of([NEW + end]).seal(b"two tokens")

    ring = ring_of([NEW])

    assert ring.unseal(sealed, ring_of([NEW + end]).newest) == b"two tokens"
    assert ring_of([NEW, NEW + end]).newest == ring.newest


WEAK = base64.urlsafe_b64encode(b"a" * 32).decode()


def test_a_weak_key_seals_nothing_and_says_so_to_the_operator():
    ring = ring_of([WEAK])

    with pytest.raises(NoSealingKey, match=r"not random.*spotify_generate_key") as caught:
        ring.seal(b"two tokens")

    assert WEAK not in shown_by(caught.value)


def test_what_a_weak_key_sealed_can_be_opened_and_sealed_anew():
    sealed = Fernet(WEAK).encrypt(b"two tokens")
    ring = ring_of([NEW, WEAK])

    assert ring.unseal(sealed, key_id(WEAK)) == b"two tokens"
    assert ring.unseal(ring.seal(b"two tokens"), key_id(NEW)) == b"two tokens"


def test_no_generated_key_is_weak():
    for _ in range(200):
        ring_of([Fernet.generate_key().decode()]).ensure_strong()
