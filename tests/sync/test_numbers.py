"""Whatever the numbers of an answer say, alone, against each other or against the question: no combination raises.

The answers are made here and not by FakeSpotify, so that each may be any page of any size that calls itself any other,
with an edit between any two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.catalog import Keys, no_keys
from django_spotify_sync.sync.catalog_writer import CatalogWriter
from django_spotify_sync.sync.collections.reading import Collection
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.playlists import listing as playlist_listing
from django_spotify_sync.sync.playlists.items import reading as item_reading
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.sync.tracks import listing, reading
from tests.kit.connecting import connect
from tests.kit.model import second
from tests.kit.saved import SCOPE

LIMIT = 4
#: What the entries of these lists hold.
DATED = {"/me/albums": "album", "/me/shows": "show", "/me/episodes": "episode"}
MOST = 200  # requests of one run, beyond which it would go on for ever
REASONS = {"", "drift", "page_length", "count", "large_loss", "repeated_page", "endless_cursor"}

type Lie = dict[str, Any]

number = st.integers(0, 14)
wrong_numbers: dict[str, st.SearchStrategy[Any]] = {
    "offset": number,  # what it calls itself
    "limit": number,
    "total": number,
    "more": st.integers(-4, 4),  # in its total than there are
    "from": number,  # where its entries are from
    "length": number,
}
edits = st.sampled_from(["like", "unlike", "relike", "double"])
#: How one answer differs from the truth; half of them do not.
lies: st.SearchStrategy[Lie] = st.just({}) | st.fixed_dictionaries(
    {}, optional={**wrong_numbers, "edit": edits}
)
#: How all do, beside that: by one number.
lies_for_ever = st.sampled_from(list(wrong_numbers)).flatmap(
    lambda name: st.fixed_dictionaries({name: wrong_numbers[name]})
)


#: The list grows while it is read, twice, and seems to be empty when its first torn seam is read.
SEAMS_THAT_END: list[Lie] = [
    *[{}, {}, {"edit": "like"}, {}],
    *[{}, {"edit": "like"}],
    *[{}, {"total": 0}],
]


class Liar:
    """Stands in for what fetches: answers each request by the truth of the moment, or by a lie."""

    def __init__(self, me: str, lists: dict[str, list[str]], once: list[Lie], always: Lie) -> None:
        self.me = me
        self.lists = lists  # ids by address
        self.once = iter(once)
        self.always = always
        self.asked = 0
        self.serial = 0

    def one(self, get: Any) -> Any:
        [(_, answer)] = self.each([get])
        return answer

    def each(self, gets: Any) -> Any:
        for get in gets:
            self.asked += 1
            assert self.asked < MOST
            yield get, get.parse(self.answer(get.path, dict(get.params)))

    def answer(self, path: str, params: dict[str, Any]) -> Any:
        lie = self.always | next(self.once, {})
        name = path if path in self.lists else path.removesuffix("/items").removesuffix("/tracks")
        ids = self.lists[name]
        self.edit(ids, lie.get("edit"))
        asked, limit = int(params.get("offset", 0)), int(params.get("limit", LIMIT))
        if path == "/me/following":
            asked = ids.index(params["after"]) + 1 if params.get("after") in ids else 0
        start = lie.get("from", asked)
        shown = ids[start : start + lie.get("length", limit)]
        page = {
            "offset": lie.get("offset", asked),
            "limit": lie.get("limit", limit),
            "total": lie.get("total", max(0, len(ids) + lie.get("more", 0))),
            "items": [self.entry(name, spotify_id) for spotify_id in shown],
        }
        if path == "/me/following":
            ends = start + limit >= len(ids) or not shown
            page |= {
                "next": None if ends else "x",
                "cursors": {"after": None if ends else shown[-1]},
            }
            return {"artists": page}
        if path.startswith("/playlists/") and path == name:
            return self.entry("/me/playlists", path.rpartition("/")[2]) | {"items": page}
        return page

    def entry(self, name: str, spotify_id: str) -> Any:
        if name == "/me/tracks":
            stamp = second(int(spotify_id[1:])).isoformat()
            return {"added_at": stamp, "track": {"id": spotify_id, "name": spotify_id}}
        if name in ("/me/following", "/me/audiobooks"):
            return {"id": spotify_id, "name": spotify_id}
        if holds := DATED.get(name):
            return {"added_at": None, holds: {"id": spotify_id, "name": spotify_id}}
        if name == "/me/playlists":
            ids = self.lists.setdefault(f"/playlists/{spotify_id}", [])
            return {
                "id": spotify_id,
                "name": spotify_id,
                "owner": {"id": self.me if spotify_id in ("p2", "p4") else "somebody"},
                "snapshot_id": "".join(ids),
                "items": {"total": len(ids)},
            }
        track = {"id": spotify_id, "type": "track", "uri": f"spotify:track:{spotify_id}"}
        return {"item": {**track, "name": spotify_id}, "added_at": None}

    def edit(self, ids: list[str], what: str | None) -> None:
        self.serial += 1
        if what == "like":
            ids.insert(0, f"n{1000 + self.serial}")
        elif ids and what == "unlike":
            del ids[self.serial % len(ids)]
        elif ids and what == "relike":
            ids.insert(0, ids.pop(self.serial % len(ids)))
        elif ids and what == "double":
            ids.insert(self.serial % len(ids), ids[(self.serial * 7) % len(ids)])


def fetched(account: Any, resource: str, liar: Liar, *, full: bool) -> Any:
    state, _ = SyncState.objects.get_or_create(account=account, resource=resource)
    run = SyncRun.objects.filter(account=account, resource=resource).latest("pk")
    run.full = full
    beside = Beside("default")
    work = Work(
        run=run,
        account=account,
        state=state,
        fetch=liar,  # type: ignore[arg-type]
        using="default",
        progress=lambda done, total: None,
        beside=beside,
        catalog=CatalogWriter(beside, "default"),
    )
    return RESOURCES[resource].fetch(work)


def written_keys(result: Any) -> Keys:
    return result.catalog.write() if result.catalog else no_keys()


def truth() -> dict[str, list[str]]:
    """Return lists of a few pages each, as they were when they were stored."""
    lists = {
        "/me/tracks": [f"t{number}" for number in range(11, 0, -1)],
        "/me/following": [f"a{number}" for number in range(9)],
        "/me/playlists": [f"p{number}" for number in range(6)],
        "/me/audiobooks": [f"b{number}" for number in range(9)],
        **{path: [f"{holds}{number}" for number in range(9)] for path, holds in DATED.items()},
    }
    for number, size in enumerate((0, 3, 9, 10, 11, 4)):
        lists[f"/playlists/p{number}"] = [f"i{number}{index}" for index in range(size)]
    return lists


@pytest.fixture
def stored(spotify, user, transactional_db, settings, monkeypatch):
    """Give an account whose library is stored, with pages of four."""
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)
    account = connect(user, spotify, scope=SCOPE)
    spotify.user.reset([])
    spotify.user.listed.unfollow(slice(None))
    spotify.user.unfollow(slice(None))
    for module in (listing, reading, playlist_listing):
        monkeypatch.setattr(module, "LIMIT", LIMIT)
    for resource, kind in RESOURCES.items():
        if isinstance(kind, Collection):
            source = replace(kind.source, limit=LIMIT)
            monkeypatch.setitem(RESOURCES, resource, replace(kind, source=source))
    monkeypatch.setattr(item_reading, "_LIMIT", LIMIT)
    for resource in RESOURCES:
        sync(account, resource)  # a run to go by
        with transaction.atomic():
            honest = Liar(account.spotify_id, truth(), [], {})
            honestly = fetched(account, resource, honest, full=True)
            honestly.write(written_keys(honestly))
    return account


@pytest.mark.timeout(900)
@pytest.mark.parametrize("resource", list(RESOURCES))
def test_no_numbers_raise(stored, resource):
    @settings(
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(
        once=st.lists(lies, max_size=20),
        always=st.just({}) | lies_for_ever,
        full=st.booleans(),
        hidden=st.integers(0, 2),
    )
    # a page that holds more than its own total; one that comes again for each offset; a list that ends before
    @example(once=[{"length": 7, "total": 4}] * 9, always={}, full=True, hidden=0)
    @example(once=[], always={"total": 2}, full=True, hidden=0)
    @example(once=[], always={"from": 0, "length": 4}, full=True, hidden=0)
    @example(once=[{}, {}, {"total": 9}, *[{"total": 2}] * 9], always={}, full=True, hidden=0)
    @example(once=SEAMS_THAT_END, always={}, full=True, hidden=0)
    def check(once: list[Lie], always: Lie, full: bool, hidden: int) -> None:
        with transaction.atomic():
            SyncState.objects.filter(account=stored, resource=resource).update(
                hidden=hidden, full_due=False
            )
            liar = Liar(stored.spotify_id, truth(), once, always)
            result = fetched(stored, resource, liar, full=full)
            assert result.reason in REASONS
            written = result.write(written_keys(result))
            if (
                resource != "playlists"
            ):  # of which what one is partial for is no matter of the others
                assert not (result.reason and written.counts.removed)
            transaction.set_rollback(True)

    check()
