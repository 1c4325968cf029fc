"""Playlists and followed artists as they are stored, and as FakeSpotify has them, in one form to compare."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SpotifyAccount,
    Track,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.testing.music.catalog import Track as FakeTrack
from django_spotify_sync.testing.music.contents import LocalFile
from django_spotify_sync.testing.music.podcasts import Episode

type Item = tuple[str, str, str, str, str | None, int | None, str | None, str]


def wrongly_folded() -> list[Any]:
    """Return the rows whose names search would not find as they are."""
    return [
        row
        for model in (Artist, Album, Track, Playlist, PlaylistItem)
        for row in model._default_manager.all()
        if row.folded != model._meta.get_field("folded").fold(vars(row))
    ]


def linked(account: SpotifyAccount) -> list[str]:
    """Return the ids of the account's lists, in order."""
    rows = AccountPlaylist.objects.filter(account=account).order_by("position")
    return list(rows.values_list("playlist__spotify_id", flat=True))


def followed(account: SpotifyAccount) -> list[str]:
    """Return the ids of the artists the account follows, in order."""
    rows = FollowedArtist.objects.filter(account=account).order_by("position")
    assert [row.position for row in rows] == list(range(len(rows)))
    return [row.artist.spotify_id for row in rows.select_related("artist")]


def item_ids(playlist: Any) -> list[int]:
    """Return the primary keys of the stored items, in order."""
    rows = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id)
    return list(rows.order_by("position").values_list("pk", flat=True))


def stored_items(playlist: Any) -> list[Item]:
    """Return what is stored of a list's items."""
    rows = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).order_by("position")
    assert all(one.position < after.position for one, after in pairwise(rows))
    return [
        (
            row.kind,
            row.uri,
            # what a place without anything once held is no matter here
            "" if row.kind == "unavailable" else row.title,
            "" if row.kind == "unavailable" else row.subtitle,
            row.track.spotify_id if row.kind == "track" else None,
            None if row.kind == "unavailable" else row.duration_ms,
            row.added_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row.added_at else None,
            row.added_by,
        )
        for row in rows.select_related("track")
    ]


def true_items(playlist: Any) -> list[Item]:
    """Return what FakeSpotify has of a list's items."""
    return [
        (*_content(item.content), _known(item.added_at), item.added_by or "")
        for item in playlist.items
    ]


def _known(added_at: str | None) -> str | None:
    """Return a date as it is to be stored; the first moment of 1970 is Spotify's word for none."""
    return None if added_at == "1970-01-01T00:00:00Z" else added_at


def _content(content: Any) -> tuple[str, str, str, str, str | None, int | None]:
    match content:
        case FakeTrack():
            return "track", content.uri, "", "", content.id, None
        case Episode():
            show = content.show.name
            return "episode", content.uri, content.name, show, None, content.duration_ms
        case LocalFile():
            name, artist = content.title, content.artist
            return "local", content.uri, name, artist, None, content.seconds * 1000
    return "unavailable", "", "", "", None, None


def stored_list(playlist: Any) -> dict[str, Any]:
    """Return what is stored of a list itself."""
    row = Playlist.objects.get(spotify_id=playlist.id)
    names = ("name", "description", "owner_id", "owner_name", "collaborative", "total")
    return {name: getattr(row, name) for name in names}


def true_list(playlist: Any) -> dict[str, Any]:
    """Return what FakeSpotify has of a list itself."""
    state = playlist.state
    return {
        "name": state.name,
        "description": state.description or "",
        "owner_id": playlist.owner.id,
        "owner_name": playlist.owner.display_name or "",
        "collaborative": state.collaborative,
        "total": len(state.items),
    }


def check_playlists(
    account: SpotifyAccount, user: Any, *, unreadable: tuple[Any, ...] = ()
) -> None:
    """Hold the account's playlists against the truth, item by item."""
    lists = [entry.playlist for entry in user.listed.entries if not entry.null]
    assert linked(account) == [playlist.id for playlist in lists]
    closed = {playlist.id for playlist in unreadable}
    for playlist in lists:
        assert stored_list(playlist) == true_list(playlist)
        link = AccountPlaylist.objects.get(account=account, playlist__spotify_id=playlist.id)
        assert playlist.state.public is None or link.public is playlist.state.public
        assert link.can_read_items is (playlist.id not in closed), playlist
        if playlist.id not in closed:
            assert stored_items(playlist) == true_items(playlist), playlist


def quiet(account, spotify):
    """Sync until all is as it has to be when nothing goes wrong any more."""
    spotify.faults.clear()
    for _ in range(2):
        run = sync(account, "playlists")
    assert run.status == "succeeded"
    check_playlists(account, spotify.user)
