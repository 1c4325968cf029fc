"""Saved albums, shows, episodes and audiobooks in the admin: what each is, whose, and whether Spotify shows it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Audiobook,
    Episode,
    FollowedArtist,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    Show,
    SpotifyAccount,
)
from tests.kit.administering import address, fill, text_of
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db

SAVED: dict[Any, Any] = {
    SavedAlbum: Album,
    SavedShow: Show,
    SavedEpisode: Episode,
    SavedAudiobook: Audiobook,
}
each = pytest.mark.parametrize("model", SAVED, ids=lambda model: model._meta.model_name)


@each
def test_the_account_and_the_catalogue_are_linked(staff: Client, user: Any, model: Any) -> None:
    account = fill(user)
    saved, known = model.objects.get(), SAVED[model].objects.get()

    page = text_of(staff, model, "change", saved.pk)

    assert f'<a href="{address(SpotifyAccount, "change", account.pk)}"' in page
    assert f'<a href="{address(SAVED[model], "change", known.pk)}">{known.name}</a>' in page
    assert f'href="{known.get_absolute_url()}"' in page


@each
def test_what_spotify_shows_no_more_is_told_apart(staff: Client, user: Any, model: Any) -> None:
    fill(user, rows=3)
    model.objects.filter(pk=model.objects.earliest("pk").pk).update(is_available=False)

    assert 'href="?is_available__exact=0"' in text_of(staff, model, "changelist"), "a filter"
    gone = text_of(staff, model, "changelist", is_available__exact="0")

    assert gone.count('<th class="field-title') == 1
    assert 'alt="False"' in gone
    assert 'alt="True"' not in gone


@pytest.mark.parametrize("model", [*SAVED, SavedTrack, FollowedArtist, AccountPlaylist])
def test_what_was_kept_after_a_large_loss_can_be_found(
    staff: Client, user: Any, model: Any
) -> None:
    fill(user, rows=2)
    kept = model.objects.earliest("pk")
    model.objects.filter(pk=kept.pk).update(is_kept=True)

    answer = staff.get(address(model, "changelist"), {"is_kept__exact": "1"})

    assert [row.pk for row in answer.context["cl"].result_list] == [kept.pk]
    assert 'href="?is_kept__exact=1"' in text_of(staff, model, "changelist"), "a filter"


@each
def test_what_was_never_known_is_called_by_its_id(staff: Client, user: Any, model: Any) -> None:
    saved = model.objects.create(account=account_of(user), spotify_id="never-known")

    rows = text_of(staff, model, "changelist")
    page = text_of(staff, model, "change", saved.pk)

    assert "never-known" in rows
    assert "open.spotify.com" not in page


def test_who_made_it_is_said(staff: Client, user: Any) -> None:
    fill(user)
    Show.objects.update(publisher="The Publisher")
    Audiobook.objects.update(authors=["Ann", "Bob"])

    assert "Artist 2" in text_of(staff, SavedAlbum, "changelist")
    assert "The Publisher" in text_of(staff, SavedShow, "changelist")
    assert ">Show</a>" in text_of(staff, SavedEpisode, "changelist")
    assert "Ann, Bob" in text_of(staff, SavedAudiobook, "changelist")


def test_a_list_of_albums_shows_the_smallest_covers(staff: Client, user: Any) -> None:
    fill(user)
    Album.objects.update(thumbnail_url="https://i.example/small")

    assert "https://i.example/small" in text_of(staff, SavedAlbum, "changelist")
    page = text_of(staff, SavedAlbum, "change", SavedAlbum.objects.get().pk)
    assert 'src="https://i.example/album"' in page
