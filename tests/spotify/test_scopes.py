from __future__ import annotations

import pytest

from django_spotify_sync.conf import RESOURCES, Conf
from django_spotify_sync.spotify.scopes import SCOPES, scopes_for
from django_spotify_sync.testing import CORE_SCOPE


def test_each_resource_has_its_scopes():
    assert tuple(SCOPES) == RESOURCES
    assert all(SCOPES.values())


def test_the_resources_of_a_plain_site_need_the_scopes_of_the_core():
    assert " ".join(scopes_for(Conf.RESOURCES.default)) == CORE_SCOPE


def test_all_resources_need_one_more_for_episodes():
    assert " ".join(scopes_for(RESOURCES)) == f"{CORE_SCOPE} user-read-playback-position"


@pytest.mark.parametrize(
    ("resources", "scopes"),
    [
        ([], []),
        (["tracks"], ["user-library-read"]),
        (["following", "tracks", "following"], ["user-library-read", "user-follow-read"]),
        (iter(["playlists"]), ["playlist-read-private", "playlist-read-collaborative"]),
    ],
)
def test_scopes_come_once_and_in_a_stable_order(resources, scopes):
    assert scopes_for(resources) == scopes
