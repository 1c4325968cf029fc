"""What a user sees of a list that others read as well: no more than that user's own token was last shown.

The list is Ada's, and Grace follows it. Ada takes it back and goes on with it; her syncs bring what is new into rows
that both share. Every door to playlists is in the table below, and is tried in every state of Grace's account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync import accounts
from django_spotify_sync.models import (
    AccountPlaylist,
    Playlist,
    PlaylistItem,
    SpotifyAccount,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.contents import LocalFile
from tests.kit.administering import address
from tests.kit.api import PLAYLISTS, items_of
from tests.kit.browsing import browser_of
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db(transaction=True)

#: What Ada's syncs bring after Grace's last one; there are 6 items by then, and the cover is one of Ada's own.
HIDDEN = ("hidden-name", "hidden-words", "hidden-item", "image/0640pl")
HIDDEN += ('"total":6', "'total': 6", "total=6")

type Door = Callable[[Any, Any], str]


def over_rest(address: str, **query: str) -> Door:
    def answer(user: Any, shared: Any) -> str:
        response = browser_of(user).get(address.format(shared.id), query)
        assert response.status_code == 200
        return response.content.decode()

    return answer


def rows(queryset: Any) -> str:
    return "\n".join(str(vars(row)) for row in queryset)


def names_of_links(user: Any, shared: Any) -> str:
    """What a host's template shows of a link."""
    links = AccountPlaylist.objects.for_user(user).in_order().as_shown()
    return "\n".join(
        f"{link} {link.name} {link.description} {link.image_url} total={link.total}"
        f"{link.shown_name} total={link.shown_total}"
        for link in links
    )


#: Each door to what is stored of playlists, as one user goes through it.
DOORS: dict[str, Door] = {
    "playlists/": over_rest(PLAYLISTS),
    "playlists/?search": over_rest(PLAYLISTS, search="hidden-name"),
    "playlists/?ordering": over_rest(PLAYLISTS, ordering="name"),
    "items/": over_rest(items_of("{}"), ordering="-position"),
    "items/?search": over_rest(items_of("{}"), search="hidden-item"),
    "Playlist.for_user": lambda user, _: rows(Playlist.objects.for_user(user)),
    "Playlist.readable_by": lambda user, _: rows(Playlist.objects.readable_by(user)),
    "PlaylistItem.readable_by": lambda user, _: rows(
        PlaylistItem.objects.readable_by(user).order_by("-position")[:9]
    ),
    "items of a list": lambda user, shared: rows(
        Playlist.objects.get(spotify_id=shared.id).items.readable_by(user).order_by("-position")[:9]
    ),
    "AccountPlaylist": names_of_links,
    "admin, list": lambda user, _: admin_of(user, "changelist"),
    "admin, row": lambda user, shared: admin_of(
        user,
        "change",
        AccountPlaylist.objects.get(account__user=user, playlist__spotify_id=shared.id).pk,
    ),
    "admin, search": lambda user, _: admin_of(user, "changelist", q="HIDDEN-Name"),
}


def admin_of(user: Any, page: str, *args: Any, **query: Any) -> str:
    """What the admin says of one user's playlists."""
    client = Client()
    client.force_login(type(user).objects.get(username="root"))
    account = SpotifyAccount.objects.get(user=user)
    if page == "changelist":
        query["account__id__exact"] = account.pk
    return str(client.get(address(AccountPlaylist, page, *args), query).content.decode())


def stay_connected(account: SpotifyAccount, settings: Any) -> None:
    """Grace has only not synced since."""


def be_disconnected(account: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(account)


def become(status: str) -> Callable[[SpotifyAccount, Any], None]:
    def change(account: SpotifyAccount, settings: Any) -> None:
        SpotifyAccount.objects.filter(pk=account.pk).update(status=status)

    return change


#: What may have become of Grace's account before Ada takes her list back.
STATES = {
    "not synced since": stay_connected,
    "suspect": become("suspect"),
    "grant lost": become("reauthorization_required"),
    "disconnected, library kept": be_disconnected,
}


@pytest.fixture
def graces(user: Any, other_user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Connect Grace, who follows Ada's only list."""
    type(user).objects.create_superuser(username="root", password="root")
    spotify.cohort = "extended"
    spotify.user.listed.unfollow(slice(None))
    grace = spotify.add_user("grace")
    grace.listed.unfollow(slice(None))
    return connect(other_user, spotify, grace)


@pytest.fixture
def adas(user: Any, spotify: FakeSpotify, graces: SpotifyAccount) -> SpotifyAccount:
    return connect(user, spotify, spotify.user)


@pytest.fixture
def shared(adas: SpotifyAccount, graces: SpotifyAccount, spotify: FakeSpotify) -> Any:
    """Give the list, which both have synced."""
    shared = spotify.user.add_playlist("seen-name", 5)
    spotify.users[1].listed.follow(shared)
    for account in (adas, graces):
        assert sync(account, "playlists").status == "succeeded"
    return shared


def go_on(shared: Any, *, public: bool = False) -> None:
    """Ada takes the list back, and gives it another name, description, cover and item."""
    shared.publish(public)
    shared.rename("hidden-name")
    shared.describe("hidden-words")
    shared.set_cover("custom")
    shared.add(LocalFile("Ada", "", "hidden-item", 7))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("door", DOORS)
def test_nobody_sees_what_only_others_were_shown(
    adas: SpotifyAccount,
    graces: SpotifyAccount,
    shared: Any,
    settings: Any,
    state: str,
    door: str,
) -> None:
    STATES[state](graces, settings)
    go_on(shared)
    assert sync(adas, "playlists").status == "succeeded"

    hers, anothers = (DOORS[door](one.user, shared) for one in (adas, graces))

    assert "hidden" in hers  # else this proves nothing
    assert [word for word in HIDDEN if word in anothers] == []
