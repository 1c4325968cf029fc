"""The admin's pages: where they are, what fills them, what they say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from django_spotify_sync.models import (
    AccountPlaylist,
    AlbumArtist,
    Audiobook,
    Episode,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    Show,
    SpotifyAccount,
    SyncRun,
    SyncState,
)
from tests.kit.changes import write_change
from tests.kit.libraries import EPOCH, account_of, save

#: What the admin has a list of; Status, which stands among them, has no table.
MODELS = [
    model
    for model in admin.site._registry
    if model._meta.app_label == "spotify_sync" and issubclass(model, Model)
]
names = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:spotify_sync_{model._meta.model_name}_{page}", args=args)


def fill(user: Any, rows: int = 1) -> SpotifyAccount:
    """Put rows into every table that the admin shows."""
    account = SpotifyAccount.objects.filter(user=user).first() or account_of(user)
    SyncState.objects.get_or_create(account=account, resource="tracks")
    for _ in range(rows):
        saved = save(account)
        assert saved.track
        number = saved.rank
        run = SyncRun.objects.create(
            account=account, resource="tracks", trigger="user", finished_at=EPOCH
        )
        SyncRun.objects.filter(pk=run.pk).update(claim="5ec4e7c1-a111-4111-8111-111111111111")
        for of_run in (run, SyncRun.objects.filter(account=account).earliest("pk")):
            write_change(account, run=of_run)
        playlist = Playlist.objects.create(spotify_id=f"playlist-{number}", name="Playlist")
        AccountPlaylist.objects.create(account=account, playlist=playlist, position=number)
        PlaylistItem.objects.create(
            playlist=playlist, position=0, kind="track", track=saved.track, title="Item"
        )
        artist = saved.track.artists.order_by("pk")[0]
        FollowedArtist.objects.create(account=account, artist=artist, position=number)
        album = saved.track.album
        assert album
        AlbumArtist.objects.create(album=album, artist=artist, position=0)
        name = f"name-{number}"
        show = Show.objects.create(spotify_id=name, name="Show")
        episode = Episode.objects.create(spotify_id=name, name="Episode", show=show)
        book = Audiobook.objects.create(spotify_id=name, name="Audiobook", authors=["Author"])
        whose = {"account": account, "spotify_id": name}
        SavedAlbum.objects.create(album=album, **whose)
        SavedShow.objects.create(show=show, **whose)
        SavedEpisode.objects.create(episode=episode, **whose)
        SavedAudiobook.objects.create(audiobook=book, **whose)
    return account


# What is shown


def text_of(client: Client, *args: Any, **query: Any) -> str:
    return client.get(address(*args), query).content.decode()
