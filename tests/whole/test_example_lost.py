"""The example site's list of what is lost, and its list of what is there twice."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from django_spotify_sync.models import (
    Album,
    Episode,
    FollowedArtist,
    LargeLoss,
    SavedAlbum,
    SavedEpisode,
    SavedTrack,
    SpotifyAccount,
)
from django_spotify_sync.sync import decide_loss
from tests.kit.api import run_of
from tests.kit.browsing import browser_of
from tests.kit.changes import write_change
from tests.kit.example_pages import show_example_pages
from tests.kit.libraries import EPOCH, account_of, own, put, save, track_of
from tests.kit.losing import loss_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> SpotifyAccount:
    show_example_pages(settings, monkeypatch)
    return account_of(user)


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200, page
    return re.sub(r"\s+", " ", answer.content.decode())


def rows(page: str) -> list[str]:
    return re.findall(r'<li class="line-row".*?</li>', page)


def test_what_is_lost_stands_in_one_list_with_its_name_its_reason_and_since_when(
    account: SpotifyAccount, ada: Client
) -> None:
    null = save(account, track=track_of("Null"), spotify_id=None)
    save(account, track=track_of("Unplayable"), is_playable=False)
    save(account, track=track_of("Here"))
    SavedTrack.objects.create(account=account, rank=0)  # nobody ever knew what it was
    owned = own(account, position=1)
    put(owned, kind="unavailable", uri="", track=track_of("Null in a list"), position=0)
    put(owned, kind="unavailable", uri="", track=None, title="An episode", position=1)
    album = Album.objects.create(spotify_id="album", name="Withdrawn")
    SavedAlbum.objects.create(account=account, album=album, spotify_id="album", is_available=False)
    decide_loss(loss_of(account, 1), "keep")
    assert null.track
    write_change(account, kind="unavailable", spotify_id=null.track.spotify_id)

    page = text(ada, "/lost/")

    found = [
        (
            re.search('data-of="(.*?)"', row)[1],
            re.search('name">(?:<a [^>]*>)?<bdi>(.*?)</bdi>', row)[1],
        )
        for row in rows(page)
    ]
    assert found == [
        ("tracks", "Unplayable"),
        ("tracks", "Null"),
        ("items", "Null in a list"),
        ("items", "An episode"),
        ("following", "Band 0"),
        ("albums", "Withdrawn"),
    ]
    unplayable, gone, item, _, kept, _ = rows(page)
    assert "not to be played where you are" in unplayable
    assert "since" not in unplayable
    assert "No longer at Spotify" in gone
    assert "since <time" in gone
    assert "1 May 2024" in gone
    assert f"/playlists/{owned.spotify_id}/" in item
    assert "kept here because you said so" in kept
    assert "since <time" in kept
    assert "3 groups" not in page


def test_of_one_shelf_alone_and_by_pages(account: SpotifyAccount, ada: Client) -> None:
    for number in range(60):
        save(account, track=track_of(f"T{number}"), spotify_id=None)
    episode = Episode.objects.create(spotify_id="e", name="Talk")
    SavedEpisode.objects.create(
        account=account, episode=episode, spotify_id="e", is_available=False
    )

    assert len(rows(text(ada, "/lost/"))) == 50
    assert len(rows(text(ada, "/lost/?page=2"))) == 11
    assert len(rows(text(ada, "/lost/?of=tracks&page=2"))) == 10
    assert len(rows(text(ada, "/lost/?of=episodes"))) == 1
    assert len(rows(text(ada, "/lost/?of=none&page=x"))) == 50


@pytest.mark.parametrize(
    ("page", "said"), [("/lost/", "Nothing is lost"), ("/duplicates/", "Nothing is there twice")]
)
def test_where_there_is_nothing_that_is_said(
    page: str, said: str, account: SpotifyAccount, ada: Client
) -> None:
    save(account)

    assert said in text(ada, page)


def test_doubles_stand_in_groups_with_what_they_share(account: SpotifyAccount, ada: Client) -> None:
    for name in ("Single", "Album cut", "Other"):
        track = track_of(name)
        track.isrc = "" if name == "Other" else "US1"
        track.save()
        save(account, track=track)
    owned, twice = own(account), track_of("Twice")
    for at in (0, 1, 2):
        each = track_of() if at == 1 else twice
        put(owned, track=each, uri=each.uri, position=at)

    page = text(ada, "/duplicates/")

    assert re.findall('data-reason="(.*?)"', page) == ["isrc", "list"]
    assert re.findall('class="name">(?:<a [^>]*>)?<bdi>(.*?)</bdi>', page) == [
        *("Album cut", "Single"),
        *("Twice", "Twice"),
    ]
    assert re.findall(r"place (\d+)", page) == ["1", "3"]
    assert "2 groups" in page


def test_others_see_nothing_of_either(account: SpotifyAccount, other_user: Any) -> None:
    account_of(other_user)
    save(account, spotify_id=None)
    owned, twice = own(account), track_of()
    for at in (0, 1):
        put(owned, track=twice, uri=twice.uri, position=at)
    grace = browser_of(other_user)

    assert rows(text(grace, "/lost/")) == rows(text(grace, "/duplicates/")) == []


def test_they_are_looked_up_when_a_sync_has_written_before_anybody_asks(
    account: SpotifyAccount,
    ada: Client,
    django_assert_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(account, spotify_id=None)
    looked = run_of(account, status="succeeded", finished_at=EPOCH)
    wrote = run_of(account, status="succeeded", created=1, finished_at=EPOCH)
    count_anew = import_module("pages.apps").count_anew

    with django_assert_num_queries(0):
        count_anew(wrote)  # where these pages are not installed
    with monkeypatch.context() as patch:
        patch.setattr(apps, "is_installed", lambda name: name == "pages")
        with django_assert_num_queries(0):
            count_anew(looked)
        count_anew(wrote)

    with django_assert_num_queries(9):
        assert len(rows(text(ada, "/lost/"))) == 1
    with django_assert_num_queries(6):
        text(ada, "/duplicates/")


def test_both_are_kept_until_a_sync_writes_or_a_loss_is_decided(
    account: SpotifyAccount, ada: Client, django_assert_num_queries: Any
) -> None:
    lost = save(account, spotify_id=None)
    run_of(account, status="succeeded", created=1, finished_at=EPOCH)
    text(ada, "/lost/")
    text(ada, "/duplicates/")
    SavedTrack.objects.filter(pk=lost.pk).update(spotify_id="back")
    save(account, spotify_id=None)

    # session, user, account; the version: runs, decisions; rows, artists, since: journal, losses, lists
    with django_assert_num_queries(9):
        assert len(rows(text(ada, "/lost/"))) == 1
    with django_assert_num_queries(6):
        text(ada, "/duplicates/")

    run_of(account, status="succeeded", updated=1, finished_at=EPOCH)
    [row] = rows(text(ada, "/lost/"))
    assert "back" not in row
    decide_loss(loss_of(account, 2), "keep")
    assert len(rows(text(ada, "/lost/"))) == 3
    FollowedArtist.objects.filter(is_kept=True).delete()
    assert len(rows(text(ada, "/lost/"))) == 1
    assert LargeLoss.objects.count() == 1
