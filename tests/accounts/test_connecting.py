"""Whose grant it is that the consent page gave."""

from __future__ import annotations

import pytest

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import AccessTokenRejected, NotAllowlisted
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify

pytestmark = pytest.mark.django_db


def test_whose_grant_it_is(spotify: FakeSpotify) -> None:
    answer = spotify.grant()
    grant = oauth.Grant(Secret(answer["access_token"]), None, expires_in=1, scope=None)

    assert accounts.fetch_profile(grant).spotify_id == spotify.user.id
    spotify.allowlist = set()
    with pytest.raises(NotAllowlisted):
        accounts.fetch_profile(grant)


def test_a_fresh_token_that_is_rejected_for_good(spotify: FakeSpotify) -> None:
    grant = oauth.Grant(Secret("unknown"), None, expires_in=1, scope=None)

    with pytest.raises(AccessTokenRejected):
        accounts.fetch_profile(grant)

    assert spotify.count("/me") == 2
