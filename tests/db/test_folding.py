"""A text as search looks for it: what is the same, and what is not."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.db.folding import folded

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
IOTA_BELOW = "\u0345"  # in capitals it stands beside its letter, and so is no accent any more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Blue", "blue"),
        ("  Blue \t in\nGreen ", "blue in green"),
        ("100% _Rain_ \\ O'Hara", "100% _rain_ \\ o'hara"),
        # capitals
        ("ТЫСЯЧА", "тысяча"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Σίσυφος", "σισυφοσ"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ẞ", "ss"),
        # accents
        ("Für Elise", "fur elise"),
        ("Beyonce\u0301", "beyonce"),
        ("Beyonc\u00e9", "beyonce"),
        ("четвёртый", "четвертыи"),
        ("Четвертый", "четвертыи"),
        ("Motörhead", "motorhead"),
        ("Sigur Rós", "sigur ros"),
        ("Tiësto", "tiesto"),
        ("Şımarık", "simarik"),
        ("Dvořák", "dvorak"),
        ("Trịnh Công Sơn", "trinh cong son"),
        ("اَلْعَرَبِيَّة", "العربية"),
        ("שָׁלוֹם", "שלום"),
        # letters of their own
        ("MØ", "mo"),
        ("Łąki Łan", "laki lan"),
        ("Đorđe", "dorde"),
        ("Ólafur Arnalds: Þú ert sólin, það", "olafur arnalds: thu ert solin, thad"),
        ("Ænima", "aenima"),
        ("Œuvre", "oeuvre"),
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "isparta"),
        ("ısparta", "isparta"),
        ("ħobż", "hobz"),
        # the same to a reader
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("ﬁne", "fine"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("Nº 1", "no 1"),
        ("Don’t “stop” — ever", 'don\'t "stop" - ever'),
        ("re\u00admix", "remix"),
        ("❤\ufe0f", "❤"),
        ("👩\u200d🎤", "👩🎤"),
        ("non\u00a0breaking", "non breaking"),
        ("´", ""),
    ],
)
def test_it_is_folded(text, expected):
    assert folded(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("か", "が"), ("は", "ぱ"), ("ดุ", "ดู"), ("कि", "की"), ("한", "하"), ("o", "0"), ("e", "е")],
)
def test_what_is_another_letter_stays_another(one, other):
    assert folded(one) != folded(other)


LETTERS = st.text(
    st.characters(exclude_categories=["Cs", "Cn"], exclude_characters=[IOTA_BELOW]), max_size=20
)


@given(LETTERS)
def test_whoever_writes_it_however_it_is_the_same(text):
    text = "".join(one for one in text if IOTA_BELOW not in unicodedata.normalize("NFD", one))
    once = folded(text)

    assert folded(once) == once
    for form in FORMS:
        assert folded(unicodedata.normalize(form, text)) == once


@given(LETTERS, LETTERS)
def test_what_contains_a_word_contains_it_folded(before, word):
    """A name cut between words, that is: a mark at a word's begin would belong to the letter before it."""
    assert folded(word) in folded(f"{before} {word}")


def test_it_is_never_much_longer():
    """Nothing becomes longer than the 18 letters of the longest ligature, whatever is written."""
    assert len(folded("\ufdfa" * 100)) <= 100 * 18


@pytest.mark.exhaustive
def test_every_character_is_folded_once_for_all_in_any_form_and_case():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cs", "Cn"):
            continue
        once = folded(character)
        assert folded(once) == once, hex(code)
        for form in FORMS:
            assert folded(unicodedata.normalize(form, character)) == once, (hex(code), form)
        if IOTA_BELOW not in unicodedata.normalize("NFD", character):
            for other in (character.upper(), character.lower(), character.title()):
                assert folded(other) == once, (hex(code), other)
