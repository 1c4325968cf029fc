"""The admin is for reading, and tokens are nowhere in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.accounts import Tokens
from django_spotify_sync.secret import Secret
from tests.browsing import browser_of
from tests.libraries import EPOCH, account_of, save

pytestmark = pytest.mark.django_db

MODELS = [model for model in admin.site._registry if model._meta.app_label == "spotify_sync"]
names = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)


@pytest.fixture
def staff(django_user_model: Any) -> Client:
    return browser_of(django_user_model.objects.create_superuser("boss", password="boss"))


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:spotify_sync_{model._meta.model_name}_{page}", args=args)


def fill(user: Any, rows: int = 1) -> SpotifyAccount:
    """Put rows into every table that the admin shows."""
    account = SpotifyAccount.objects.filter(user=user).first() or account_of(user)
    SyncState.objects.get_or_create(account=account, resource="tracks")
    for _ in range(rows):
        saved = save(account)
        assert saved.track
        number = saved.rank
        run = SyncRun.objects.create(
            account=account, resource="tracks", trigger="user", finished_at=EPOCH
        )
        SyncRun.objects.filter(pk=run.pk).update(claim="5ec4e7c1-a111-4111-8111-111111111111")
        playlist = Playlist.objects.create(spotify_id=f"playlist-{number}", name="Playlist")
        AccountPlaylist.objects.create(account=account, playlist=playlist, position=number)
        PlaylistItem.objects.create(
            playlist=playlist, position=0, kind="track", track=saved.track, title="Item"
        )
        artist = saved.track.artists.order_by("pk")[0]
        FollowedArtist.objects.create(account=account, artist=artist, position=number)
    return account


def test_every_table_is_shown_but_those_of_links_pages_and_tokens() -> None:
    hidden = {model.__name__ for model in apps.get_app_config("spotify_sync").get_models()}

    hidden -= {model.__name__ for model in MODELS}

    assert hidden == {"SpotifyToken", "StagedPage", "AlbumArtist", "TrackArtist"}


@names
def test_pages_open(staff: Client, user: Any, model: Any) -> None:
    fill(user, rows=2)
    row = model.objects.order_by("pk").first()

    changelist = staff.get(address(model, "changelist"))
    found = staff.get(address(model, "changelist"), {"q": "a"})
    change = staff.get(address(model, "change", row.pk))
    history = staff.get(address(model, "history", row.pk))

    assert [page.status_code for page in (changelist, found, change, history)] == [200] * 4


@names
def test_nothing_is_added_changed_or_deleted_by_hand(staff: Client, user: Any, model: Any) -> None:
    fill(user)
    row = model.objects.order_by("pk").first()
    before = model.objects.values().get(pk=row.pk)

    answers = [
        staff.get(address(model, "add")),
        staff.post(address(model, "add"), {"name": "x"}),
        staff.post(address(model, "change", row.pk), {"name": "x", "status": "disconnected"}),
        staff.get(address(model, "delete", row.pk)),
        staff.post(address(model, "delete", row.pk), {"post": "yes"}),
    ]
    staff.post(
        address(model, "changelist"),
        {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"},
    )

    assert [answer.status_code for answer in answers] == [403] * 5
    assert model.objects.values().get(pk=row.pk) == before
    page = staff.get(address(model, "changelist")).content.decode()
    assert "delete_selected" not in page


@names
@pytest.mark.parametrize("view", ["changelist", "change"])
def test_more_rows_cost_no_more_queries(
    staff: Client, user: Any, other_user: Any, model: Any, view: str
) -> None:
    def queries() -> int:
        args = [model.objects.order_by("pk").first().pk] if view == "change" else []
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(address(model, view, *args)).status_code == 200
        return len(captured)

    fill(user)
    queries()  # which fills what Django keeps of content types
    few = queries()
    fill(user, rows=5)
    fill(other_user, rows=5)

    assert queries() == few <= 12


def test_no_token_key_or_claim_is_shown(staff: Client, user: Any, settings: Any) -> None:
    account = fill(user)
    token = SpotifyToken(account=account, expires_at=EPOCH)
    token.seal(Tokens(Secret("hush-access"), Secret("hush-refresh")))
    token.save()
    secret = ["hush", token.key_id, *settings.SPOTIFY_SYNC_FERNET_KEYS, "5ec4e7c1"]
    secret += [bytes(token.sealed)[1:40].decode(), settings.SPOTIFY_SYNC_CLIENT_SECRET, "sealed"]

    pages = [reverse("admin:index"), reverse("admin:app_list", args=["spotify_sync"])]
    for model in MODELS:
        pages.append(address(model, "changelist"))
        pages += [address(model, "change", row.pk) for row in model._default_manager.all()]

    assert len(pages) > 2 * len(MODELS)
    for url in pages:
        page = staff.get(url).content.decode()
        assert not [word for word in secret if word in page], url


def test_who_may_view_and_no_more(django_user_model: Any, user: Any) -> None:
    account = fill(user)
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    client = browser_of(helper)
    url = address(SpotifyAccount, "change", account.pk)
    assert client.get(url).status_code == 403

    helper.user_permissions.add(
        Permission.objects.get(codename="view_spotifyaccount"),
        Permission.objects.get(codename="delete_spotifyaccount"),
    )

    assert client.get(url).status_code == 200
    assert client.post(address(SpotifyAccount, "delete", account.pk)).status_code == 403


class HostAdmin(admin.AdminSite):
    """A host's own admin, which shows its users beside what the package registered."""

    def __init__(self) -> None:
        super().__init__()
        self._registry.update(admin.site._registry)
        self.register(get_user_model())


urlpatterns = [path("admin/", HostAdmin().urls)]


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
