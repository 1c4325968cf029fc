"""What a user has saved, asked by row and by ids; and what Django's QuerySet promises stays as it is."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.db import models

from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.models.saved_tracks import sort_keys
from tests.kit.libraries import account_of, own, put, save, track_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


def test_a_queryset_tells_whether_a_row_is_among_its_own(
    account: SpotifyAccount, other_user: Any
) -> None:
    mine, theirs = save(account), save(account_of(other_user, "grace"))
    loaded = account.saved_tracks.all()
    assert len(loaded) == 1

    for rows in (account.saved_tracks, SavedTrack.objects.for_user(account.user), loaded):
        assert rows.contains(mine) is True
        assert rows.contains(theirs) is False
        assert rows.contains(obj=mine) is True
    assert SavedTrack.objects.contains(theirs) is True
    assert SavedTrack.objects.contains(account) is False, "a row of another table"
    with pytest.raises(TypeError):
        SavedTrack.objects.contains(None)


@pytest.mark.django_db(transaction=True)
def test_so_it_does_where_it_is_awaited(account: SpotifyAccount) -> None:
    mine = save(account)

    async def ask() -> bool:
        return await SavedTrack.objects.acontains(mine)

    assert async_to_sync(ask)() is True


def test_ids_are_asked_by_either_name(account: SpotifyAccount, other_user: Any) -> None:
    mine, theirs = save(account), save(account_of(other_user, "grace"))
    ids = [mine.spotify_id, theirs.spotify_id, "nobody's"]

    found = [
        SavedTrack.objects.saved_ids(account, ids),
        SavedTrack.objects.contains(account, ids),
        SavedTrack.objects.contains(account=account, spotify_ids=iter(ids)),
        account.saved_tracks.saved_ids(account, ids),
    ]

    assert found == [{mine.spotify_id}] * 4
    assert SavedTrack.objects.contains(account, []) == set()


def test_no_method_of_ours_takes_one_of_django_s_away() -> None:
    """What has a name of Django's has to do what Django's does, too: which of them do is written here."""
    shadows = {
        f"{model.__name__}.{name}"
        for model in apps.get_app_config("spotify_sync").get_models()
        for kind in type(model._default_manager.get_queryset()).__mro__
        if kind.__module__.startswith("django_spotify_sync")
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and hasattr(models.QuerySet, name)
    }

    assert shadows == {"SavedTrack.contains"}


def test_what_is_not_available(account: SpotifyAccount) -> None:
    save(account)
    save(account, is_playable=None)
    here = [save(account, is_playable=False), save(account, spotify_id=None)]

    assert list(account.saved_tracks.unavailable().order_by("pk")) == here


def test_what_is_in_no_playlist(account: SpotifyAccount, other_user: Any) -> None:
    other = account_of(other_user, "grace")
    listed, unread, changed, theirs, alone = (save(account) for _ in range(5))
    put(own(account), track=listed.track)
    put(own(account, can_read_items=False), track=unread.track)
    put(own(account, seen_contents=None), track=changed.track)
    put(own(other), track=theirs.track)
    SavedTrack.objects.create(account=account, rank=10**9)

    found = account.saved_tracks.in_no_playlist(account)

    assert set(found) == {unread, changed, theirs, alone}


def test_names_are_sorted_as_search_looks_for_them(account: SpotifyAccount) -> None:
    for name in ("Zoo", "ёлка", "Für", "aaa"):
        save(account, track=track_of(name, artists=[name]))

    rows = account.saved_tracks.annotate(**{f"by_{name}": key for name, key in sort_keys().items()})

    for key in ("by_name_key", "by_artist_key"):
        found = rows.order_by(key).values_list("track__name", flat=True)
        assert list(found) == ["aaa", "Für", "Zoo", "ёлка"]
