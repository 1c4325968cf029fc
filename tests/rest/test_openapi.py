"""The API's own description: valid, of everything, and what the API really answers whatever it is asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from django_spotify_sync import urls
from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import ByName
from tests.kit.changes import write_change
from tests.kit.connecting import connect
from tests.kit.libraries import follow, own, put, save
from tests.kit.shelves import album_of, save_album, save_audiobook, save_episode, save_show
from tests.whole.test_contract import ENDPOINTS

ROOT = Path(__file__).parents[2]
EXAMPLES = [4, pytest.param(15, marks=pytest.mark.exhaustive)]  # of each kind; always the same
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WITH_SPECTACULAR = {
    "SPOTIFY_SYNC_LOGIN_ENABLED": True,
    "SPOTIFY_SYNC_RESOURCES": list(RESOURCES),
    "AUTHENTICATION_BACKENDS": ["django_spotify_sync.backends.SpotifyBackend"],
    "INSTALLED_APPS": [*django_settings.INSTALLED_APPS, "drf_spectacular"],
    "REST_FRAMEWORK": {
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    },
}


def django_of(overrides: dict[str, Any], *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in another process, in a host with other settings."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_OVERRIDES": json.dumps(overrides),
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the schema as drf-spectacular's own command makes it, which takes no warning."""
    file = tmp_path_factory.mktemp("openapi") / "schema.json"
    options = ["--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(file)]

    done = django_of(WITH_SPECTACULAR, "-m", "django", "spectacular", *options)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    schema: dict[str, Any] = json.loads(file.read_text())
    return schema


def methods_of(described: dict[str, Any]) -> dict[str, set[str]]:
    return {
        path.removeprefix("/spotify/"): {method.upper() for method in operations}
        for path, operations in described["paths"].items()
    }


def test_every_endpoint_is_described(described: dict[str, Any]) -> None:
    in_the_contract = {
        re.sub(r"\w{22}", "{spotify_id}", path.replace("syncs/1/", "syncs/{id}/")): methods
        for path, methods in ENDPOINTS.items()
        if path and (not path.startswith("sync/") or path == "sync/")
    }
    in_the_contract["sync/{resource}/"] = {"POST"}  # and the page at the root is for browsers

    assert methods_of(described) == in_the_contract
    assert len(described["paths"]) == len(urls.urlpatterns) - 1


def test_every_method_says_what_it_does_and_how_it_fails(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["description"].endswith("."), path
            assert "base of all" not in operation["description"], path
            failures = {
                status: answer
                for status, answer in operation["responses"].items()
                if status >= "400" and (path, status) != ("/spotify/status/", "503")
            }
            assert failures, path
            for answer in failures.values():
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/SpotifySyncError"}, path
                assert answer["description"], path


def test_a_site_that_is_not_well_answers_the_same_body(described: dict[str, Any]) -> None:
    answers = described["paths"]["/spotify/status/"]["get"]["responses"]

    assert answers["503"]["content"] == answers["200"]["content"]
    assert answers["503"]["description"] == "Not all is well."
    metrics = described["paths"]["/spotify/status/metrics/"]["get"]["responses"]
    assert list(metrics["200"]["content"]) == ["text/plain"]


def test_names_are_told_from_those_of_a_host(described: dict[str, Any]) -> None:
    names = described["components"]["schemas"]

    assert [name for name in names if "Spotify" not in name and not name.endswith("Enum")] == []


def test_lists_come_in_pages(described: dict[str, Any]) -> None:
    tracks = described["paths"]["/spotify/tracks/"]["get"]
    page = described["components"]["schemas"]["PaginatedSpotifyTrackList"]

    assert {parameter["name"] for parameter in tracks["parameters"]} == {
        "cursor",
        "ordering",
        "search",
        "artist",
        "album",
        "added_since",
    }
    assert set(page["properties"]) == {"next", "previous", "results"}


def test_a_change_is_described_with_its_words(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    change = schemas["SpotifyChange"]["properties"]
    asked = {
        one["name"]: one for one in described["paths"]["/spotify/changes/"]["get"]["parameters"]
    }

    assert asked.keys() == {"cursor", "ordering", "resource", "kind", "since"}
    [kind] = change["kind"]["allOf"]
    named = kind["$ref"].rpartition("/")[2]
    assert schemas[named]["enum"] == asked["kind"]["schema"]["enum"] == ChangeKind.values
    assert asked["resource"]["schema"]["enum"] == list(RESOURCES)
    assert (change["playlist"]["nullable"], change["run"]["nullable"]) == (True, True)


def test_an_album_comes_with_its_tracks(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    listed, whole = schemas["SpotifyAlbum"], schemas["SpotifyWholeAlbum"]

    assert set(whole["properties"]) == {*listed["properties"], "tracks"}
    assert whole["properties"]["tracks"]["items"] == {
        "$ref": "#/components/schemas/SpotifyTrackOfAlbum"
    }
    assert listed["properties"]["added_at"]["nullable"]
    assert listed["properties"]["total_tracks"]["nullable"]
    assert schemas["SpotifyEpisode"]["properties"]["show"]["nullable"]


def test_a_host_with_such_names_of_its_own_gets_no_warning() -> None:
    done = django_of(
        {**WITH_SPECTACULAR, "ROOT_URLCONF": "tests.host.api"},
        *["-m", "django", "spectacular", "--validate", "--fail-on-warn"],
    )

    assert done.returncode == 0, done.stderr
    assert "/api/tracks/" in done.stdout
    assert "/music/tracks/" in done.stdout


WITHOUT_SPECTACULAR = """
import sys
sys.modules["drf_spectacular"] = None
import django
django.setup()
from django.test import Client
response = Client().get("/spotify/tracks/", headers={"Accept": "application/json"})
print(response.status_code, "django_spotify_sync.rest.openapi" in sys.modules)
"""


def test_nothing_needs_drf_spectacular() -> None:
    done = django_of({}, "-c", WITHOUT_SPECTACULAR)

    assert done.stdout == "403 False\n", done.stderr


# What is asked and answered


OPERATIONS = [
    ("GET", "account/"),
    ("GET", "albums/"),
    ("GET", "albums/{spotify_id}/"),
    ("GET", "audiobooks/"),
    ("GET", "auth/"),
    ("GET", "callback/"),
    ("POST", "callback/"),
    ("GET", "changes/"),
    ("POST", "disconnect/"),
    ("GET", "episodes/"),
    ("GET", "export/"),
    ("GET", "status/"),
    ("GET", "status/metrics/"),
    ("GET", "following/"),
    ("GET", "login/"),
    ("POST", "login/"),
    ("GET", "playlists/"),
    ("GET", "playlists/{spotify_id}/items/"),
    ("POST", "refresh/"),
    ("GET", "shows/"),
    ("POST", "sync/"),
    ("POST", "sync/{resource}/"),
    ("GET", "syncs/"),
    ("GET", "syncs/{id}/"),
    ("GET", "syncs/{id}/loss/"),
    ("POST", "syncs/{id}/loss/"),
    ("GET", "tracks/"),
    ("GET", "tracks/contains/"),
]


def test_every_operation_is_tried(described: dict[str, Any]) -> None:
    assert {
        (method, path) for path, methods in methods_of(described).items() for method in methods
    } == set(OPERATIONS)


@pytest.fixture
def credentials(user: Any, spotify: FakeSpotify, settings: Any) -> dict[str, str]:
    """Give the headers of a user who has a library, and whom no throttle holds back."""
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)
    user.is_staff = user.is_superuser = True  # and may see how the site stands
    user.save()
    account = connect(user, spotify)
    for _ in range(3):
        save(account)
        put(own(account))
        follow(account)
        save_album(account, album_of(tracks=2))
        save_show(account)
        save_episode(account)
        save_audiobook(account)
        write_change(account, resource="playlists", playlist_spotify_id="list")
    SyncRun.objects.create(account=account, resource="tracks", trigger="user")
    return {"Accept": "application/json", "Authorization": "Name ada", "Host": "127.0.0.1"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[WSGIHandler]:
    """Give the site as a WSGI server has it, but in this test's transaction, for whom a header names."""
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.fixture(scope="session")
def schema(described: dict[str, Any]) -> Any:
    """Give the schema as schemathesis reads it."""
    return schemathesis.openapi.from_dict(described)


@pytest.mark.django_db
@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_answers_as_described(
    schema: Any,
    credentials: dict[str, str],
    site: WSGIHandler,
    method: str,
    path: str,
    mode: GenerationMode,
    examples: int,
) -> None:
    schema.app = site
    statuses: set[int] = set()
    operation = schema[f"/spotify/{path}"][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        statuses.add(case.call_and_validate(headers=credentials, checks=CHECKS).status_code)

    ask()

    assert statuses - {401, 403}, "Nobody was signed in: nothing was tried."
