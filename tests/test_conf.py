from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.urls import reverse_lazy

from django_spotify_sync.conf import PREFIX, Conf, Hook, Setting, conf
from django_spotify_sync.secret import Secret

# What CONTRACT.md promises; a changed default is a changed promise.
PROMISED = {
    "CLIENT_ID": "",
    "CLIENT_SECRET": "",
    "REDIRECT_URI": "",
    "REDIRECT_URIS": [],
    "FERNET_KEYS": [],
    "API_URL": "https://api.spotify.com/v1",
    "ACCOUNTS_URL": "https://accounts.spotify.com",
    "RESOURCES": ["tracks", "playlists", "following", "albums", "shows"],
    "COLLECTION_FULL_INTERVAL": timedelta(hours=24),
    "SCOPES": None,
    "USE_PKCE": True,
    "ACCEPT_LANGUAGE": "en",
    "CACHE": "default",
    "STATE_TTL": timedelta(minutes=10),
    "FETCH_WORKERS": 8,
    "REQUEST_TIMEOUT": timedelta(seconds=30),
    "MAX_WAIT": timedelta(seconds=30),
    "REQUESTS_PER_WINDOW": 180,
    "WINDOW": timedelta(seconds=30),
    "BATCH_SIZE": 1000,
    "SYNC_INTERVAL": timedelta(hours=6),
    "MAX_SYNC_INTERVAL": timedelta(hours=24),
    "FULL_SYNC_INTERVAL": timedelta(days=7),
    "MAX_REMOVED_SHARE": 0.5,
    "LARGE_LOSS": "second_run",
    "HEARTBEAT": timedelta(seconds=15),
    "LOST_AFTER": timedelta(minutes=2),
    "DELETE_LIBRARY_ON_DISCONNECT": True,
    "DISCONNECTED_RETENTION": timedelta(days=5),
    "GRANT_LOST_RETENTION": timedelta(days=30),
    "RUN_RETENTION": timedelta(days=90),
    "JOURNAL": True,
    "CHANGES_RETENTION": timedelta(days=400),
    "GRANT_NOTICE": [timedelta(days=30), timedelta(days=7)],
    "AUTHENTICATION_CLASSES": None,
    "STATUS_TOKEN": "",
    "CONNECTED_URL": "spotify_sync:home",
    "FAILED_URL": "spotify_sync:home",
    "BASE_TEMPLATE": "spotify_sync/base.html",
    "SYNC_ON_CONNECT": True,
    "LOGIN_ENABLED": False,
    "GET_USER": ...,  # hooks of our own, which may move
    "MAY_SYNC": ...,
    "BEFORE_CONNECT": ...,
    "THROTTLE_RATES": {
        "sync": "6/min",
        "full_sync": "2/hour",
        "oauth": "20/min",
        "read": "600/min",
        "export": "10/hour",
    },
}
SETTINGS = {name.removeprefix(PREFIX): setting for name, setting in Conf.all().items()}

