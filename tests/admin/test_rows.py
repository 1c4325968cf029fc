"""What holds for every table: it is for reading, whole, and costs the same however long it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import Promise

from django_spotify_sync.admin import rows
from django_spotify_sync.models import PlaylistItem, SavedTrack, SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import Tokens
from django_spotify_sync.secret import Secret
from tests.kit.administering import MODELS, address, fill, names, text_of
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of, own, put

pytestmark = pytest.mark.django_db


def test_every_table_is_shown_but_those_of_links_pages_and_tokens() -> None:
    hidden = {model.__name__ for model in apps.get_app_config("spotify_sync").get_models()}

    hidden -= {model.__name__ for model in MODELS}

    links = {"AlbumArtist", "TrackArtist", "AlbumTrack"}
    on_the_page_of_a_run = {"LargeLoss", "LostRow"}
    on_the_page_of_the_status = {"Hour"}
    assert hidden == (
        {"SpotifyToken", "StagedPage"} | links | on_the_page_of_a_run | on_the_page_of_the_status
    )


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


def test_a_table_of_any_size_is_counted_no_further_than_anybody_leafs(
    staff: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "COUNTED", 60)
    fill(user, rows=70)

    assert "60 saved tracks" in text_of(staff, SavedTrack, "changelist")


@names
def test_every_column_field_and_filter_is_called_in_the_readers_language(
    rf: RequestFactory, admin_user: Any, model: Any
) -> None:
    request = rf.get("/")
    request.user = admin_user
    page = admin.site._registry[model]
    shown = {*page.list_display, *flatten_fieldsets(page.get_fieldsets(request))}

    shown |= {one for one in page.list_filter if isinstance(one, str)}
    for name in shown:
        told = getattr(getattr(page, name, None), "short_description", None)
        assert isinstance(told or model._meta.get_field(name).verbose_name, Promise), name


@names
def test_no_filter_counts_the_table(model: Any) -> None:
    assert admin.site._registry[model].show_facets is admin.ShowFacets.NEVER


def test_an_item_s_place_is_counted_from_one(staff: Client, user: Any) -> None:
    playlist = own(account_of(user))
    for number in range(3):
        put(playlist, position=2**30 + number * 1000, kind="local", title=f"Title {number}")
    last = playlist.items.in_order()[2]

    rows = text_of(staff, PlaylistItem, "changelist")
    page = text_of(staff, PlaylistItem, "change", last.pk)

    assert re.findall(r'field-place">(\d+)<', rows) == ["3", "2", "1"]
    assert re.findall(r'field-place.*?readonly">(\d+)<', page, re.DOTALL) == ["3"]
