"""Covers and names: of fixed size, loaded when seen, and no HTML."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone, translation

from django_spotify_sync.admin.looks import clock, lasted, number
from django_spotify_sync.models import (
    Album,
    LibraryChange,
    Playlist,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
    Track,
)
from tests.kit.administering import MODELS, address, fill, names, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1,234,567"), ("ru", "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567")],
)
def test_thousands_are_set_apart_as_the_language_does_it(language: str, said: str) -> None:
    with translation.override(language):
        assert number(1234567) == said
        assert number(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0:00"), (59.6, "1:00"), (3599, "59:59"), (90061, "25:01:01")]
)
def test_a_duration_has_minutes_and_where_there_are_any_hours(seconds: float, said: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == said


def test_a_moment_of_today_is_a_time_and_any_other_has_its_day() -> None:
    now = timezone.now()

    assert "/" not in clock(now)
    assert f"{now.year + 1}" in clock(now.replace(year=now.year + 1, day=1))


@names
def test_covers_are_lazy_and_of_fixed_size_and_nothing_is_inline(
    staff: Client, user: Any, model: Any
) -> None:
    """So that a strict Content-Security-Policy needs no exception for us."""
    fill(user)
    Album.objects.update(thumbnail_url="https://i.example/cover")

    page = text_of(staff, model, "changelist")
    table = page.partition('<table id="result_list"')[2].partition("</table>")[0]

    assert "spotify_sync/admin.css" in page
    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", table)
    for image in re.findall(r"<img class=.spotify-sync[^>]*>", table):
        assert 'loading="lazy"' in image
        assert 'width="40" height="40"' in image
        assert 'referrerpolicy="no-referrer"' in image
    if model in (Album, Track, SavedTrack):
        assert "https://i.example/cover" in table


def test_what_users_and_spotify_say_is_no_html(staff: Client, user: Any) -> None:
    evil = "<b onclick=x>"
    account = fill(user)
    SpotifyAccount.objects.update(display_name=evil, image_url=f"https://x/{chr(34)}{evil}")
    Track.objects.update(name=evil)
    Playlist.objects.update(name=evil, owner_name=evil)
    SyncRun.objects.update(error_code=evil, error_detail=evil, resource="tracks")
    LibraryChange.objects.update(title=evil, subtitle=evil, playlist_name=evil)
    get_user_model().objects.filter(pk=user.pk).update(username=evil)

    for model in MODELS:
        assert evil not in text_of(staff, model, "changelist")
        assert evil not in text_of(staff, model, "change", model.objects.order_by("pk")[0].pk)
    asked = {"action": "sync_everything", "_selected_action": account.pk}
    answer = staff.post(address(SpotifyAccount, "changelist"), asked, follow=True)
    assert "Asked for" in answer.content.decode()
    assert evil not in answer.content.decode()
