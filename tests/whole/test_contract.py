"""The public names, in one table, each held against the code by what it does.

Hosts rely on these: they are promises, and all of them are kept. What is there and is not promised fails a test, too.
"""

from __future__ import annotations

import inspect
import io
import tomllib
from datetime import timedelta
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import OutputWrapper
from django.dispatch import Signal
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from django_spotify_sync import exceptions, models, signals, tasks, urls
from django_spotify_sync.accounts import wanted_scopes
from django_spotify_sync.conf import Conf
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.runs import Mode, RunStatus, Trigger
from django_spotify_sync.rest.errors import code_of, error_response, status_of
from django_spotify_sync.sync import sync
from tests.kit.changes import write_change
from tests.kit.connecting import connect
from tests.kit.saved import ALL, SCOPE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANYTHING: Any = object()

APP_LABEL = "spotify_sync"
DEPENDENCIES = {"celery", "cryptography", "django", "djangorestframework", "msgspec", "requests"}
EXTRAS = {"openapi", "postgres", "redis", "testing"}

#: Each with SPOTIFY_SYNC_ before it, and its default.
SETTINGS: dict[str, Any] = {
    "CLIENT_ID": "",
    "CLIENT_SECRET": "",
    "REDIRECT_URI": "",
    "REDIRECT_URIS": [],
    "FERNET_KEYS": [],
    "API_URL": "https://api.spotify.com/v1",
    "ACCOUNTS_URL": "https://accounts.spotify.com",
    "RESOURCES": ["tracks", "playlists", "following", "albums", "shows"],
    "SCOPES": None,
    "USE_PKCE": True,
    "ACCEPT_LANGUAGE": "en",
    "CACHE": "default",
    "STATE_TTL": 10 * MINUTE,
    "FETCH_WORKERS": 8,
    "REQUEST_TIMEOUT": MINUTE / 2,
    "MAX_WAIT": MINUTE / 2,
    "REQUESTS_PER_WINDOW": 180,
    "WINDOW": MINUTE / 2,
    "BATCH_SIZE": 1000,
    "SYNC_INTERVAL": 6 * HOUR,
    "MAX_SYNC_INTERVAL": 24 * HOUR,
    "FULL_SYNC_INTERVAL": 7 * DAY,
    "COLLECTION_FULL_INTERVAL": 24 * HOUR,
    "MAX_REMOVED_SHARE": 0.5,
    "LARGE_LOSS": "second_run",
    "HEARTBEAT": MINUTE / 4,
    "LOST_AFTER": 2 * MINUTE,
    "DELETE_LIBRARY_ON_DISCONNECT": True,
    "DISCONNECTED_RETENTION": 5 * DAY,
    "GRANT_LOST_RETENTION": 30 * DAY,
    "RUN_RETENTION": 90 * DAY,
    "JOURNAL": True,
    "CHANGES_RETENTION": 400 * DAY,
    "GRANT_NOTICE": [30 * DAY, 7 * DAY],
    "AUTHENTICATION_CLASSES": None,
    "STATUS_TOKEN": "",
    "CONNECTED_URL": "spotify_sync:home",
    "FAILED_URL": "spotify_sync:home",
    "BASE_TEMPLATE": "spotify_sync/base.html",
    "SYNC_ON_CONNECT": True,
    "LOGIN_ENABLED": False,
    "GET_USER": ANYTHING,
    "BEFORE_CONNECT": ANYTHING,
    "MAY_SYNC": ANYTHING,
    "THROTTLE_RATES": {
        "sync": "6/min",
        "full_sync": "2/hour",
        "oauth": "20/min",
        "read": "600/min",
        "export": "10/hour",
    },
}

