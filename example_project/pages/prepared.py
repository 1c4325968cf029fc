"""What takes a look at a whole library, looked up before anybody asks: by the worker that has written to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.runs import Resource

from pages import diary, doubles, lost, pictures

#: By the resource that was written to.
_LOOKS: dict[str, tuple[Callable[[SpotifyAccount], Any], ...]] = {
    Resource.TRACKS: (
        pictures.summary,
        pictures.months,
        pictures.decades,
        pictures.lengths,
        pictures.artists_of_most,
        pictures.albums_of_most,
        diary.figures_of,
        doubles.doubles_of,
    ),
    Resource.PLAYLISTS: (doubles.doubles_of,),
}


def prepare(account: SpotifyAccount, resource: str) -> None:
    """Look up what the pages show of a library that has changed in this resource."""
    for look in (*_LOOKS.get(resource, ()), lost.keys_of):
        look(account)