LISTS_OF_TEXTS = [None, "a", 5, [5], [None], [""], {"a": 1}]
DURATIONS = [None, 30, 30.0, "30", timedelta(0), timedelta(seconds=-1), True]
WRONG: dict[str, list[Any]] = {
    "CLIENT_ID": [None, 5, b"id"],
    "CLIENT_SECRET": [None, 5, b"secret"],
    "REDIRECT_URI": [None, "site.test/callback", 5, "ftp://site.test"],
    "REDIRECT_URIS": LISTS_OF_TEXTS,
    "FERNET_KEYS": [None, 5, [5], [b"key"], [None], {"key": 1}],
    "API_URL": [None, "", "api.spotify.com", "https://api.spotify.com/v1/", 5],
    "ACCOUNTS_URL": [None, "", "accounts.spotify.com", "https://accounts.spotify.com/", 5],
    "RESOURCES": [None, "tracks", ["likes"], [None], {"tracks"}, 5],
    "COLLECTION_FULL_INTERVAL": [None, 86_400, "1d", timedelta(0), True],
    "SCOPES": ["user-library-read", [5], [""], 5],
    "USE_PKCE": [None, 1, "yes"],
    "ACCEPT_LANGUAGE": [None, 5, ["en"]],
    "CACHE": [None, 5, ["default"], {}],
    "STATE_TTL": DURATIONS,
    "FETCH_WORKERS": [None, 0, -1, 2.5, "8", True],
    "REQUEST_TIMEOUT": DURATIONS,
    "MAX_WAIT": [None, 30, 30.0, "30", timedelta(seconds=-1), True],
    "REQUESTS_PER_WINDOW": [0, -1, 2.5, "180", True],
    "WINDOW": DURATIONS,
    "BATCH_SIZE": [None, 0, -1, 2.5, "1000", True],
    "SYNC_INTERVAL": DURATIONS,
    "MAX_SYNC_INTERVAL": DURATIONS,
    "FULL_SYNC_INTERVAL": DURATIONS,
    "LARGE_LOSS": [None, "", "never", True, ["ask"]],
    "MAX_REMOVED_SHARE": [None, -0.1, 1.1, "half", True, 50, float("nan")],
    "HEARTBEAT": DURATIONS,
    "LOST_AFTER": DURATIONS,
    "DELETE_LIBRARY_ON_DISCONNECT": [None, 1, "yes"],
    "DISCONNECTED_RETENTION": DURATIONS,
    "GRANT_LOST_RETENTION": DURATIONS,
    "RUN_RETENTION": DURATIONS,
    "JOURNAL": [None, 1, "yes"],
    "CHANGES_RETENTION": DURATIONS,
    "AUTHENTICATION_CLASSES": [
        *([], "rest_framework.authentication.SessionAuthentication", [5], [""], [None], 5),
        *(["no.such.Class"], ["..x"], ["builtins.len"], ["builtins.dict"]),
    ],
    "LOGIN_ENABLED": [None, 1, "yes"],
    "CONNECTED_URL": [None, 5, ["/"]],
    "FAILED_URL": [None, 5, ["/"]],
    "BASE_TEMPLATE": [None, 5, "", ["base.html"]],
    "STATUS_TOKEN": [
        None,
        5,
        "short",
        "nineteen-characters",
        "twenty characters and",
        "tökén" * 5,
        "x" * 20 + "\n",
    ],
    "SYNC_ON_CONNECT": [None, 1, "yes"],
    "GRANT_NOTICE": [
        *(None, 30, timedelta(days=7), [30], [timedelta(0)], [timedelta(days=-7)]),
        *([timedelta(days=7), "7 days"], [timedelta(days=181)], {timedelta(days=7): 1}),
    ],
    "THROTTLE_RATES": [
        None,
        "6/min",
        {"sync": 6},
        {"sync": "6 a minute"},
        {"sync": "6/fortnight"},
        {"sync": "/min"},
    ],
}
RIGHT: dict[str, list[Any]] = {
    "REDIRECT_URI": ["", "https://site.test/callback/", "http://127.0.0.1:8000/x"],
    "REDIRECT_URIS": [[], ("https://site.test/",)],
    "FERNET_KEYS": [[], ("key",), "key"],
    "RESOURCES": [[], ("tracks",)],
    "SCOPES": [None, [], ("user-library-read",)],
    "AUTHENTICATION_CLASSES": [
        None,
        ["rest_framework.authentication.TokenAuthentication"],
        ("tests.kit.browsing.ByName",),
    ],
    "MAX_WAIT": [timedelta(0)],
    "STATUS_TOKEN": ["", "x" * 20],
    "MAX_REMOVED_SHARE": [0, 1, 0.25],
    "LARGE_LOSS": ["second_run", "ask"],
    "CONNECTED_URL": ["home", reverse_lazy("admin:index")],
    "GRANT_NOTICE": [[], (timedelta(days=180),), [timedelta(hours=1), timedelta(days=60)]],
    "THROTTLE_RATES": [{}, {"sync": None, "oauth": "1/s"}, {"sync": "100/day"}],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_default_is_the_promised_one(name):
    promised = PROMISED[name]

    if promised is not ...:
        assert SETTINGS[name].default == promised
        assert type(SETTINGS[name].default) is type(promised)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_default_is_right_by_its_own_rule(name):
    assert SETTINGS[name].problem(SETTINGS[name].default) is None


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_explained(name):
    assert (SETTINGS[name].__doc__ or "").endswith(".")


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_read_anew(name):
    marked = object()

    with override_settings(**{PREFIX + name: marked}):
        assert getattr(conf, name) is marked
        assert SETTINGS[name].is_set
    assert getattr(conf, name) is not marked


def test_a_setting_that_a_host_removes_has_its_default(settings):
    del settings.SPOTIFY_SYNC_CLIENT_ID

    assert conf.CLIENT_ID == ""
    assert not SETTINGS["CLIENT_ID"].is_set


def test_each_setting_of_a_plain_value_has_wrong_ones_listed_here():
    plain = {name for name, setting in SETTINGS.items() if not isinstance(setting, Hook)}

    assert plain - WRONG.keys() == set(), "Say in WRONG what the new setting must refuse."


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_what_is_wrong_is_said(name, value):
    problem = SETTINGS[name].problem(value)

    assert problem is not None
    assert problem.split()[0] in {"must", "holds", "has"}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values]
)
def test_what_is_right_is_let_pass(name, value):
    assert SETTINGS[name].problem(value) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HEARTBEAT", 15, "must be a datetime.timedelta, not int"),
        ("BATCH_SIZE", True, "must be a whole number, not bool"),
        ("REDIRECT_URIS", "https://site.test/", "must be a list or a tuple, not str"),
        (
            "RESOURCES",
            ["likes"],
            "holds 'likes'; the resources are tracks, playlists, following, albums, shows, episodes, audiobooks",
        ),
        ("API_URL", "https://api.spotify.com/v1/", "must not end with a slash"),
        (
            "AUTHENTICATION_CLASSES",
            ["builtins.len"],
            "holds 'builtins.len', which is no class that authenticates requests",
        ),
        ("THROTTLE_RATES", {"sync": "often"}, "has 'often' for 'sync', which is no rate such as '6/min'"),
    ],
)  # fmt: skip
def test_the_words_name_what_is_wanted(name, value, words):
    assert SETTINGS[name].problem(value) == words


