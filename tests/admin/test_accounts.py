"""Accounts as the admin shows them, and finds them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from django_spotify_sync.models import SavedEpisode, SavedTrack, SpotifyAccount, SyncRun, Track
from tests.kit.administering import address, fill, text_of
from tests.kit.libraries import account_of, save

pytestmark = pytest.mark.django_db


def test_an_account_shows_its_user_counts_and_last_runs(staff: Client, user: Any) -> None:
    account = fill(user, rows=2)
    SyncRun.objects.create(account=account, resource="tracks", status="failed", trigger="user")
    last = SyncRun.objects.create(account=account, resource="playlists", trigger="user")

    for page in (
        text_of(staff, SpotifyAccount, "changelist"),
        text_of(staff, SpotifyAccount, "change", account.pk),
    ):
        assert "Saved tracks: 2<" in page
        assert "Followed artists: 2<" in page
        assert "Saved albums: 2<" in page
        assert "Saved audiobooks: 2<" in page
        assert f"?account__id__exact={account.pk}" in page
        assert address(SyncRun, "change", last.pk) in page
        assert 'is-bad">failed' in page
        assert "ada" in page


def test_what_is_not_synced_and_not_stored_is_left_out(
    staff: Client, user: Any, settings: Any
) -> None:
    account = account_of(user)

    def says_episodes() -> bool:
        return "Saved episodes: " in text_of(staff, SpotifyAccount, "change", account.pk)

    assert not says_episodes()
    SavedEpisode.objects.create(account=account, spotify_id="left over")
    assert says_episodes()
    SavedEpisode.objects.all().delete()
    settings.SPOTIFY_SYNC_RESOURCES = ["episodes"]
    assert says_episodes()


@pytest.mark.parametrize(
    ("days", "kind"),
    [(100, "4\N{NO-BREAK SPACE}months old"), (20, "is-busy"), (-1, 'is-bad">ended')],
)
def test_a_grant_that_ends_soon_is_seen(staff: Client, user: Any, days: int, kind: str) -> None:
    now = timezone.now()
    account_of(
        user,
        authorized_at=now - timedelta(days=125),
        reauthorize_by=now + timedelta(days=days, hours=1),
    )

    page = text_of(staff, SpotifyAccount, "changelist")

    assert kind in page
    assert ("is-busy" in page) == (days == 20)


@pytest.mark.parametrize("days", [6, -20])
def test_an_end_that_nobody_knows_is_shown_as_none(staff: Client, user: Any, days: int) -> None:
    end = timezone.now() + timedelta(days=days)
    account_of(user, reauthorize_by=end, reauthorize_by_estimated=True)

    assert 'is-busy">may end any day' in text_of(staff, SpotifyAccount, "changelist")
    assert "user ada" in text_of(staff, SpotifyAccount, "changelist", grant="7")
    assert "user ada" not in text_of(staff, SpotifyAccount, "changelist", grant="ended")


def test_accounts_are_filtered_by_the_end_of_their_grant(
    staff: Client, user: Any, other_user: Any
) -> None:
    now = timezone.now()
    account_of(user, reauthorize_by=now + timedelta(days=20))
    account_of(other_user, reauthorize_by=now - timedelta(days=1))

    def shown(**query: str) -> set[str]:
        page = text_of(staff, SpotifyAccount, "changelist", **query)
        return {name for name in ("ada", "grace") if f"user {name}" in page}

    assert shown(grant="30") == {"ada"}
    assert shown(grant="7") == set()
    assert shown(grant="ended") == {"grace"}
    assert shown(grant="9" * 30) == {"ada", "grace"}
    assert shown(status__exact="connected") == {"ada", "grace"}


@pytest.mark.parametrize("asked", ["ada", "spotify-ada", "Countess"])
def test_accounts_are_found_by_user_and_by_spotifys_names(
    staff: Client, user: Any, other_user: Any, asked: str
) -> None:
    account_of(user, display_name="Countess of Lovelace")
    account_of(other_user)

    page = text_of(staff, SpotifyAccount, "changelist", q=asked)

    assert "user ada" in page
    assert "user grace" not in page


ID = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.mark.parametrize(
    "asked",
    [
        ID,
        f"spotify:track:{ID}",
        f"https://open.spotify.com/track/{ID}?si=abc",
        f"https://open.spotify.com/intl-de/track/{ID}",
    ],
)
@pytest.mark.parametrize("model", [Track, SavedTrack])
def test_a_spotify_id_or_address_is_looked_up_and_not_searched_for(
    staff: Client, user: Any, model: Any, asked: str
) -> None:
    account = account_of(user)
    saved, _ = save(account, spotify_id=ID), save(account)
    Track.objects.filter(pk=saved.track_id).update(spotify_id=ID)

    with CaptureQueriesContext(connection) as captured:
        page = text_of(staff, model, "changelist", q=asked)

    assert page.count('<th class="field') == 1
    assert not [one for one in captured if "LIKE" in one["sql"].upper()]


# A host's own admin


class HostAdmin(admin.AdminSite):
    """A host's own admin, which shows its users beside what the package registered."""

    def __init__(self) -> None:
        super().__init__()
        self._registry.update(admin.site._registry)
        self.register(get_user_model())


urlpatterns = [path("admin/", HostAdmin().urls)]


@pytest.mark.urls(__name__)
def test_a_user_whom_the_host_shows_is_linked(staff: Client, user: Any) -> None:
    account = fill(user)

    page = staff.get(f"/admin/spotify_sync/spotifyaccount/{account.pk}/change/")

    assert f'<a href="/admin/host/user/{user.pk}/change/">ada</a>' in page.content.decode()


@pytest.mark.urls(__name__)
def test_a_user_is_deleted_with_all_that_is_theirs(staff: Client, user: Any) -> None:
    fill(user, rows=2)

    page = staff.get(f"/admin/host/user/{user.pk}/delete/")
    done = staff.post(f"/admin/host/user/{user.pk}/delete/", {"post": "yes"})

    assert page.status_code == 200
    assert "doesn’t have permission" not in page.content.decode()
    assert done.status_code == 302
    assert not SpotifyAccount.objects.exists()
    assert not SavedTrack.objects.exists()
