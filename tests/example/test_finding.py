"""One search over everything, and what two playlists have in common."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import (
    Episode,
    SavedEpisode,
    SavedShow,
    Show,
    SpotifyAccount,
)
from tests.kit.libraries import follow, own, put, save, track_of


def found(client: Client, words: str, **more: str) -> dict[str, list[str]]:
    """Return the names that are found, by kind."""
    groups = client.get("/search/", {"q": words, **more}).context["groups"]
    return {group.name: [shown(row) for row in group.rows] for group in groups}


def shown(row: Any) -> str:
    for name in ("track", "show", "episode", "audiobook"):
        if getattr(row, name, None):
            return str(getattr(row, name))
    return str(row)


@pytest.fixture
def library(ada: SpotifyAccount, grace: SpotifyAccount) -> None:
    """Give a library that has one word in all kinds, and somebody else's that has it too."""
    save(ada, track=track_of("Ёлка", artists=["Zoe"], album="Winter"))
    save(ada, track=track_of("snow", artists=["Ёлка band"], album="Большая ёлка"))
    follow(ada, "Елка")
    playlist = own(ada)
    playlist.name = "про ёлку"
    playlist.save()
    put(playlist, track=track_of("под ёлкой"))
    put(playlist, kind="local", title="ЁЛКА.mp3")
    show = Show.objects.create(spotify_id="show", name="Ёлка каждый день")
    SavedShow.objects.create(account=ada, show=show, spotify_id="show")
    episode = Episode.objects.create(spotify_id="episode", name="первая", show=show)
    SavedEpisode.objects.create(account=ada, episode=episode, spotify_id="episode")
    save(grace, track=track_of("ёлка чужая", artists=["чужая ёлка"], album="чужая ёлка"))
    follow(grace, "чужая ёлка")
    put(own(grace), kind="local", title="чужая ёлка")


def test_all_of_the_library_is_searched_and_nobody_elses(library: None, visit: Client) -> None:
    assert found(visit, "ЕЛК") == {
        "tracks": ["snow", "Ёлка"],
        "albums": ["Большая ёлка"],
        "artists": ["Елка", "Ёлка band"],
        "playlists": ["про ёлку"],
        "items": ["под ёлкой", "ЁЛКА.mp3"],
        "shows": ["Ёлка каждый день"],
        "episodes": ["первая"],
    }
    assert found(visit, "елка band") == {"tracks": ["snow"], "artists": ["Ёлка band"]}
    assert found(visit, "нет такого") == {}
    assert found(visit, "") == {}


def test_shelves_that_the_site_does_not_have_are_left_out(
    library: None, visit: Client, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following"]

    assert not {"shows", "episodes"} & found(visit, "елка").keys()


def test_a_few_of_each_kind_are_shown_and_a_way_to_the_others(
    ada: SpotifyAccount, visit: Client
) -> None:
    for number in range(6):
        save(
            ada,
            track=track_of(f"rain {number}", artists=[f"rain {number}"], album=f"rain {number}"),
        )
        put(own(ada), kind="local", title=f"rain {number}")

    groups = {one.name: one for one in visit.get("/search/?q=rain").context["groups"]}
    assert {name: len(group.rows) for name, group in groups.items()} == {
        "tracks": 5,
        "albums": 5,
        "artists": 5,
        "items": 5,
    }
    for name, group in groups.items():
        listing = visit.get(group.more).context["listing"]
        assert len(listing.rows) == listing.count == 6, name
    page = visit.get("/search/?q=rain&in=items").content.decode()
    assert "6 found" in page
    assert 'href="/playlists/list' in page
    assert visit.get("/search/?q=rain&in=nothing").context["groups"]


def test_what_only_others_were_shown_is_not_found(ada: SpotifyAccount, visit: Client) -> None:
    renamed, changed, closed = (
        own(ada, **values)
        for values in ({"seen_details": None}, {"seen_contents": None}, {"can_read_items": False})
    )
    renamed.name = "veiled list"
    renamed.save()
    for playlist in (changed, closed):
        put(playlist, kind="local", title="veiled file")
        put(playlist, track=track_of("veiled track"))
    track = put(renamed, track=track_of("item of a list with a new name")).track

    assert found(visit, "veiled") == {}
    page = visit.get("/search/?q=new+name").content.decode()
    assert "item of a list" in page
    assert "veiled" not in page + visit.get(f"/tracks/{track.spotify_id}/").content.decode()
    assert "veiled" not in visit.get("/playlists/overlap/").content.decode()


def test_for_htmx_only_what_was_found_is_rendered(library: None, visit: Client) -> None:
    part = visit.get("/search/?q=елка", headers={"HX-Request": "true"}).content.decode()

    assert part.strip().startswith('<div id="results">')


def test_more_rows_take_no_more_queries(library: None, ada: SpotifyAccount, visit: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            visit.get("/search/?q=елк")
        return len(made)

    before = queries()
    for _ in range(3):
        save(ada, track=track_of("ёлка", artists=["ёлка"], album="ёлка"))
        put(own(ada), track=track_of("ёлка"))

    assert queries() == before


def test_what_two_lists_have_in_common(ada: SpotifyAccount, visit: Client) -> None:
    both, alone = track_of("both"), track_of("alone")
    one, two = own(ada), own(ada)
    put(one, track=both)
    put(one, track=alone)
    put(one, kind="episode", uri="spotify:episode:1", title="episode of both")
    put(one, kind="local", title="file without an address")
    put(two, track=both)
    put(two, kind="episode", uri="spotify:episode:1", title="episode of both")
    put(two, kind="local", title="file without an address")
    unread = own(ada, can_read_items=False)
    put(unread, track=both)

    answer = visit.get("/playlists/overlap/", {"one": one.spotify_id, "two": two.spotify_id})
    assert [shown(row) or row.title for row in answer.context["listing"].rows] == [
        "both",
        "episode of both",
    ]
    page = answer.content.decode()
    assert "are in “" in page
    assert f'value="{unread.spotify_id}"' not in page

    for query in ({}, {"one": one.spotify_id, "two": unread.spotify_id}):
        assert "listing" not in visit.get("/playlists/overlap/", query).context
    same = visit.get("/playlists/overlap/", {"one": one.spotify_id, "two": one.spotify_id})
    assert "one and the same list" in same.content.decode()


def test_two_lists_it_takes(visit: Client) -> None:
    assert "takes two playlists" in visit.get("/playlists/overlap/").content.decode()


def test_the_way_to_it_is_on_every_page(visit: Client) -> None:
    page = visit.get("/tracks/").content.decode()

    assert '<a class="find" href="/search/" aria-keyshortcuts="/"' in page
    assert "pages/finding.js" in page
