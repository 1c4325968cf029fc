"""The admin is for reading, and for asking on behalf of others; tokens are nowhere in it."""

from __future__ import annotations

import re
from datetime import timedelta
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
from django.utils import timezone

from django_spotify_sync.admin import account_actions, rows
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.models.accounts import Tokens
from django_spotify_sync.secret import Secret
from django_spotify_sync.tasks import sync_account
from django_spotify_sync.testing import FakeSpotify
from tests.browsing import browser_of
from tests.connecting import connect
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
    fill(user, rows=9)
    fill(other_user, rows=3)

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


# What is shown


def text_of(client: Client, *args: Any, **query: Any) -> str:
    return client.get(address(*args), query).content.decode()


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
        assert f"?account__id__exact={account.pk}" in page
        assert address(SyncRun, "change", last.pk) in page
        assert 'is-bad">failed' in page
        assert "ada" in page


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


def test_a_run_says_how_far_it_is_and_why_it_failed(staff: Client, user: Any) -> None:
    account = account_of(user)
    run = SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", status="running", done=30, total=120
    )
    failed = SyncRun.objects.create(
        account=account,
        resource="following",
        trigger="admin",
        status="failed",
        error_code="app_forbidden",
        error_detail="Look at the allow-list.",
        finished_at=EPOCH,
    )

    page = text_of(staff, SyncRun, "changelist")
    assert 'max="120" value="30"' in page
    assert "30 / 120" in page
    assert "?error=app_forbidden" in page
    assert address(SpotifyAccount, "change", account.pk) in page
    only = text_of(staff, SyncRun, "changelist", error="app_forbidden")
    assert address(SyncRun, "change", failed.pk) in only
    assert address(SyncRun, "change", run.pk) not in only
    assert "Look at the allow-list." in text_of(staff, SyncRun, "change", failed.pk)


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
    get_user_model().objects.filter(pk=user.pk).update(username=evil)

    for model in MODELS:
        assert evil not in text_of(staff, model, "changelist")
        assert evil not in text_of(staff, model, "change", model.objects.order_by("pk")[0].pk)
    asked = {"action": "sync_everything", "_selected_action": account.pk}
    answer = staff.post(address(SpotifyAccount, "changelist"), asked, follow=True)
    assert "Asked for" in answer.content.decode()
    assert evil not in answer.content.decode()


def test_a_table_of_any_size_is_counted_no_further_than_anybody_leafs(
    staff: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "COUNTED", 60)
    fill(user, rows=70)

    assert "60 saved tracks" in text_of(staff, SavedTrack, "changelist")


# What is asked for