#: Below where the host mounts the package.
ENDPOINTS: dict[str, set[str]] = {
    "": {"GET"},
    "auth/": {"GET"},
    "login/": {"GET", "POST"},
    "callback/": {"GET", "POST"},
    "account/": {"GET"},
    "refresh/": {"POST"},
    "disconnect/": {"POST"},
    "sync/": {"POST"},
    "sync/tracks/": {"POST"},
    "sync/playlists/": {"POST"},
    "sync/following/": {"POST"},
    "sync/albums/": {"POST"},
    "sync/shows/": {"POST"},
    "sync/episodes/": {"POST"},
    "sync/audiobooks/": {"POST"},
    "syncs/": {"GET"},
    "syncs/1/": {"GET"},
    "syncs/1/loss/": {"GET", "POST"},
    "tracks/": {"GET"},
    "tracks/contains/": {"GET"},
    "playlists/": {"GET"},
    "playlists/37i9dQZF1DXcBWIGoYBM5M/items/": {"GET"},
    "following/": {"GET"},
    "albums/": {"GET"},
    "albums/4aawyAB9vmqN3uQ7FjRGTy/": {"GET"},
    "shows/": {"GET"},
    "episodes/": {"GET"},
    "audiobooks/": {"GET"},
    "changes/": {"GET"},
    "export/": {"GET"},
    "status/": {"GET"},
    "status/metrics/": {"GET"},
}
QUERIES = {
    path: {"search", "ordering"}
    for path in (
        "tracks/",
        "playlists/",
        "playlists/{}/items/",
        "following/",
        "albums/",
        "shows/",
        "episodes/",
        "audiobooks/",
    )
}
QUERIES["changes/"] = {"resource", "kind", "since"}

#: What the JSON of each thing holds, nested keys after a dot.
SHAPES: dict[str, str] = {
    "run": "id resource status mode trigger reason done total requests counts counts.created counts.updated "
    "counts.unchanged counts.removed counts.skipped created_at started_at finished_at resume_at error",
    "account": "spotify_id display_name image_url status scopes authorized_at reauthorize_by resources "
    "reauthorize_by_estimated missing_scopes resources.tracks resources.playlists resources.following "
    "resources.albums resources.shows resources.episodes resources.audiobooks "
    "resources.tracks.count resources.tracks.checked_at resources.tracks.next_sync_at resources.tracks.run",
    "track": "spotify_id uri name artists artists.spotify_id artists.name album album.spotify_id album.name "
    "album.image_url album.release_date duration_ms explicit isrc is_playable added_at url",
    "playlist": "spotify_id uri name description owner owner.spotify_id owner.display_name collaborative public "
    "image_url total can_read_items url",
    "item": "position kind uri title subtitle track duration_ms added_at added_by is_playable",
    "artist": "spotify_id uri name image_url url",
    "album": "spotify_id uri name artists artists.spotify_id artists.name release_date total_tracks saved_tracks "
    "image_url added_at is_available url",
    "album by itself": "spotify_id uri name artists artists.spotify_id artists.name release_date total_tracks "
    "saved_tracks image_url added_at is_available url tracks tracks.spotify_id tracks.name tracks.artists "
    "tracks.disc_number tracks.track_number tracks.duration_ms tracks.is_saved",
    "show": "spotify_id uri name publisher total_episodes image_url added_at is_available url",
    "episode": "spotify_id uri name show show.spotify_id show.name duration_ms release_date image_url added_at "
    "is_available url",
    "audiobook": "spotify_id uri name authors narrators total_chapters image_url added_at is_available url",
    "change": "id resource kind count spotify_id title subtitle playlist playlist.spotify_id playlist.name "
    "likely_withdrawn seen_at run",
}

RUN_KEYS = [key for key in SHAPES["run"].split() if "." not in key]

#: Which code comes with which HTTP status.
ERRORS: dict[str, int] = {
    "not_connected": 409,
    "reauthorization_required": 409,
    "suspect": 409,
    "linked_elsewhere": 409,
    "insufficient_scope": 409,
    "connect_failed": 400,
    "signed_in_as_other": 409,
    "no_user": 403,
    "rate_limited": 429,
    "quota_exceeded": 429,
    "throttled": 429,
    "state_missing": 400,
    "state_expired": 400,
    "state_replayed": 400,
    "state_other_browser": 400,
    "access_denied": 400,
    "invalid_redirect_uri": 400,
    "not_allowlisted": 403,
    "spotify_unavailable": 502,
    "cache_unavailable": 503,
    "unknown_resource": 404,
    "loss_settled": 409,
    "unknown_parameter": 400,
}

ACCOUNT_STATUSES = ["connected", "suspect", "reauthorization_required", "disconnected"]
RUN_STATUSES = [
    "queued",
    "running",
    "waiting",
    "succeeded",
    "partial",
    "failed",
    "lost",
    "cancelled",
]
MODES = ["probe", "delta", "full"]
TRIGGERS = ["user", "admin", "command", "schedule", "connect"]
CHANGES = ["added", "removed", "returned", "renamed", "unavailable", "available", "imported"]

