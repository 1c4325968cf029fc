"""What happens to a library in a week: somebody saves, removes and tidies, and Spotify takes things away.

Of FakeSpotify, whatever its size: what there is too little of is let be. Knows nothing of Django.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django_spotify_sync.testing.music.catalog import Track
from django_spotify_sync.testing.music.saved import NEWEST
from django_spotify_sync.testing.music.users import User

#: Days ago on which tracks were saved, since the sync before.
SAVED = (6, 5, 4, 2, 1)
#: Places among the saved tracks: those that their listener removes, and those that Spotify does.
UNLIKED, WITHDRAWN, UNPLAYABLE, TWIN = (9, 31), (17, 18), (23,), 12
LEAST = 60  # saved tracks for any of it to happen
LONG_AGO = 15  # days; what FakeSpotify invents ends before, and is carried on until then


def carry_on(user: User, count: int) -> None:
    """Save so many tracks between the end of an invented library and a fortnight ago, evenly."""
    start = datetime.fromtimestamp(NEWEST, UTC)
    days = (datetime.now(UTC) - start).days - LONG_AGO
    for number in range(count):
        user.like(1, at=start + timedelta(days=max(days, 0) * (number + 1) / (count + 1)))


def live(user: User) -> None:
    """Let a week go by."""
    now = datetime.now(UTC)
    if len(user.saved) >= LEAST:
        for days in SAVED:
            user.like(2, at=now - timedelta(days=days))
        twin = _twin(user, TWIN)
        user.like(track=twin)
        user.unlike(list(UNLIKED))
        user.null(list(WITHDRAWN))
        user.make_unavailable(list(UNPLAYABLE))
    if len(user.following.entries) > 1:
        user.follow(2)
        user.unfollow(-1)
    if len(user.albums.entries) > 2:
        user.albums.save(2, at=now - timedelta(days=3))
        user.albums.remove(-1)
    if lists := _own_lists(user):
        _tidy(lists[0], now)
        user.add_playlist("For the road", tracks=12, at=now - timedelta(days=2))


def _twin(user: User, place: int) -> Track:
    """Return the recording at a place once more, as it stands on another album: another id, the same ISRC."""
    track, other = user.saved[place].track, user.saved[place + 1].track
    if track is None or other is None:
        raise ValueError("Only a track can be there twice.")
    twin = replace(track, id=track.id[::-1], album=other.album)
    user.catalogue.by_id[twin.id] = twin
    return twin


def _own_lists(user: User) -> Sequence[Any]:
    """Return the user's own playlists of tracks, the shortest of those with enough of them first."""
    own = [one for one in user.playlists if one.owner is user and not one.collaborators]
    full = [one for one in own if sum(isinstance(item.content, Track) for item in one.items) > 8]
    return sorted(full, key=lambda one: len(one.items))


def _tidy(playlist: Any, now: datetime) -> None:
    """Add, remove, rename; have something stand there twice, and something be there no more."""
    places = [at for at, item in enumerate(playlist.items) if isinstance(item.content, Track)]
    twice = playlist.items[places[0]].content
    playlist.null(places[2])
    playlist.remove(places[1])
    playlist.add(3, at=now - timedelta(days=4))
    playlist.add(twice, at=now - timedelta(days=1))
    playlist.rename(f"{playlist.name} (again)")