ALL = {"tracks", "playlists", "following"}
SYNCS = {
    "sync_tracks": ({"tracks"}, False),
    "sync_playlists": ({"playlists"}, False),
    "sync_following": ({"following"}, False),
    "sync_everything": (ALL, False),
    "sync_in_full": (ALL, True),
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the runs that would be handed to the broker."""
    runs: list[int] = []
    monkeypatch.setattr(
        sync_account, "apply_async", lambda **options: runs.append(options["kwargs"]["run_id"])
    )
    return runs


def act(client: Client, action: str, *accounts: SpotifyAccount, **more: str) -> str:
    """Choose an action for accounts, as the list does; return the page that is shown then."""
    chosen = {"action": action, "_selected_action": [one.pk for one in accounts], "index": 0}
    if "confirmed" in more:
        del chosen["index"]
    answer = client.post(address(SpotifyAccount, "changelist"), chosen | more, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", SYNCS)
def test_a_sync_is_asked_for_and_its_run_is_linked(
    staff: Client, user: Any, other_user: Any, sent: list[int], action: str
) -> None:
    accounts = [account_of(user), account_of(other_user)]

    page = act(staff, action, *accounts)

    runs = SyncRun.objects.all()
    resources, full = SYNCS[action]
    assert {(run.account_id, run.resource) for run in runs} == {
        (one.pk, name) for one in accounts for name in resources
    }
    assert {(run.trigger, run.status, run.full) for run in runs} == {("admin", "queued", full)}
    assert sorted(sent) == sorted(run.pk for run in runs)
    for run in runs:
        assert f'<a href="{address(SyncRun, "change", run.pk)}">#{run.pk}' in page
    history = text_of(staff, SpotifyAccount, "history", accounts[0].pk)
    assert "Asked for a sync." in history


@pytest.mark.django_db(transaction=True)
def test_who_cannot_be_synced_is_named_and_keeps_nobody_else_waiting(
    staff: Client, user: Any, django_user_model: Any, sent: list[int]
) -> None:
    refused = {
        status: account_of(django_user_model.objects.create_user(f"is_{status}"), status=status)
        for status in ("reauthorization_required", "disconnected")
    }
    good = account_of(user)
    live = SyncRun.objects.create(
        account=good,
        resource="tracks",
        trigger="user",
        status="running",
        heartbeat_at=timezone.now(),
    )

    page = act(staff, "sync_everything", *refused.values(), good)

    assert {run.account_id for run in SyncRun.objects.all()} == {good.pk}
    assert len(sent) == 2
    for status, account in refused.items():
        assert f"is_{status}</a>: {account.get_status_display()}" in page
    assert f'Under way already: <a href="{address(SyncRun, "change", live.pk)}' in page


def test_a_button_on_the_accounts_page_leads_back_there(
    staff: Client, user: Any, sent: list[int]
) -> None:
    account = account_of(user)
    page = text_of(staff, SpotifyAccount, "change", account.pk)
    assert re.findall(r'name="action" value="(\w+)"', page) == [
        *SYNCS,
        "refresh_tokens",
        "disconnect",
    ]

    asked = {"action": "sync_tracks", "_selected_action": account.pk, "_from_page": "1"}
    answer = staff.post(address(SpotifyAccount, "changelist"), asked)

    assert answer["Location"] == address(SpotifyAccount, "change", account.pk)
    assert SyncRun.objects.get().resource == "tracks"


def test_only_what_the_site_syncs_is_offered(staff: Client, user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["following"]
    account = account_of(user)

    page = text_of(staff, SpotifyAccount, "changelist")
    act(staff, "sync_tracks", account)

    assert 'value="sync_following"' in page
    assert 'value="sync_tracks"' not in page
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("action", [*SYNCS, "refresh_tokens", "disconnect"])
@pytest.mark.parametrize("held", ["", "change", "delete"])
def test_an_action_wants_its_permission(
    django_user_model: Any, user: Any, spotify: FakeSpotify, sent: list[int], action: str, held: str
) -> None:
    account = connect(user, spotify)
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    for verb in filter(None, ("view", held)):
        permission = Permission.objects.get(codename=f"{verb}_spotifyaccount")
        helper.user_permissions.add(permission)
    client = browser_of(helper)
    before = (SpotifyToken.objects.get().version, SpotifyAccount.objects.get().status)

    page = text_of(client, SpotifyAccount, "change", account.pk)
    act(client, action, account, **({"confirmed": "yes"} if action == "disconnect" else {}))

    may = held == ("delete" if action == "disconnect" else "change")
    token = SpotifyToken.objects.first()
    account = SpotifyAccount.objects.first()
    after = (token.version if token else 0, account.status if account else "gone")
    assert (f'value="{action}"' in page) == may
    assert (after != before or SyncRun.objects.exists()) == may


def test_tokens_are_refreshed_at_once(staff: Client, user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    before = SpotifyToken.objects.get()

    page = act(staff, "refresh_tokens", account)

    after = SpotifyToken.objects.get()
    assert after.version == before.version + 1
    assert "Token refreshed: ada (good until " in page
    assert not [
        one for one in (after.unseal().access, after.unseal().refresh) if one.reveal() in page
    ]


def test_with_spotify_away_one_refresh_is_tried_and_no_more(
    staff: Client, user: Any, other_user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    accounts = [
        connect(user, spotify),
        connect(other_user, spotify, spotify.add_user("grace", tracks=1)),
    ]
    settings.SPOTIFY_SYNC_REQUEST_TIMEOUT = timedelta(seconds=1)
    spotify.faults.add("/api/token", status=503, times=None)

    page = act(staff, "refresh_tokens", *accounts)

    assert "Refused: " in page
    assert page.count("not tried") == 1
    assert {one.version for one in SpotifyToken.objects.all()} == {1}


def test_disconnecting_is_asked_twice(staff: Client, user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    save(account)

    question = act(staff, "disconnect", account)
    assert "Disconnect from Spotify?" in question
    assert "1 saved tracks" in question
    assert SpotifyAccount.objects.get().status == "connected"

    answer = act(staff, "disconnect", account, confirmed="yes")
    assert "Disconnected: ada" in answer
    assert not SpotifyToken.objects.exists()
    assert not SavedTrack.objects.exists()
    assert not SpotifyAccount.objects.linked().exists()


def test_too_many_at_once_are_refused_as_a_whole(
    staff: Client, user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_actions, "MOST_SYNCS", 1)
    accounts = [account_of(user), account_of(other_user)]

    page = act(staff, "sync_everything", *accounts)

    assert "Choose no more than 1 account at a time" in page
    assert not SyncRun.objects.exists()


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