COMMANDS: dict[str, set[str]] = {
    "spotify_sync": {
        *("--user", "--all", "--due", "--only", "--full", "--queue", "--dry-run", "--json")
    },
    "spotify_status": {"--check", "--json", "--unblock"},
    "spotify_loss": {"--user", "--resource"},
    "spotify_refresh_tokens": set(),
    "spotify_rotate_keys": {"--dry-run", "--json"},
    "spotify_generate_key": set(),
    "spotify_prune": set(),
    "spotify_fake": {"--port", "--tracks", "--users", "--edit"},
    "spotify_adopt": {"--from", "--provider", "--user", "--dry-run", "--json"},
    "spotify_export": {"--user", "--as", "--resource", "--playlist", "--output", "--safe"},
}

MODELS = [
    "SpotifyAccount",
    "SpotifyToken",
    "Artist",
    "Album",
    "Track",
    "TrackArtist",
    "AlbumArtist",
    "SavedTrack",
    "Playlist",
    "AccountPlaylist",
    "PlaylistItem",
    "FollowedArtist",
    "SavedAlbum",
    "SavedShow",
    "SavedEpisode",
    "SavedAudiobook",
    "AlbumTrack",
    "LibraryChange",
    "Show",
    "Episode",
    "Audiobook",
    "SyncState",
    "SyncRun",
    "StagedPage",
    "LibraryChange",
    "LargeLoss",
    "LostRow",
    "Hour",
]

SIGNALS: dict[str, set[str]] = {
    "account_connected": {"account", "created"},
    "sign_in_linked": {"account", "linked_at"},
    "account_disconnected": {"account", "counts"},
    "grant_expiring": {"account", "notice", "reauthorize_by"},
    "grant_lost": {"account", "reason"},
    "sync_finished": {"run", "added", "removed", "changes"},
    "sync_failed": {"run", "error"},
}

TASKS: dict[str, list[str]] = {
    "sync_account": ["run_id", "account_id", "resource", "kwargs"],
    "sync_due_accounts": ANYTHING,
    "refresh_expiring_tokens": ["kwargs"],
    "warn_expiring_grants": ["kwargs"],
    "prune": ANYTHING,
    "purge_accounts": ANYTHING,  # beyond the contract, for Spotify's five days
}

#: Below django_spotify_sync, and the parameters of what is called.
NAMES: dict[str, list[str]] = {
    "sync.request_sync": ["account", "resource", "full", "trigger"],
    "sync.execute": ["run_id", "watch"],
    "sync.decide_loss": ["loss", "decision"],
    "sync.may_sync": ["account", "resource", "trigger"],
    "sync.sync": ["account", "resource", "full", "trigger", "watch"],
    "accounts.client_for": ["account"],
    "accounts.adopt": ["user", "refresh_token", "client_id", "authorized_at", "scope"],
    "errors.message_for": ["code"],
    "templatetags.spotify_sync.spotify_connect_button": ["context", "label"],
    "templatetags.spotify_sync.spotify_sync_button": ["context", "resource", "label"],
    "templatetags.spotify_sync.spotify_progress": ["context", "run"],
    "templatetags.spotify_sync.spotify_error": ["context", "code"],
    "schedules.beat_schedule": [],
    "backends.SpotifyBackend": ANYTHING,
    "db.indexes.CompositeHashIndex": ["fields", "name"],
    "testing.FakeSpotify": ANYTHING,
    "testing.FakeSpotify.connect": ["self", "user", "who", "more"],
    "testing.FakeSpotify.edit": ["self", "line"],
    "testing.factories.account": [
        *("user", "tracks", "playlists", "artists", "albums", "shows", "episodes", "audiobooks"),
        "seed",
    ],
    "testing.factories.connect": ["fake", "user", "who", "scope"],
    "models.SavedTrack.objects.contains": ANYTHING,
    "models.SavedTrack.objects.saved_ids": ["account", "spotify_ids"],
    "models.SavedTrack.objects.in_no_playlist": ["account"],
    "models.SavedTrack.objects.unavailable": [],
    "models.AccountPlaylist.objects.readable": [],
    "models.AccountPlaylist.objects.holding": ["tracks"],
    "models.PlaylistItem.objects.shown_to": ["account"],
    "models.PlaylistItem.objects.also_in": ["playlist"],
}

