"""What a user sees of a list that others read as well: no more than that user's own token was last shown.

The list is Ada's, and Grace follows it. Ada takes it back and goes on with it; her syncs bring what is new into rows
that both share. Every door to playlists is in the table below, and is tried in every state of Grace's account.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from msgspec.structs import replace

from django_spotify_sync import accounts
from django_spotify_sync.models import (
    AccountPlaylist,
    Playlist,
    PlaylistItem,
    SpotifyAccount,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists import listing, reading
from django_spotify_sync.sync.runs import intervals
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.contents import LocalFile
from tests.kit.administering import address
from tests.kit.api import EXPORT, PLAYLISTS, items_of
from tests.kit.browsing import browser_of
from tests.kit.concurrency import lock_waits, wait_until
from tests.kit.connecting import connect
from tests.kit.queries import tables_written

pytestmark = pytest.mark.django_db(transaction=True)

#: What Ada's syncs bring after Grace's last one; there are 6 items by then, and the cover is one of Ada's own.
VEILED = (
    *("veiled-name", "veiled-words", "veiled-item", "image/0640pl"),
    *('"total":6', "'total': 6", "total=6"),
)

type Door = Callable[[Any, Any], str]


def over_rest(address: str, **query: str) -> Door:
    def answer(user: Any, shared: Any) -> str:
        response = browser_of(user).get(address.format(shared.id), query or None)
        assert response.status_code == 200
        # a file says how things stand to its very name
        return response.getvalue().decode() + response.get("Content-Disposition", "")

    return answer


def rows(queryset: Any) -> str:
    return "\n".join(str(vars(row)) for row in queryset)


def names_of_links(user: Any, shared: Any) -> str:
    """What a host's template shows of a link."""
    links = AccountPlaylist.objects.for_user(user).in_order().as_shown()
    return "\n".join(
        f"{link} {link.name} {link.description} {link.image_url} total={link.total}"
        f"{link.shown_name} {link.shown_folded} total={link.shown_total}"
        for link in links
    )


