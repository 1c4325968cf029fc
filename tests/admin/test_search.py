"""The admin's search: by names, however they are written, and by ISRC."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    Audiobook,
    Episode,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    Show,
    Track,
)
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of, follow, own, put, save, track_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(django_user_model: Any) -> Client:
    return browser_of(django_user_model.objects.create_superuser("boss", password="boss"))


@pytest.fixture
def library(user: Any) -> None:
    """Give two rows of everything, one of which has the name."""
    account = account_of(user)
    for name in ("Четвёртый Étude", "Nothing"):
        track = track_of(name, artists=[name], album=name)
        save(account, track=track)
        follow(account, name)
        playlist = own(account)
        playlist.name = name
        playlist.save()
        put(playlist, track=track)
        put(playlist, kind="local", title="File", subtitle=name)
        known = {"spotify_id": name, "name": name}
        show = Show.objects.create(**known)
        episode = Episode.objects.create(show=show, **known)
        book = Audiobook.objects.create(**known)
        whose = {"account": account, "spotify_id": name}
        SavedAlbum.objects.create(album=track.album, **whose)
        SavedShow.objects.create(show=show, **whose)
        SavedEpisode.objects.create(episode=episode, **whose)
        SavedAudiobook.objects.create(audiobook=book, **whose)


def found(staff: Client, model: Any, words: str) -> int:
    page = staff.get(
        reverse(f"admin:spotify_sync_{model._meta.model_name}_changelist"), {"q": words}
    )
    assert page.status_code == 200
    return len(page.context["cl"].result_list)


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (Artist, 2),  # one follows an artist of that name, too
        (Album, 1),
        (Track, 1),
        (Playlist, 1),
        (SavedTrack, 1),
        (AccountPlaylist, 1),
        (PlaylistItem, 2),
        (FollowedArtist, 1),
        (Show, 1),
        (Episode, 1),
        (Audiobook, 1),
        (SavedAlbum, 1),
        (SavedShow, 1),
        (SavedEpisode, 1),
        (SavedAudiobook, 1),
    ],
)
@pytest.mark.parametrize(
    "words", ["четвертый", "ЧЕТВЁРТЫЙ", "e\u0301tude", "ETUDE", '"четвертый etude"']
)
def test_a_name_is_found_however_it_is_written(
    staff: Client, library: None, model: Any, rows: int, words: str
) -> None:
    assert found(staff, model, words) == rows
    assert found(staff, model, f"{words} no-such-word") == 0


@pytest.mark.parametrize(
    ("model", "values"), [(Show, {"publisher": "Le Étude"}), (Audiobook, {"authors": ["É. Tude"]})]
)
def test_who_made_it_is_searched_too(staff: Client, user: Any, model: Any, values: Any) -> None:
    row = model.objects.create(spotify_id="a", name="A", **values)
    model.objects.create(spotify_id="b", name="B")
    saved = {Show: SavedShow, Audiobook: SavedAudiobook}[model]
    held = {model._meta.model_name: row}
    saved.objects.create(account=account_of(user), spotify_id="a", **held)

    assert found(staff, model, "tude") == 1
    assert found(staff, saved, "tude") == 1
    assert found(staff, saved, "nobody") == 0


def test_a_saved_episode_is_found_by_its_show(staff: Client, user: Any) -> None:
    show = Show.objects.create(spotify_id="show", name="Étude")
    episode = Episode.objects.create(spotify_id="episode", name="One", show=show)
    SavedEpisode.objects.create(account=account_of(user), spotify_id="episode", episode=episode)

    assert found(staff, SavedEpisode, "etude") == 1


ID = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.mark.parametrize(
    "asked", [ID, f"spotify:show:{ID}", f"https://open.spotify.com/show/{ID}?si=abc"]
)
@pytest.mark.parametrize("model", [SavedAlbum, SavedShow, SavedEpisode, SavedAudiobook])
def test_what_was_saved_is_looked_up_by_its_id_though_it_was_never_known(
    staff: Client, user: Any, model: Any, asked: str
) -> None:
    account = account_of(user)
    for spotify_id in (ID, "another"):
        model.objects.create(account=account, spotify_id=spotify_id)

    assert found(staff, model, asked) == 1


def test_a_track_is_found_by_its_isrc_or_a_part_of_it(staff: Client) -> None:
    Track.objects.create(spotify_id="a", name="A", isrc="GBAYE0601498")
    Track.objects.create(spotify_id="b", name="B", isrc="GBAYE0601499")

    assert found(staff, Track, "gbaye0601498") == 1
    assert found(staff, Track, "06014") == 2


def test_words_look_at_names_alone_which_have_an_index(staff: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        found(staff, Track, "no such track")

    assert not [one for one in captured if "isrc" in one["sql"].partition("WHERE")[2]]


def test_users_are_searched_as_they_are_written(staff: Client, user: Any) -> None:
    account = account_of(user)
    get_user_model().objects.filter(pk=user.pk).update(username="Ёж")

    assert found(staff, type(account), "Ёж") == 1
