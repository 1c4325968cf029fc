"""OpenAPI describes what is there: the lists of what the site syncs."""

from __future__ import annotations

import json

import pytest

from tests.rest.test_openapi import WITH_SPECTACULAR, django_of

OPTIONS = ["--validate", "--fail-on-warn", "--format", "openapi-json"]
PATHS = {
    "tracks": {"tracks/", "tracks/contains/"},
    "playlists": {"playlists/", "playlists/{spotify_id}/items/"},
    "following": {"following/"},
    "albums": {"albums/", "albums/{spotify_id}/"},
    "shows": {"shows/"},
    "episodes": {"episodes/"},
    "audiobooks": {"audiobooks/"},
}


@pytest.mark.parametrize("resources", [["tracks", "episodes"], ["albums", "audiobooks"]])
def test_a_list_is_described_where_it_is(resources: list[str]) -> None:
    host = {**WITH_SPECTACULAR, "SPOTIFY_SYNC_RESOURCES": resources}

    done = django_of(host, "-m", "django", "spectacular", *OPTIONS)

    assert (done.returncode, done.stderr) == (0, "")
    paths = {path.removeprefix("/spotify/") for path in json.loads(done.stdout)["paths"]}
    lists = {path for some in PATHS.values() for path in some}
    assert paths & lists == {path for resource in resources for path in PATHS[resource]}
    assert {"account/", "changes/", "sync/{resource}/", "syncs/"} <= paths