#: Each door to what is stored of playlists, as one user goes through it.
DOORS: dict[str, Door] = {
    "playlists/": over_rest(PLAYLISTS),
    "playlists/?search": over_rest(PLAYLISTS, search="veiled-name"),
    "playlists/?ordering": over_rest(PLAYLISTS, ordering="name"),
    "items/": over_rest(items_of("{}"), ordering="-position"),
    "items/?search": over_rest(items_of("{}"), search="veiled-item"),
    "export/": over_rest(EXPORT),
    "export/?as": over_rest(EXPORT, **{"as": "spotify-backup"}),
    "export/?playlist": over_rest(EXPORT + "?as=exportify&playlist={}"),
    "Playlist.for_user": lambda user, _: rows(Playlist.objects.for_user(user)),
    "Playlist.readable_by": lambda user, _: rows(Playlist.objects.readable_by(user)),
    "PlaylistItem.readable_by": lambda user, _: rows(
        PlaylistItem.objects.readable_by(user).order_by("-position")[:9]
    ),
    "PlaylistItem.shown_to": lambda user, _: rows(
        PlaylistItem.objects.shown_to(user.spotify_account).order_by("-position")[:9]
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
    "admin, search": lambda user, _: admin_of(user, "changelist", q="VEILED-Name"),
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
    shared.rename("veiled-name")
    shared.describe("veiled-words")
    shared.set_cover("custom")
    shared.add(LocalFile("Ada", "", "veiled-item", 7))


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

    assert "veiled" in hers  # else this proves nothing
    assert [word for word in VEILED if word in anothers] == []


@pytest.mark.parametrize("door", DOORS)
def test_the_next_own_sync_shows_it_again(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, door: str
) -> None:
    go_on(shared, public=True)
    sync(adas, "playlists")
    assert "veiled" not in DOORS[door](graces.user, shared)

    sync(graces, "playlists")

    assert "veiled" in DOORS[door](graces.user, shared)


def test_it_costs_neither_a_request_nor_a_row_more(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    go_on(shared, public=True)
    sync(adas, "playlists")
    spotify.clear_log()

    sync(graces, "playlists")
    with CaptureQueriesContext(connection) as queries:
        sync(graces, "playlists")

    asked = [line.path.removeprefix("/v1") for line in spotify.requests]
    assert asked == ["/me/playlists", f"/playlists/{shared.id}/items", "/me/playlists"]
    written = tables_written(queries)
    assert [one for one in written if "playlist" in one] == []
    assert "spotify_sync_syncrun" in written  # else nothing was seen


def seen_by_rest(user: Any, shared: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a list and its items as they are answered to a user."""
    browser = browser_of(user)
    [its] = browser.get(PLAYLISTS).json()["results"]
    return its, browser.get(items_of(shared.id)).json()["results"]


def test_what_is_said_instead(adas: SpotifyAccount, graces: SpotifyAccount, shared: Any) -> None:
    """Of a list that is only edited the name stays; that there are items, and how many, is not known."""
    before, _ = seen_by_rest(graces.user, shared)
    shared.add(3)
    sync(adas, "playlists")

    its, items = seen_by_rest(graces.user, shared)

    assert items == []
    assert its == before | {"total": None, "image_url": "", "can_read_items": None}
    shared.rename("veiled-name")
    sync(adas, "playlists")
    its, _ = seen_by_rest(graces.user, shared)
    assert (its["name"], its["owner"]) == ("", {"spotify_id": "", "display_name": ""})
    assert its["spotify_id"] == shared.id


def test_a_name_alone_hides_no_item(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any
) -> None:
    shared.rename("veiled-name")
    sync(adas, "playlists")

    its, items = seen_by_rest(graces.user, shared)

    assert (its["name"], its["total"], len(items)) == ("", 5, 5)


def test_another_address_of_the_same_cover_hides_nothing(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    before, _ = seen_by_rest(graces.user, shared)
    tomorrow = spotify.clock() + 86_400
    spotify.clock = lambda: tomorrow
    spotify.expire_access_tokens()
    Playlist.objects.update(cover_fetched_at=timezone.now() - timedelta(hours=13))
    sync(adas, "playlists")

    its, items = seen_by_rest(graces.user, shared)

    assert its["image_url"] not in ("", before["image_url"])
    assert its | {"image_url": ""} == before | {"image_url": ""}
    assert len(items) == 5


def test_a_refusal_that_is_still_in_doubt_shows_nothing_new(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any
) -> None:
    go_on(shared)
    sync(adas, "playlists")

    sync(graces, "playlists")  # which lists it all the same, and is refused the items

    link = AccountPlaylist.objects.get(account=graces)
    assert (link.can_read_items, link.unreadable_reason) == (True, "not_found")
    _, items = seen_by_rest(graces.user, shared)
    assert items == []


def test_a_list_that_was_not_listed_shows_nothing_new(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    """Its link may stay for a while, as long as its loss is not believed."""
    spotify.users[1].listed.null(0)
    go_on(shared)
    for account in (adas, graces):
        sync(account, "playlists")

    assert AccountPlaylist.objects.filter(account=graces).exists()
    its, items = seen_by_rest(graces.user, shared)
    assert (its["name"], its["total"], items) == ("", None, [])


def test_items_that_were_written_meanwhile_are_not_shown(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grace's run has looked at what is stored; before it writes, Ada's writes something newer."""
    judge = reading.judge

    def overtaken(seen: Any) -> Any:
        fetched = judge(seen)
        if seen.work.account == graces:
            go_on(shared)
            assert sync(adas, "playlists").status == "succeeded"
        return fetched

    monkeypatch.setattr(reading, "judge", overtaken)

    assert sync(graces, "playlists").status == "succeeded"

    _, items = seen_by_rest(graces.user, shared)
    assert "veiled" not in str(items)
    assert "veiled" in str(seen_by_rest(adas.user, shared)[1])


def test_what_is_playable_is_said_to_whose_market_it_is(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    spotify.cohort = "new"
    shared.share(spotify.users[1])
    shared.make_unavailable(1)
    sync(adas, "playlists", full=True)
    sync(graces, "playlists")

    def flags(user: Any) -> list[bool | None]:
        _, items = seen_by_rest(user, shared)
        assert [one["track"]["is_playable"] for one in items] == [
            one["is_playable"] for one in items
        ]
        return [one["is_playable"] for one in items]

    known, unknown = [True, False, True, True, True], [None] * 5
    assert (flags(adas.user), flags(graces.user)) == (known, unknown)
    sync(graces, "playlists", full=True)
    assert (flags(adas.user), flags(graces.user)) == (unknown, known)
    # Where it is not said, nothing of another's market is left.
    spotify.cohort = "extended"
    sync(adas, "playlists", full=True)
    assert (flags(adas.user), flags(graces.user)) == (unknown, unknown)


def test_many_items_cost_no_more_queries(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            seen_by_rest(graces.user, shared)
        return len(captured)

    queries()  # what is asked once only
    few = queries()
    shared.add(40)
    for account in (adas, graces):
        sync(account, "playlists")

    assert queries() == few
    assert len(seen_by_rest(graces.user, shared)[1]) == 45


@pytest.mark.postgres
def test_items_are_read_off_their_index(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any
) -> None:
    """Whose items they are is asked by keys too, and so are their places."""
    with CaptureQueriesContext(connection) as queries:
        seen_by_rest(graces.user, shared)
    made = [one["sql"] for one in queries if 'FROM "spotify_sync_playlistitem"' in one["sql"]]
    plans = []
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for query in made:
            cursor.execute(f"EXPLAIN {query}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    assert len(plans) == 2  # the page, and how many stand before it
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "spotify_sync_item_position" in plan


def test_each_user_has_a_flag_of_their_own_and_hides_nothing_by_it(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``public`` is whether a list stands on that user's own profile (spotify/web-api#356)."""
    parse = listing.parse_playlists_page
    said = {"public": True}

    def parsed(answer: Any) -> Any:
        page = parse(answer)
        rows = tuple(row and replace(row, **said) for row in page.entries)  # type: ignore[arg-type]
        return replace(page, entries=rows)

    monkeypatch.setattr(listing, "parse_playlists_page", parsed)
    for _ in range(2):
        for account, public in ((adas, True), (graces, False)):
            said["public"] = public
            run = sync(account, "playlists")
            mine, _items = seen_by_rest(account.user, shared)
            assert (mine["public"], mine["name"]) == (public, "seen-name")
    theirs, _items = seen_by_rest(adas.user, shared)

    assert (theirs["public"], theirs["name"]) == (True, "seen-name")
    assert (run.mode, run.updated) == ("probe", 0)


@pytest.mark.postgres
def test_a_name_that_is_written_while_a_run_waits_for_a_lock_is_not_shown(
    adas: SpotifyAccount,
    graces: SpotifyAccount,
    shared: Any,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Grace's run has listed all; Ada's renames one list, and holds the lock of another that both have to write."""
    second = spotify.user.add_playlist("second", 5)
    spotify.users[1].listed.follow(second)
    for account in (adas, graces):
        sync(account, "playlists")
    second.add(2)
    judge, after_success = reading.judge, intervals.after_success
    is_held, may_end = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def in_a_thread(act: Callable[[], Any]) -> None:
        def closing() -> None:
            act()
            connections.close_all()

        threads.append(threading.Thread(target=closing))
        threads[-1].start()

    def held(state: Any, **known: Any) -> None:
        after_success(state, **known)
        if state.account_id == adas.pk:
            is_held.set()
            may_end.wait(60)

    def let_end_when_waited_for() -> None:
        wait_until(lock_waits)
        may_end.set()

    def overtaken(seen: Any) -> Any:
        fetched = judge(seen)
        if seen.work.account == graces:
            go_on(shared)
            in_a_thread(lambda: sync(adas, "playlists"))
            assert is_held.wait(60)
            in_a_thread(let_end_when_waited_for)
        return fetched

    monkeypatch.setattr(intervals, "after_success", held)
    monkeypatch.setattr(reading, "judge", overtaken)

    run = sync(graces, "playlists")

    for thread in threads:
        thread.join(60)
    assert run.status == "succeeded"
    assert "veiled" not in over_rest(PLAYLISTS)(graces.user, shared)


def test_what_came_of_a_list_that_is_not_whole_is_shown_to_whom_it_came(
    adas: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_spotify_sync.spotify.client.BACKOFF", 0.001)
    long = spotify.user.add_playlist("long", 240)
    spotify.faults.add(f"/playlists/{long.id}/*", offset=200, status=502, times=None)

    for _ in range(2):
        assert sync(adas, "playlists").status == "partial"
        items = browser_of(adas.user).get(items_of(long.id)).json()["results"]
        assert len(items) == 50


def test_a_cover_of_before_the_update_hides_nothing(
    adas: SpotifyAccount, graces: SpotifyAccount, shared: Any, spotify: FakeSpotify
) -> None:
    Playlist.objects.update(
        cover_snapshot_id="", cover_fetched_at=timezone.now() - timedelta(hours=13)
    )
    tomorrow = spotify.clock() + 86_400
    spotify.clock = lambda: tomorrow
    spotify.expire_access_tokens()

    sync(adas, "playlists")

    assert len(seen_by_rest(graces.user, shared)[1]) == 5


def test_an_account_that_is_erased_has_read_nothing(
    graces: SpotifyAccount, adas: SpotifyAccount, shared: Any
) -> None:
    sync(graces, "playlists", full=True)
    assert Playlist.objects.get().items_read_by == graces.pk

    accounts.disconnect(graces)

    assert Playlist.objects.get().items_read_by is None