# What is there: one question for each kind of name


def labels() -> list[str]:
    """Return every name of the contract under its kind."""
    return [
        *(f"setting SPOTIFY_SYNC_{name}" for name in SETTINGS),
        *(f"endpoint {method} {path}" for path in ENDPOINTS for method in sorted(ENDPOINTS[path])),
        *(f"query {path} {name}" for path in QUERIES for name in sorted(QUERIES[path])),
        *(f"shape {name}" for name in SHAPES),
        *(f"command {name}" for name in COMMANDS),
        *(f"option {name} {option}" for name in COMMANDS for option in sorted(COMMANDS[name])),
        *(f"model {name}" for name in MODELS),
        *(f"signal {name}" for name in SIGNALS),
        *(f"task {name}" for name in TASKS),
        *(f"name {name}" for name in NAMES),
        *(f"error {code}" for code in ERRORS),
    ]


def is_there(label: str, client: Client) -> bool:
    """Tell whether a name of the contract has come into being; ``client`` is signed in and has a library."""
    kind, *words = label.split(" ")
    match kind, words:
        case "setting", [name]:
            return name in Conf.all()
        case "endpoint", [method, path]:
            return answers(client, method, path)
        case "query", [path, name]:
            turned = "-position" if path.startswith(("playlists/", "following/")) else "added_at"
            path = filled(path)
            value = {
                "search": "no such song",
                "ordering": turned,
                "resource": "episodes",
                "kind": "renamed",
                "since": "2999-12-31T00:00:00Z",
            }[name]
            return listed(client, path) != listed(client, path, **{name: value})
        case "shape", _:
            return sample(client, " ".join(words)) is not None
        case "command", [name]:
            return name in own_commands()
        case "option", [name, option]:
            return option in options_of(name)
        case "model", [name]:
            return hasattr(models, name)
        case "signal", [name]:
            return hasattr(signals, name)
        case "task", [name]:
            return hasattr(getattr(tasks, name, None), "apply_async")
        case "name", [name]:
            return named(name) is not None
        case "error", [code]:
            return code == "throttled" or code in {kind.code for kind in errors()}
    raise AssertionError(f"{label} is of no known kind.")


def own_commands() -> list[str]:
    return [name for name, app in get_commands().items() if app == "django_spotify_sync"]


def options_of(name: str) -> set[str]:
    command = load_command_class("django_spotify_sync", name)
    command.stdout = OutputWrapper(io.StringIO())
    parser = command.create_parser("manage.py", name)
    return {option for action in parser._actions for option in action.option_strings}


def named(name: str) -> Any:
    """Return what has this name below django_spotify_sync, None if nothing has."""
    parts = ["django_spotify_sync", *name.split(".")]
    for end in range(len(parts), 0, -1):
        try:
            module: Any = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        return reduce(lambda thing, part: getattr(thing, part, None), parts[end:], module)
    raise AssertionError("The package itself cannot be imported.")


def errors() -> list[type[exceptions.SpotifySyncError]]:
    return [
        kind
        for kind in vars(exceptions).values()
        if inspect.isclass(kind) and issubclass(kind, exceptions.SpotifySyncError)
    ]


def answers(client: Client, method: str, path: str) -> bool:
    try:
        resolve(f"/spotify/{path}")
    except Resolver404:
        return False
    if (method, path) == ("POST", "disconnect/"):  # after which nothing else would be there
        return method in client.options(f"/spotify/{path}", headers=JSON)["Allow"]
    return client.generic(method, f"/spotify/{path}", headers=JSON).status_code != 405


def listed(client: Client, path: str, **query: str) -> list[Any]:
    results: list[Any] = client.get(f"/spotify/{path}", query).json()["results"]
    return results


def sample(client: Client, name: str) -> Any:
    """Return one of what has this shape, None as long as no endpoint gives it."""
    path = {
        "run": "syncs/",
        "account": "account/",
        "track": "tracks/",
        "playlist": "playlists/",
        "item": "playlists/{}/items/",
        "artist": "following/",
        "album": "albums/",
        "album by itself": "albums/{}/",
        "show": "shows/",
        "episode": "episodes/",
        "audiobook": "audiobooks/",
        "change": "changes/",
    }[name]
    path = filled(path)
    if not answers(client, "GET", path):
        return None
    answer = client.get(f"/spotify/{path}").json()
    return answer["results"][0] if "results" in answer else answer


