"""Names of files."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.export.names import (
    Names,
    exportify,
    exportify_net,
    numbered,
    safe,
    underscored,
)

#: Playlists' names, and what the two exporters call their files.
NAMED = {
    "Mix": ("mix", "Mix"),
    "Road Trip, 2024": ("road_trip_2024", "Road_Trip,_2024"),
    'a/b\\c:d*e?f"g<h>i|j': ("a_b_c_d_e_f_g_h_i_j", "abcdefghij"),
    "Żółć — шум 🎈": ("żółć_—_шум_🎈", "Żółć_—_шум_🎈"),
    "שלום": ("שלום", "שלום"),
    "...": ("_", "id1"),
    "///": ("_", "id1"),
    "": ("id1", "id1"),
    " ": ("_", "_"),
    "../../etc/passwd": ("_etc_passwd", "etcpasswd"),
    ".hidden": ("_hidden", "hidden"),
    "a\0b\nc\x7fd": ("a_b_c_d", "ab_cd"),
    "fdp\u202egpj.exe": ("fdpgpj_exe", "fdpgpj.exe"),
    "CON": ("con_", "CON_"),
    "nul.txt": ("nul_txt", "nul.txt_"),
    "console": ("console", "console"),
}


@pytest.mark.parametrize("name", NAMED, ids=ascii)
def test_files_are_called_as_the_exporters_call_them(name: str) -> None:
    small, kept = NAMED[name]

    assert Names(exportify, numbered).of(name, "id1") == small
    assert Names(exportify_net, underscored).of(name, "id1") == kept


def test_no_two_files_are_one_whatever_the_file_system_makes_of_letters() -> None:
    small, kept = Names(exportify, numbered), Names(exportify_net, underscored)
    composed, apart = "É", unicodedata.normalize("NFD", "é")

    assert [small.of("Mix", "") for _ in range(3)] == ["mix", "mix (1)", "mix (2)"]
    lists = ("Mix", "mix", "MIX", "Mix_")
    assert [kept.of(name, "") for name in lists] == ["Mix", "mix_", "MIX__", "Mix___"]
    assert kept.of(composed, "") != kept.of(apart, "")


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_every_file_system_takes_a_name(name: str) -> None:
    for names in (Names(exportify, numbered), Names(exportify_net, underscored)):
        for made in (names.of(name, "id1"), names.of(name, "id1")):
            assert 0 < len(f"{made}.m3u8".encode()) <= 255
            assert not set(made) & set('/\\:*?"<>|\0\r\n')
            assert not made.startswith(".")
            assert safe(made) == made


def test_a_long_name_is_cut_between_letters() -> None:
    assert safe("я" * 300) == "я" * 100
