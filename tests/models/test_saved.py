"""What saved albums, shows, episodes and audiobooks have in common: whose they are, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from django_spotify_sync.models import (
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SpotifyAccount,
)
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db

each_model = pytest.mark.parametrize(
    "model", [SavedAlbum, SavedShow, SavedEpisode, SavedAudiobook], ids=lambda model: model.__name__
)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@each_model
def test_everybody_has_their_own_rows_and_nobody_has_none(
    user: Any, other_user: Any, account: SpotifyAccount, model: Any
) -> None:
    mine = model.objects.create(account=account, spotify_id="x")
    theirs = model.objects.create(account=account_of(other_user), spotify_id="x")

    assert [*model.objects.for_user(user)] == [mine]
    assert [*model.objects.for_user(other_user)] == [theirs]
    assert not model.objects.for_user(AnonymousUser())


@each_model
def test_they_come_latest_first_and_those_without_a_date_last(
    user: Any, account: SpotifyAccount, model: Any
) -> None:
    times = [None, EPOCH, EPOCH, EPOCH + timedelta(days=1), None]
    undated, old, equal, new, undated_too = (
        model.objects.create(account=account, spotify_id=str(number), added_at=added_at)
        for number, added_at in enumerate(times)
    )

    recent = model.objects.for_user(user).recent()

    assert [*recent] == [new, equal, old, undated_too, undated]


@each_model
def test_an_id_is_saved_once_by_each(account: SpotifyAccount, model: Any) -> None:
    model.objects.create(account=account, spotify_id="x")

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(account=account, spotify_id="x")


@each_model
def test_a_row_is_called_by_its_id_and_costs_no_query(
    account: SpotifyAccount, model: Any, django_assert_num_queries: Any
) -> None:
    row = model.objects.create(account=account, spotify_id="x")
    row = model.objects.get(pk=row.pk)

    with django_assert_num_queries(0):
        assert str(row) == f"x of account {account.pk}"
