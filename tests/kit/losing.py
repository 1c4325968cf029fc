"""Libraries at FakeSpotify that lose most of what is in them, whatever that is; and losses put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django_spotify_sync.models import (
    FollowedArtist,
    LargeLoss,
    LostRow,
    SpotifyAccount,
    SyncState,
)
from django_spotify_sync.models.library import LIBRARY
from tests.kit.api import NOON, run_of
from tests.kit.libraries import follow

LOSABLE = ("tracks", "playlists", "following", "albums", "shows", "episodes", "audiobooks")
#: How many there are, and how many of these go: more than fifty, and more than half.
COUNT, LOST = 70, 60
IDS = {"playlists": "playlist__spotify_id", "following": "artist__spotify_id"}


@dataclass(frozen=True)
class Losing:
    """One resource of somebody at FakeSpotify: ``lose`` returns what ``give_back`` brings back."""

    resource: str
    ids: Callable[[], list[Any]]
    lose: Callable[[slice], list[Any]]
    give_back: Callable[[list[Any]], None]
    add: Callable[[int], None]

    def id_of(self, lost: Any) -> str:
        """Return the Spotify id of one that was lost."""
        return str(lost.track.id if self.resource == "tracks" else lost.id)


def losing(who: Any, resource: str) -> Losing:
    """Give somebody 70 of a resource."""
    if resource == "tracks":
        who.unlike(slice(COUNT, None))
        new = _fresh(who.catalogue.first_tracks(1000), who.track_ids())
        like = _each(lambda one: who.like(track=one))
        return Losing(resource, who.track_ids, who.unlike, who.restore, lambda n: like(new(n)))
    if resource == "playlists":
        listed = who.listed
        for number in range(COUNT - len(listed.entries)):
            who.add_playlist(f"List {number}")
        make = _each(lambda number: who.add_playlist(f"More {number}"))
        return Losing(
            resource, listed.ids, listed.unfollow, _each(listed.follow), lambda n: make(range(n))
        )
    if resource == "following":
        artists = who.following
        artists.follow(COUNT - len(artists.entries))
        new = _fresh(artists.catalogue.first_artists(500), artists.ids())
        follow = _each(artists.follow_again)
        return Losing(resource, artists.ids, artists.unfollow, follow, lambda n: follow(new(n)))
    shelf = getattr(who, resource)
    shelf.save(COUNT - len(shelf.entries))
    new = _fresh(shelf._pool(500), shelf.ids())

    def save(things: list[Any]) -> None:
        shelf.save(things=things)

    return Losing(resource, shelf.ids, shelf.remove, save, lambda n: save(new(n)))


def _fresh(pool: Iterable[Any], known: Iterable[Any]) -> Callable[[int], list[Any]]:
    """Return what gives so many of the pool that never were in the library, and none of them twice."""
    left = iter([one for one in pool if one.id not in set(known)])
    return lambda number: list(islice(left, number))


def _each(act: Callable[[Any], Any]) -> Callable[[Iterable[Any]], None]:
    def act_on_each(things: Iterable[Any]) -> None:
        for one in things:
            act(one)

    return act_on_each


def ids_stored(account: SpotifyAccount, resource: str, **which: Any) -> list[str]:
    """Return the Spotify ids that are stored, in the order of the library where there is one."""
    order = {"tracks": "-rank", "playlists": "position", "following": "position"}
    rows = LIBRARY[resource].of(account.pk).filter(**which)
    ids = rows.order_by(order[resource], "pk") if resource in order else rows.recent()
    return list(ids.values_list(IDS.get(resource, "spotify_id"), flat=True))


def loss_of(account: SpotifyAccount, count: int = 3, *, band: str = "Band") -> LargeLoss:
    """Let a run have met the loss of so many artists."""
    run = run_of(account, resource="following", reason="large_loss", finished_at=NOON)
    SyncState.objects.update_or_create(
        account=account, resource="following", defaults={"suspected_shrink": 0}
    )
    loss = LargeLoss.objects.create(
        run=run, account=account, resource="following", total=count, created_at=NOON
    )
    for position in range(count):
        follow(account, f"{band} {position}")
        followed = FollowedArtist.objects.latest("pk")
        LostRow.objects.create(
            loss=loss,
            position=position,
            row_id=followed.pk,
            spotify_id=followed.artist.spotify_id,
            title=followed.artist.name,
        )
    return loss
