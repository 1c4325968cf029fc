"""What is measured, as a table: who does it, what happens at Spotify before each step, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from benchmarks import floors, site
from benchmarks.rivals import models as rivals
from benchmarks.truth import Row, items_in, saved_in
from django_spotify_sync.models import PlaylistItem, SavedTrack, SpotifyAccount, TrackArtist
from django_spotify_sync.sync import sync

#: How a subject does a step: at which Spotify, for whom, and whether it is to read all.
type Act = Callable[[site.Spotify, SpotifyAccount, bool], Any]


@dataclass(frozen=True)
class Step:
    """One act; ``edit`` is done at Spotify before it."""

    name: str
    edit: str = "None"
    full: bool = False


ONCE = (Step("once"),)
AGAIN = (Step("first"), Step("unchanged"))


@dataclass(frozen=True)
class Subject:
    """Somebody who brings tables up to date. ``truth`` is what Spotify has, ``stored`` what the tables hold."""

    name: str
    act: Act
    steps: tuple[Step, ...]
    truth: str | None = "truth.saved_at(fake.user)"
    stored: Callable[[SpotifyAccount], list[Row]] | None = None
    cohort: str = "new"
    #: Of the tracks of the benchmark, for who would take hours; the seconds are then stretched to all of them.
    share: float = 1.0
    repeats: int | None = None
    postgresql_only: bool = False
    #: What is done before it is timed.
    prepare: Callable[[int], Any] | None = None
    #: A package that has to be there.
    needs: str = ""
    #: What makes FakeSpotify's library, where that is not saved tracks.
    library: str = "None"
    #: Settings that it has, besides those of the tests' host.
    settings: tuple[tuple[str, Any], ...] = ()


def ours(resource: str) -> Act:
    """Return a sync of ours."""

    def act(_: site.Spotify, account: SpotifyAccount, full: bool) -> None:
        run = sync(account, resource, full=full)
        if run.status != "succeeded":
            raise RuntimeError(f"{run.status}: {run.reason} {run.error_detail}")

    return act


def rival(name: str, module: str, needs: str, **more: Any) -> Subject:
    """Return a rival, who is imported when everything is made ready: not everybody has them."""

    def sync(spotify: site.Spotify, account: SpotifyAccount, _: bool) -> None:
        token, api = spotify.grant["access_token"], spotify.settings["SPOTIFY_SYNC_API_URL"]
        import_module(module).sync(token, api, account.pk)

    return Subject(
        name,
        sync,
        AGAIN,
        stored=_rivals_stored,
        needs=needs,
        prepare=lambda _: import_module(module),
        **more,
    )


def _ours_stored(account: SpotifyAccount) -> list[Row]:
    saved = SavedTrack.objects.filter(account=account).in_order()
    return saved_in(saved, TrackArtist.objects.filter(track__saved_by__account=account))


def _rivals_stored(account: SpotifyAccount) -> list[Row]:
    saved = rivals.SavedTrack.objects.filter(account=account.pk).order_by("position")
    return saved_in(saved, rivals.TrackArtist.objects)


def _items_stored(account: SpotifyAccount) -> list[Row]:
    playlists = account.account_playlists.in_order().values_list("playlist", flat=True)
    return [
        row
        for playlist in playlists
        for row in items_in(PlaylistItem.objects.filter(playlist=playlist).in_order())
    ]


FETCH = Subject("floor: fetch and parse", floors.fetch, ONCE, truth=None)
THREADS = rival("spotipy, 8 threads + bulk", "benchmarks.rivals.threads", "spotipy")
OURS = Subject(
    "ours",
    ours("tracks"),
    (
        Step("first"),
        Step("full", full=True),
        Step("unchanged"),
        Step("+25", "fake.user.like(25)"),
        Step("-1", "fake.user.unlike(len(fake.user.saved) // 2)"),
        Step("-20", "fake.user.unlike([len(fake.user.saved) * n // 20 for n in range(20)])"),
    ),
    stored=_ours_stored,
)

#: The main table: saved tracks.
TRACKS = (
    FETCH,
    Subject(
        "floor: COPY",
        floors.copy,
        ONCE,
        truth=None,
        prepare=floors.prepared,
        postgresql_only=True,
    ),
    rival(
        "spotipy + update_or_create", "benchmarks.rivals.usual", "spotipy", share=0.03, repeats=1
    ),
    THREADS,
    OURS,
    replace(
        OURS,
        name="ours, at the default pace",
        steps=AGAIN,
        settings=(("SPOTIFY_SYNC_REQUESTS_PER_WINDOW", 180),),
        repeats=1,
        postgresql_only=True,
    ),
)

#: tekore reads only what Spotify answers to older apps; so it is held against the others there.
LEGACY = tuple(
    replace(subject, cohort="legacy")
    for subject in (
        FETCH,
        THREADS,
        rival("tekore, async + bulk", "benchmarks.rivals.tekore_async", "tekore"),
        replace(OURS, steps=AGAIN),
    )
)


def playlists(lists: int, items: int) -> Subject:
    """Return a sync of so many playlists with so many tracks each."""
    longest = "fake.user.playlists[0]"
    return Subject(
        f"{lists:,} of {items:,}",
        ours("playlists"),
        (
            Step("first"),
            Step("unchanged"),
            Step("one inserted", f"{longest}.insert(len({longest}.items) // 2, 1)"),
            Step("full", full=True),
        ),
        truth="truth.items_at(fake.user)",
        stored=_items_stored,
        library=f"[fake.user.add_playlist(tracks={items}) for _ in range({lists})]",
    )
