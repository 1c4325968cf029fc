"""The shared catalogue in the admin: what is known of each row."""

from __future__ import annotations

import pytest
from django.test import Client

from django_spotify_sync.models import Album, AlbumTrack, Audiobook, Episode, Show, Track
from tests.kit.administering import address, text_of

pytestmark = pytest.mark.django_db


def test_an_album_says_its_label_its_upc_and_how_many_tracks_are_listed(staff: Client) -> None:
    album = Album.objects.create(
        spotify_id="album", name="Album", label="The Label", upc="00602445", total_tracks=1234
    )
    for place in range(321):
        track = Track.objects.create(spotify_id=f"track {place}")
        AlbumTrack.objects.create(album=album, track=track, position=place)

    page = text_of(staff, Album, "change", album.pk)

    assert ">1234<" in text_of(staff, Album, "changelist")
    for known in ("The Label", "00602445", ">1234<", ">321<"):
        assert known in page


def test_a_show_says_who_publishes_it_and_how_long_it_is(staff: Client) -> None:
    show = Show.objects.create(spotify_id="a", publisher="The Publisher", total_episodes=1234)

    for page in (text_of(staff, Show, "changelist"), text_of(staff, Show, "change", show.pk)):
        assert "The Publisher" in page
        assert ">1234<" in page


def test_an_episode_leads_to_its_show(staff: Client) -> None:
    show = Show.objects.create(spotify_id="show", name="The Show")
    episode = Episode.objects.create(spotify_id="a", show=show, duration_ms=3_601_000)

    for page in (
        text_of(staff, Episode, "changelist"),
        text_of(staff, Episode, "change", episode.pk),
    ):
        assert f'<a href="{address(Show, "change", show.pk)}">The Show</a>' in page
        assert "60:01" in page


def test_an_audiobook_says_who_wrote_and_who_reads_it(staff: Client) -> None:
    book = Audiobook.objects.create(
        spotify_id="a", authors=["Ann", "Bob"], narrators=["Cleo"], edition="Unabridged"
    )

    page = text_of(staff, Audiobook, "change", book.pk)

    assert "Ann, Bob" in text_of(staff, Audiobook, "changelist")
    for known in ("Ann, Bob", "Cleo", "Unabridged"):
        assert known in page
