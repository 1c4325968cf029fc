from __future__ import annotations

import ast
import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.checks import registry, run_checks

from django_spotify_sync.checks import TAG, check_keys_in_use, check_settings
from django_spotify_sync.conf import Conf
from tests.kit.checking import KEY, around, found, source_of_checks
from tests.settings import SECRET_KEY
from tests.test_conf import RIGHT, WRONG


def ids_in_use() -> list[str]:
    tree = ast.parse(source_of_checks())
    return [
        str(node.value).removeprefix("spotify_sync.")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and re.fullmatch(r"spotify_sync\.[A-Z]\d{3}", str(node.value))
    ]


def test_ids_are_unique():
    ids = ids_in_use()

    assert ids
    assert len(ids) == len(set(ids)), "An id that was given away is never given again."


def test_each_id_has_a_test():
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_checks*.py"))

    assert [check_id for check_id in ids_in_use() if f'["{check_id}"]' not in tests] == []


def test_they_are_registered():
    assert check_settings in registry.registry.get_checks()
    assert check_keys_in_use in registry.registry.get_checks()
    assert run_checks(tags=[TAG]) == []


def test_the_smallest_host_is_fine():
    assert found() == {}


def test_w001_a_setting_that_does_not_exist(settings):
    settings.SPOTIFY_SYNC_FETCH_WORKER = 4

    message = found()["W001"]

    assert message.msg == "There is no setting SPOTIFY_SYNC_FETCH_WORKER."
    assert message.hint == "Did you mean SPOTIFY_SYNC_FETCH_WORKERS?"


@pytest.mark.parametrize(
    ("wrote", "meant"),
    [
        ("CLIENTID", "CLIENT_ID"),
        ("FERNET_KEY", "FERNET_KEYS"),
        ("HEARTBEATS", "HEARTBEAT"),
        ("REDIRECT_URLS", "REDIRECT_URIS"),
        ("TIMEOUT", "REQUEST_TIMEOUT"),
    ],
)
def test_w001_says_what_was_meant(settings, wrote, meant):
    setattr(settings, f"SPOTIFY_SYNC_{wrote}", 4)

    assert found()["W001"].hint == f"Did you mean SPOTIFY_SYNC_{meant}?"


@pytest.mark.parametrize("wrote", ["FOO", "XYZZY", "Q"])
def test_w001_does_not_guess_wildly(settings, wrote):
    setattr(settings, f"SPOTIFY_SYNC_{wrote}", 4)

    assert "mean" not in str(found()["W001"].hint)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_e001_a_setting_of_the_wrong_type_or_unit(settings, name, value):
    setattr(settings, f"SPOTIFY_SYNC_{name}", value)

    message = found()["E001"]

    assert message.msg.startswith(f"SPOTIFY_SYNC_{name} ")
    assert message.hint == Conf.all()[f"SPOTIFY_SYNC_{name}"].__doc__


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values]
)
def test_e001_says_nothing_of_what_is_right(settings, name, value):
    setattr(settings, f"SPOTIFY_SYNC_{name}", value)

    assert "E001" not in found()


def test_e001_tells_all_that_is_wrong_at_once(settings):
    settings.SPOTIFY_SYNC_HEARTBEAT = 15
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(seconds=-1)
    settings.SPOTIFY_SYNC_FERNET_KEYS = None
    settings.SPOTIFY_SYNC_CLIENT_ID = ""

    assert [message.id for message in check_settings(None)].count("spotify_sync.E001") == 3
    assert "E002" in found()


def test_e002_no_client_id(settings):
    settings.SPOTIFY_SYNC_CLIENT_ID = ""
    assert "SPOTIFY_SYNC_CLIENT_ID" in found()["E002"].msg

    del settings.SPOTIFY_SYNC_CLIENT_ID
    assert "SPOTIFY_SYNC_CLIENT_ID" in found()["E002"].msg


