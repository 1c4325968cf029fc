"""Playlists of every kind, and where they are listed."""

from __future__ import annotations

from django_spotify_sync.testing.music.seeding import seed_playlist

LISTING = "/me/playlists"

COHORTS = ("new", "legacy", "extended")


def seeded(spotify, count=12):
    """Give the user lists of every kind."""
    for number in range(len(spotify.user.playlists), count):
        seed_playlist(spotify.user, number)


def closed(spotify):
    """Return the lists whose items the cohort keeps from the user."""
    return tuple(
        playlist
        for playlist in spotify.user.playlists
        if spotify.cohort == "new"
        and playlist.owner is not spotify.user
        and spotify.user not in playlist.collaborators
    )


def paths(spotify):
    return [line.path.removeprefix("/v1") for line in spotify.requests]