@pytest.mark.parametrize("name", ["CLIENT_SECRET", "FERNET_KEYS"])
@pytest.mark.parametrize("value", [{"the-secret": 1}, ["the-secret", 5], b"the-secret"])
def test_a_wrong_secret_is_not_repeated(name, value):
    assert "the-secret" not in str(SETTINGS[name].problem(value))


@pytest.mark.parametrize(
    ("keys", "listed"), [("a", ["a"]), (["a", "b"], ["a", "b"]), (("a",), ["a"]), ([], []), ("", [])]
)  # fmt: skip
def test_a_single_key_is_a_list_of_one(settings, keys, listed):
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    assert conf.fernet_keys == [Secret(key) for key in listed]


# Hooks


class Host:
    ASKED = Hook("django_spotify_sync.spotify.scopes.scopes_for", "A question.")


def test_a_hook_is_a_function_or_the_path_of_one(settings):
    assert Host().ASKED(["tracks"]) == ["user-library-read"]
    settings.SPOTIFY_SYNC_ASKED = "builtins.len"
    assert Host().ASKED is len
    settings.SPOTIFY_SYNC_ASKED = max
    assert Host().ASKED is max


@pytest.mark.parametrize(
    "value",
    ["", "nowhere", ".nowhere", "..nowhere", "nowhere.", "no.such.module", "os.no_such_name", "os.sep", None, 5],
)  # fmt: skip
def test_a_hook_that_is_no_function_is_said(value):
    assert Host.ASKED.problem(value) is not None


@pytest.mark.parametrize("value", ["builtins.len", max, Setting])
def test_a_hook_may_be_anything_that_can_be_called(value):
    assert Host.ASKED.problem(value) is None


@pytest.mark.parametrize(
    ("hook", "is_right"),
    [
        (lambda account, resource, trigger: True, True),
        (lambda account, resource: True, True),
        (lambda *args: True, True),
        (lambda account: True, False),
        (lambda account, resource, trigger, user: True, False),
        (lambda account, resource, *, trigger: True, False),
        ("django_spotify_sync.hooks.before_connect", False),
    ],
)
def test_a_hook_that_takes_other_arguments_is_said(hook, is_right):
    problem = SETTINGS["MAY_SYNC"].problem(hook)

    assert problem == (
        None
        if is_right
        else "must take an account, a resource and the trigger of the sync, in this order"
    )