@pytest.mark.parametrize(
    ("secret", "pkce", "wrong"), [("", False, True), ("", True, False), ("s", False, False)]
)
def test_e003_neither_secret_nor_pkce(settings, secret, pkce, wrong):
    settings.SPOTIFY_SYNC_CLIENT_SECRET = secret
    settings.SPOTIFY_SYNC_USE_PKCE = pkce

    assert list(found()) == (["E003"] if wrong else [])
    assert not wrong or "SPOTIFY_SYNC_USE_PKCE" in found()["E003"].msg


@pytest.mark.parametrize(
    "keys",
    [[], "", ["no key at all"], [KEY, "no key at all"], f"{KEY},{KEY}"],
    ids=["none", "empty", "no key", "one no key", "two in one"],
)
def test_e004_no_key_to_seal_with(settings, keys):
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    message = found()["E004"]

    assert "SPOTIFY_SYNC_FERNET_KEYS" in message.msg
    assert "no key at all" not in str(message)
    assert KEY not in str(message)


@pytest.mark.parametrize(
    "keys", [KEY, [KEY], (KEY, Fernet.generate_key().decode())], ids=["one", "a list", "two"]
)
def test_e004_says_nothing_of_good_keys(settings, keys):
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    assert found() == {}


def test_e005_a_cache_that_is_not_there(settings):
    settings.SPOTIFY_SYNC_CACHE = "shared"

    assert "'shared'" in found()["E005"].msg


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/spotify/callback/",
        "https://localhost/spotify/callback/",
        "http://example.com/spotify/callback/",
        "http://127.0.0.2/spotify/callback/",
        "https://example.com/spotify/callback/#here",
        "https:///spotify/callback/",
        "http://[::1",
    ],
)
def test_e006_a_redirect_uri_that_spotify_refuses(settings, uri):
    settings.SPOTIFY_SYNC_REDIRECT_URI = uri

    assert uri in around()["E006"].msg


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/spotify/callback/",
        "http://127.0.0.1:8000/spotify/callback/",
        "http://[::1]/spotify/callback/",
    ],
)
def test_e006_says_nothing_of_uris_that_spotify_takes(settings, uri):
    settings.SPOTIFY_SYNC_REDIRECT_URI = uri
    settings.SPOTIFY_SYNC_REDIRECT_URIS = [uri, "myapp://callback"]

    assert "E006" not in around()


def test_e006_looks_at_the_uris_of_api_clients_too(settings):
    settings.SPOTIFY_SYNC_REDIRECT_URIS = ["https://ok.example/", "http://localhost/"]

    assert "SPOTIFY_SYNC_REDIRECT_URIS" in around()["E006"].msg


def test_e007_a_cache_that_remembers_nothing(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    assert "remembers nothing" in around()["E007"].msg


@pytest.mark.parametrize(("debug", "warned"), [(False, True), (True, False)])
def test_w002_a_cache_of_one_process_in_production(settings, debug, warned):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.DEBUG = debug

    assert ("W002" in around()) is warned
    if warned:
        assert "Each process" in around()["W002"].msg


@pytest.mark.parametrize(
    "backend",
    [
        "django_redis.cache.RedisCache",
        "django.core.cache.backends.redis.RedisCache",
        "django.core.cache.backends.db.DatabaseCache",
    ],
)
def test_w002_says_nothing_of_caches_that_are_shared(settings, backend):
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "anywhere"}}

    assert {"W002", "E007"} & set(around()) == set()


def test_w003_a_session_that_does_not_come_back(settings):
    settings.SESSION_COOKIE_SAMESITE = "Strict"

    assert "signed out" in around()["W003"].msg


@pytest.mark.parametrize("again", [KEY, KEY + "\n"], ids=["the same", "with a line end"])
def test_w004_a_key_twice(settings, again):
    settings.SPOTIFY_SYNC_FERNET_KEYS = [KEY, Fernet.generate_key().decode(), again]

    assert "twice" in around()["W004"].msg