def filled(path: str) -> str:
    """Put a playlist that has items, or an album, into a path that wants one."""
    if path.startswith("albums/"):
        return path.format(models.SavedAlbum.objects.latest("pk").spotify_id)
    return path.format(models.Playlist.objects.exclude(items=None).latest("pk").spotify_id)


JSON = {"Accept": "application/json"}


@pytest.fixture
def client(transactional_db, user, spotify, settings):
    """Sign in somebody whose library is there."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", *ALL]
    for resource in ALL:
        getattr(spotify.user, resource).save(2)
    account = connect(user, spotify, scope=SCOPE)
    for resource in [*settings.SPOTIFY_SYNC_RESOURCES, "shows"]:  # parts with the audiobooks
        assert sync(account, resource).status == "succeeded"
    write_change(account, resource="playlists", seen_at=timezone.now(), playlist_spotify_id="list")
    client = Client()
    client.force_login(user)
    return client


# The two halves of the table


def test_what_is_promised_is_there(client):
    assert [label for label in labels() if not is_there(label, client)] == []


def test_there_is_nothing_that_was_not_promised():
    shared = {name for name, value in vars(tasks).items() if hasattr(value, "apply_async")}
    sent = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    paths = {str(pattern.pattern) for pattern in urls.urlpatterns}
    matched = {resolve(f"/spotify/{path}").route for path in ENDPOINTS if path_is_there(path)}

    assert sorted(set(Conf.all()) - {f"SPOTIFY_SYNC_{name}" for name in SETTINGS}) == []
    assert sorted(set(own_commands()) - set(COMMANDS)) == []
    assert sorted(set(models.__all__) - set(MODELS)) == []
    assert sorted(sent - set(SIGNALS)) == []
    assert sorted(shared - set(TASKS)) == []
    assert sorted({f"spotify/{path}" for path in paths} - matched) == []


def path_is_there(path: str) -> bool:
    try:
        resolve(f"/spotify/{path}")
    except Resolver404:
        return False
    return True


# What the names mean


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_have_their_defaults(name):
    setting = Conf.all().get(f"SPOTIFY_SYNC_{name}")
    wanted = SETTINGS[name]

    assert setting is None or wanted is ANYTHING or setting.default == wanted


def test_scopes_are_what_the_resources_need(settings):
    assert wanted_scopes() == [
        "user-library-read",
        "playlist-read-private",
        "playlist-read-collaborative",
        "user-follow-read",
    ]

    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    assert wanted_scopes() == ["user-library-read"]


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path_is_there(path)])
def test_endpoints_take_these_methods_and_no_others(client, user, path):
    user.is_staff = user.is_superuser = True  # so that this user may see how the site stands
    user.save()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    assert {method for method in methods if answers(client, method, path)} == ENDPOINTS[path]


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path_is_there(path)])
def test_endpoints_are_for_users(db, path):
    anyone = {"login/", "callback/"}
    [method, *_] = sorted(ENDPOINTS[path])

    status = Client().generic(method, f"/spotify/{path}", headers=JSON).status_code

    assert (status in (401, 403)) == (path not in anyone)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(client, name):
    thing, keys = sample(client, name), SHAPES[name].split()
    parents = {"", *(key.rpartition(".")[0] for key in keys if "." in key)}

    for parent in sorted(parents):
        inside = {key for key in keys if key.rpartition(".")[0] == parent}
        assert {f"{parent}.{key}".lstrip(".") for key in within(thing, parent)} == inside


def within(thing: Any, path: str) -> Any:
    """Go down by keys, into the first of a list."""
    for key in filter(None, path.split(".")):
        thing = thing[key]
        thing = thing[0] if isinstance(thing, list) else thing
    return thing


@pytest.mark.parametrize("resource", ["tracks", "playlists", "following", *ALL])
def test_asking_for_a_sync_answers_the_run_and_where_it_is(client, resource):
    first = client.post(f"/spotify/sync/{resource}/", {"full": True}, "application/json")
    second = client.post(f"/spotify/sync/{resource}/", {"full": False}, "application/json")

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["trigger"] == "user"
    assert client.get(first["Location"]).json()["id"] == first.json()["id"]


def test_answers_that_have_no_shape_of_their_own(client):
    begun = client.get("/spotify/auth/", headers=JSON, SERVER_NAME="127.0.0.1").json()
    runs = client.post("/spotify/sync/").json()
    found = client.get("/spotify/tracks/contains/", {"ids": "a,b"}).json()
    refreshed = client.post("/spotify/refresh/").json()
    gone = client.post("/spotify/disconnect/").json()

    assert list(begun) == ["authorize_url"]
    assert list(runs) == ["runs"]
    assert [set(run) for run in runs["runs"]] == [{*RUN_KEYS}] * 7
    assert found == {"a": False, "b": False}
    assert list(refreshed) == ["expires_at"]
    assert sorted(gone) == ["removed", "revoke_at"]
    assert gone["removed"]["saved_tracks"] > 0
    assert {name: gone["removed"][f"saved_{name}"] for name in ALL} == dict.fromkeys(ALL, 2)
    assert gone["revoke_at"] == "https://www.spotify.com/account/apps/"


def test_pages(client):
    page = client.get("/spotify/tracks/").json()

    assert sorted(page) == ["next", "previous", "results"]
    assert client.get(page["next"]).json()["previous"]


def test_statuses_and_triggers():
    assert AccountStatus.values == ACCOUNT_STATUSES
    assert RunStatus.values == RUN_STATUSES
    assert Mode.values == MODES
    assert Trigger.values == TRIGGERS
    assert ChangeKind.values == CHANGES


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_no_error_is_answered_but_these(kind):
    """What stands for 500 is raised; an unknown resource and an unforeseen refusal have names of their own."""
    error = kind.__new__(kind)
    status, code = status_of(error), code_of(error)

    if status != 500:
        assert ERRORS[code] == status


def test_an_error_is_a_code_and_words(user):
    client = Client()
    client.force_login(user)

    answer = client.get("/spotify/account/")

    assert (answer.status_code, sorted(answer.json())) == (409, ["code", "detail"])
    assert answer.json()["code"] == "not_connected"


def test_throttled(client, settings):
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"sync": "1/day"}

    client.post("/spotify/sync/tracks/")
    answer = client.post("/spotify/sync/tracks/")

    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert int(answer["Retry-After"]) > 0


def test_rate_limited_says_for_how_long():
    answer = error_response(exceptions.QuotaExceeded(retry_after=7.2))

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "8")


def test_signals_bring_these_arguments(transactional_db, user, spotify):
    heard: dict[str, set[str]] = {}

    def listener(name: str) -> Any:
        def hear(sender: Any, signal: Any, **arguments: Any) -> None:
            heard[name] = set(arguments)

        return hear

    listeners = {name: listener(name) for name in SIGNALS}
    for name, hear in listeners.items():
        getattr(signals, name).connect(hear)
    account = connect(user, spotify)
    sync(account, "tracks")
    spotify.allowlist = set()
    sync(account, "tracks")

    wanted = {name: SIGNALS[name] for name in heard}
    assert {"account_connected", "sync_finished", "sync_failed"} <= heard.keys()
    assert {name: wanted[name] for name in wanted if wanted[name] is not ANYTHING} == {
        name: heard[name] for name in heard if SIGNALS[name] is not ANYTHING
    }


@pytest.mark.parametrize("name", TASKS)
def test_tasks_take_these_arguments(name):
    parameters = list(inspect.signature(getattr(tasks, name).run).parameters)

    assert TASKS[name] is ANYTHING or parameters == TASKS[name]


@pytest.mark.parametrize("name", NAMES)
def test_names_take_these_arguments(name):
    assert NAMES[name] is ANYTHING or list(inspect.signature(named(name)).parameters) == NAMES[name]


def test_contains_answers_a_set(client, user):
    account = models.SpotifyAccount.objects.get_for_user(user)
    [one, *_] = models.SavedTrack.objects.for_user(user).recent()

    found = models.SavedTrack.objects.contains(account, [one.spotify_id, "nobody saved this"])

    assert found == {one.spotify_id}


def test_the_app():
    assert apps.get_app_config(APP_LABEL).name == "django_spotify_sync"
    assert resolve("/spotify/auth/").namespace == APP_LABEL


def test_dependencies():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]

    assert {one.partition(">")[0] for one in project["dependencies"]} == DEPENDENCIES
    assert set(project["optional-dependencies"]) == EXTRAS