BY_HAND = [
    b"a" * 32,
    b"0123456789abcdef" * 2,
    bytes(32),
    b"correct horse battery staple! 42",
    hashlib.md5(b"any text").hexdigest().encode(),
    hashlib.sha256(SECRET_KEY.encode()).digest(),
]


@pytest.mark.parametrize("made_by_hand", BY_HAND)
def test_e008_a_key_that_is_not_random(settings, made_by_hand):
    key = base64.urlsafe_b64encode(made_by_hand).decode()
    settings.SPOTIFY_SYNC_FERNET_KEYS = [KEY, key]

    assert "not random" in around()["E008"].msg
    assert key not in str(around()["E008"])


def test_e008_says_nothing_of_generated_keys(settings):
    settings.SPOTIFY_SYNC_FERNET_KEYS = [Fernet.generate_key().decode() for _ in range(50)]

    assert {"E008", "W004"} & set(around()) == set()


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({}, True),
        ({"transaction_mode": "DEFERRED"}, True),
        ({"transaction_mode": "IMMEDIATE"}, False),
        ({"transaction_mode": "immediate"}, False),
    ],
)
def test_w005_sqlite_that_begins_deferred(settings, monkeypatch, options, warned):
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db", "OPTIONS": options}
    monkeypatch.setitem(settings.DATABASES, "default", database)

    assert ("W005" in around()) is warned
    if warned:
        assert "IMMEDIATE" in (around()["W005"].hint or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIRECT_URIS", "https://one.example/"), ("FERNET_KEYS", 7), ("CACHE", ["default"])],
)
def test_what_is_of_the_wrong_type_is_told_once(settings, name, value):
    setattr(settings, f"SPOTIFY_SYNC_{name}", value)

    assert "E001" in found()
    assert around() == {}


# Settings that contradict each other


@pytest.mark.parametrize(("seconds", "wrong"), [(5, True), (15, True), (16, False)])
def test_e011_a_run_is_lost_before_it_can_say_that_it_lives(settings, seconds, wrong):
    settings.SPOTIFY_SYNC_LOST_AFTER = timedelta(seconds=seconds)

    assert list(found()) == (["E011"] if wrong else [])
    assert not wrong or "SPOTIFY_SYNC_HEARTBEAT" in found()["E011"].msg


@pytest.mark.parametrize(
    ("resources", "scopes", "missing"),
    [
        (["tracks"], [], ["user-library-read"]),
        (["tracks", "following"], ("user-follow-read",), ["user-library-read"]),
        (["playlists"], ["playlist-read-private"], ["playlist-read-collaborative"]),
        (["tracks"], ["user-library-read", "user-top-read"], []),
        (["tracks"], None, []),
    ],
)
def test_w011_scopes_that_are_too_few(settings, resources, scopes, missing):
    settings.SPOTIFY_SYNC_RESOURCES = resources
    settings.SPOTIFY_SYNC_SCOPES = scopes

    assert list(found()) == (["W011"] if missing else [])
    assert all(scope in found()["W011"].msg for scope in missing)
    assert "user-top-read" not in str(found())


def test_w011_names_what_cannot_be_synced(settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "albums", "episodes", "following"]
    settings.SPOTIFY_SYNC_SCOPES = ["user-library-read"]

    message = found()["W011"].msg

    assert "lacks user-follow-read, user-read-playback-position:" in message
    assert message.endswith(": episodes, following cannot be synced, or not wholly.")


@pytest.mark.parametrize("resources", [[], ()])
def test_w012_nothing_to_sync(settings, resources):
    settings.SPOTIFY_SYNC_RESOURCES = resources

    assert list(found()) == ["W012"]
    assert "nothing" in found()["W012"].msg


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOST_AFTER", 5), ("HEARTBEAT", None), ("RESOURCES", 5), ("SCOPES", "user-library-read")],
)
def test_no_contradiction_is_looked_for_in_what_is_of_the_wrong_type(settings, name, value):
    setattr(settings, f"SPOTIFY_SYNC_{name}", value)

    assert list(found()) == ["E001"]


@pytest.mark.parametrize("name", ["API_URL", "ACCOUNTS_URL"])
@pytest.mark.parametrize(
    "url", ["http://accounts.example", "http://10.0.0.7:8099", "http://localhost.example/v1"]
)
def test_e016_tokens_in_the_clear_to_another_machine(settings, name, url):
    setattr(settings, f"SPOTIFY_SYNC_{name}", url)

    assert around()["E016"].msg.startswith(f"SPOTIFY_SYNC_{name} ")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8099", "127.1.2.3", "[::1]:8099", "localhost", "fake.localhost:81"]
)
def test_e016_lets_this_machine_speak_without_tls(settings, host):
    settings.SPOTIFY_SYNC_API_URL = f"http://{host}/v1"
    settings.SPOTIFY_SYNC_ACCOUNTS_URL = f"http://{host}"

    assert "E016" not in around()


def test_w018_a_state_that_is_good_for_more_than_an_hour(settings):
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(hours=1)
    assert "W018" not in around()

    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(minutes=61)
    assert "longer than an hour" in around()["W018"].msg


@pytest.mark.parametrize(
    ("rates", "named"),
    [
        ({}, "sync, full_sync, oauth, read, export"),
        ({"sync": "6/min", "full_sync": None, "oauth": "20/min"}, "full_sync, read, export"),
    ],
)
def test_w019_throttles_that_are_switched_off(settings, rates, named):
    settings.SPOTIFY_SYNC_THROTTLE_RATES = rates

    assert f"no rate for {named}:" in around()["W019"].msg


def test_w019_says_nothing_of_rates_of_one_s_own(settings):
    scopes = ("sync", "full_sync", "oauth", "read", "export")
    settings.SPOTIFY_SYNC_THROTTLE_RATES = dict.fromkeys(scopes, "1000/s")

    assert "W019" not in around()


def test_w010_intervals_that_cross(settings):
    settings.SPOTIFY_SYNC_SYNC_INTERVAL = timedelta(days=2)
    assert "which is then used for both" in around()["W010"].msg

    settings.SPOTIFY_SYNC_MAX_SYNC_INTERVAL = timedelta(days=3)
    assert "W010" not in around()


UNSEEN = ["{}\n", "{}\r\n", " {}", "{} ", "\t{}", "\ufeff{}", "{}\u200b", "{}\u00a0"]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIENT_ID", "an-id"),
        ("CLIENT_SECRET", "a-secret"),
        ("REDIRECT_URI", "https://site.example/callback/"),
        ("ACCOUNTS_URL", "https://accounts.example"),
    ],
)
def test_e015_what_nobody_sees_in_a_text(settings, name, value, unseen):
    assert "E015" not in found()
    setattr(settings, f"SPOTIFY_SYNC_{name}", unseen.format(value))

    if "E001" not in found():  # which an address that begins so is told already
        assert found()["E015"].msg.startswith(f"SPOTIFY_SYNC_{name} ")
        assert value not in str(found()["E015"])


def test_e015_finds_it_in_lists(settings):
    settings.SPOTIFY_SYNC_REDIRECT_URIS = ["https://one.example/", "https://two.example/\n"]

    assert "SPOTIFY_SYNC_REDIRECT_URIS" in found()["E015"].msg


@pytest.mark.parametrize("many", [False, True], ids=["one", "several"])
@pytest.mark.parametrize("unseen", ["{}\n", " {}"], ids=ascii)
def test_w014_a_key_with_a_line_end_serves_and_is_named(settings, unseen, many):
    key = unseen.format(KEY)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [Fernet.generate_key().decode(), key] if many else key

    assert list(found()) == ["W014"]
    assert "SPOTIFY_SYNC_FERNET_KEYS" in found()["W014"].msg
    assert KEY not in str(found()["W014"])
