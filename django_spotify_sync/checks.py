"""System checks: what a deployer can get wrong, said before it costs a night. Ids are stable."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, router
from django.utils.module_loading import import_string
from rest_framework.settings import api_settings

from django_spotify_sync.backends import SpotifyBackend
from django_spotify_sync.conf import PREFIX, Conf, Setting, conf
from django_spotify_sync.db.sealing import KeyRing, is_weak
from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.models import SpotifyToken, SyncRun
from django_spotify_sync.secret import hushed
from django_spotify_sync.shared_cache import evicting_policy
from django_spotify_sync.spotify.oauth import redirect_uri_problem
from django_spotify_sync.spotify.scopes import scopes_for
from django_spotify_sync.upkeep.keys import keys_in_use

TAG = "spotify_sync"
#: Elsewhere rows cannot be locked as connecting and syncing do it, nor one live run be had by a partial index.
VENDORS = ("postgresql", "sqlite")
#: Of Django's caches, those that throw entries away beyond MAX_ENTRIES.
CULLING = ("DatabaseCache", "FileBasedCache", "LocMemCache")
ENTRIES = 10_000
LONGEST_STATE = timedelta(hours=1)
DUE_TASK = "django_spotify_sync.sync_due_accounts"


@register(TAG)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every SPOTIFY_SYNC_* setting is known, of the right type, and the required ones are there."""
    return [*_unknown(), *_misused(), *_unseen(), *_required(), *_contradictions()]


@register(TAG)
def check_site(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What around the settings would make connecting or syncing fail on some day."""
    return [
        *_time_zones(),
        *_autocommit(),
        *_redirect_uris(),
        *_spotify_in_the_clear(),
        *_limits(),
        *_cache_of_one_process(),
        *_middleware(),
        *_proxies(),
        *_strict_session(),
        *_keys(),
        *_sqlite(),
        *_login(),
        *_databases(),
        *_schedule(),
    ]


def _unknown() -> Iterator[CheckMessage]:
    known = Conf.all()
    for name in dir(settings):
        if name.startswith(PREFIX) and name not in known:
            # without the prefix, which makes all of them alike
            alike = get_close_matches(
                name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in known], n=1
            )
            hint = (
                f"Did you mean {PREFIX}{alike[0]}?"
                if alike
                else "See the settings in the reference."
            )
            yield checks.Warning(f"There is no setting {name}.", hint=hint, id="spotify_sync.W001")


def _misused() -> Iterator[CheckMessage]:
    for name, setting in Conf.all().items():
        if problem := _problem(name, setting):
            yield Error(f"{name} {problem}.", hint=setting.__doc__, id="spotify_sync.E001")


@hushed
def _problem(name: str, setting: Setting[Any]) -> str | None:
    return setting.problem(getattr(settings, name)) if setting.is_set else None


def _unseen() -> Iterator[CheckMessage]:
    """What nobody sees in a text: secrets that are mounted as files end with a line, and some editors begin a file."""
    for name, setting in Conf.all().items():
        if _problem(name, setting) or not _holds_unseen(name):
            continue
        if name == Conf.FERNET_KEYS.name:  # whose blanks are read over
            yield checks.Warning(
                f"A key of {name} begins or ends with a blank or a line end.",
                hint="It serves as it is. Read it with .strip(), so that it is the same wherever it is compared.",
                id="spotify_sync.W014",
            )
            continue
        yield Error(
            f"{name} begins or ends with a blank or a line end, or holds a character that is not seen.",
            hint="A secret that is mounted as a file mostly ends with a line: read it with .strip().",
            id="spotify_sync.E015",
        )


@hushed
def _holds_unseen(name: str) -> bool:
    value = getattr(settings, name, None)
    texts = value if isinstance(value, list | tuple) else [value]
    return any(_has_unseen(text) for text in texts)


def _has_unseen(text: object) -> bool:
    return isinstance(text, str) and (text != text.strip() or not text.isprintable())


def _required() -> Iterator[CheckMessage]:
    if not conf.CLIENT_ID:
        yield Error(
            "SPOTIFY_SYNC_CLIENT_ID is not set.",
            hint="It is the client id of your app in Spotify's dashboard.",
            id="spotify_sync.E002",
        )
    if not conf.CLIENT_SECRET and not conf.USE_PKCE:
        yield Error(
            "SPOTIFY_SYNC_CLIENT_SECRET is empty and SPOTIFY_SYNC_USE_PKCE is False.",
            hint="Set the secret of your app, or let a public client use PKCE.",
            id="spotify_sync.E003",
        )
    # what is of the wrong type was told above, and cannot be asked more of
    if not _problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        try:
            KeyRing(conf.fernet_keys)
        except NoSealingKey as error:
            hint = "Without a key no token can be stored."
            yield Error(str(error), hint=hint, id="spotify_sync.E004")
    if not _problem(Conf.CACHE.name, Conf.CACHE) and conf.CACHE not in settings.CACHES:
        yield Error(
            f"SPOTIFY_SYNC_CACHE names {conf.CACHE!r}, which is not in CACHES.",
            hint="It is the alias of a cache that all processes share.",
            id="spotify_sync.E005",
        )


def _contradictions() -> Iterator[CheckMessage]:
    """Settings that are right by themselves, and not together."""
    wrong = {name for name, setting in Conf.all().items() if _problem(name, setting)}
    if (
        not {Conf.HEARTBEAT.name, Conf.LOST_AFTER.name} & wrong
        and conf.LOST_AFTER <= conf.HEARTBEAT
    ):
        yield Error(
            "SPOTIFY_SYNC_LOST_AFTER is not longer than SPOTIFY_SYNC_HEARTBEAT: every run would be taken for lost.",
            hint="Let it be several heartbeats, so that a slow one is forgiven.",
            id="spotify_sync.E011",
        )
    if {Conf.RESOURCES.name, Conf.SCOPES.name} & wrong:
        return
    if not conf.RESOURCES:
        yield checks.Warning(
            "SPOTIFY_SYNC_RESOURCES is empty, so nothing is ever synced.",
            hint="Leave it out to sync all that there is.",
            id="spotify_sync.W012",
        )
    needed = scopes_for(conf.RESOURCES)
    missing = set(needed) - set(needed if conf.SCOPES is None else conf.SCOPES)
    if missing:
        yield checks.Warning(
            f"SPOTIFY_SYNC_SCOPES lacks {', '.join(sorted(missing))}, which SPOTIFY_SYNC_RESOURCES need: "
            "Spotify will refuse these syncs.",
            hint="Add them, or leave SPOTIFY_SYNC_SCOPES out, which asks for what is needed.",
            id="spotify_sync.W011",
        )


def _time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is False: Django's times name no zone then, and this app's tables hold times that do.",
            hint="Set USE_TZ = True, Django's default. TIME_ZONE goes on saying in which zone times are shown.",
            id="spotify_sync.E014",
        )


def _autocommit() -> Iterator[CheckMessage]:
    alias = router.db_for_write(SyncRun)
    if not settings.DATABASES[alias].get("AUTOCOMMIT", True):
        yield Error(
            f"AUTOCOMMIT is False for the database {alias!r}: what this app writes in one statement would not be "
            "stored, and its transactions would never end.",
            hint="Take AUTOCOMMIT out of DATABASES: Django's default is True, and atomic() makes transactions.",
            id="spotify_sync.E017",
        )


def _redirect_uris() -> Iterator[CheckMessage]:
    """Redirect URIs (Spotify Web API): https; http only on 127.0.0.1 and [::1]; `localhost` never; no fragment."""
    for name, uris in (
        (Conf.REDIRECT_URI.name, [conf.REDIRECT_URI] if conf.REDIRECT_URI else []),
        (Conf.REDIRECT_URIS.name, conf.REDIRECT_URIS),
    ):
        if _problem(name, Conf.all()[name]):
            continue  # told above
        for uri in uris:
            may_have_own_scheme = name == Conf.REDIRECT_URIS.name
            problem = redirect_uri_problem(str(uri), may_have_own_scheme=may_have_own_scheme)
            if problem:
                yield Error(
                    f"Spotify refuses the redirect URI {uri} of {name}: it {problem}.",
                    hint="Use https, or http://127.0.0.1:… and [::1] on your own machine.",
                    id="spotify_sync.E006",
                )


def _spotify_in_the_clear() -> Iterator[CheckMessage]:
    """Tokens, codes and the client's secret go to these addresses. FakeSpotify is on this machine."""
    for name, url in (
        (Conf.API_URL.name, conf.API_URL),
        (Conf.ACCOUNTS_URL.name, conf.ACCOUNTS_URL),
    ):
        if _problem(name, Conf.all()[name]):
            continue  # told above
        parts = urlsplit(url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            yield Error(
                f"{name} begins with http:// and leads to another machine: tokens would travel in the clear.",
                hint="Use https. Only 127.0.0.1, [::1] and localhost may do without, where FakeSpotify is.",
                id="spotify_sync.E016",
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # which is this machine (RFC 6761, 6.3)
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _limits() -> Iterator[CheckMessage]:
    if not _problem(Conf.STATE_TTL.name, Conf.STATE_TTL) and conf.STATE_TTL > LONGEST_STATE:
        yield checks.Warning(
            "SPOTIFY_SYNC_STATE_TTL is longer than an hour: so long a state that leaked can be used.",
            hint="Ten minutes are enough for a consent page.",
            id="spotify_sync.W018",
        )
    if _problem(Conf.THROTTLE_RATES.name, Conf.THROTTLE_RATES):
        return  # told above
    unlimited = [
        scope for scope in Conf.THROTTLE_RATES.default if not conf.THROTTLE_RATES.get(scope)
    ]
    if unlimited:
        yield checks.Warning(
            f"SPOTIFY_SYNC_THROTTLE_RATES sets no rate for {', '.join(unlimited)}: anybody may ask without end.",
            hint="The dict replaces the default as a whole: name all scopes. Silence this if something before Django "
            "holds askers back.",
            id="spotify_sync.W019",
        )


def _databases() -> Iterator[CheckMessage]:
    ours, users = router.db_for_write(SyncRun), router.db_for_write(get_user_model())
    if connections[ours].vendor not in VENDORS:
        yield Error(
            f"The app's tables are on {connections[ours].display_name}, which it does not work with.",
            hint="Keep them on PostgreSQL or SQLite; DATABASE_ROUTERS can send the app spotify_sync there.",
            id="spotify_sync.E013",
        )
    if ours != users:
        yield Error(
            f"The app's tables are on the database {ours!r} and the users on {users!r}: no row of the one can refer to "
            "one of the other.",
            hint="Let DATABASE_ROUTERS keep the app spotify_sync where the user model is.",
            id="spotify_sync.E012",
        )


def _cache_of_one_process() -> Iterator[CheckMessage]:
    if _problem(Conf.CACHE.name, Conf.CACHE):
        return  # told above
    backend = settings.CACHES.get(conf.CACHE, {}).get("BACKEND", "").rpartition(".")[2]
    if backend == "DummyCache":
        yield Error(
            f"The cache {conf.CACHE!r} remembers nothing, so nobody who goes to Spotify can come back.",
            hint="Use Redis, Memcached or the database cache.",
            id="spotify_sync.E007",
        )
    if backend == "LocMemCache" and not settings.DEBUG:
        yield checks.Warning(
            f"The cache {conf.CACHE!r} is each process's own: a callback that meets another process finds nothing, "
            "several may refresh one token at once, and each asks Spotify at a pace of its own.",
            hint="Use a cache that all processes share: Redis, Memcached or the database cache.",
            id="spotify_sync.W002",
        )
    if backend in CULLING and not settings.DEBUG and _max_entries() < ENTRIES:
        yield checks.Warning(
            f"The cache {conf.CACHE!r} holds {_max_entries()} entries at most and throws others away beyond that: "
            "who is at Spotify's consent page could not come back, and throttles and the pace forget.",
            hint=f"Set OPTIONS = {{'MAX_ENTRIES': {ENTRIES}}} of that cache or more, or use Redis.",
            id="spotify_sync.W016",
        )


def _max_entries() -> int:
    """Return how many entries the cache holds, as Django reads it."""
    made: dict[str, Any] = settings.CACHES[conf.CACHE]
    try:
        return int(made.get("max_entries", made.get("OPTIONS", {}).get("MAX_ENTRIES", 300)))
    except (TypeError, ValueError):
        return 300


def _middleware() -> Iterator[CheckMessage]:
    wanted = (SessionMiddleware, AuthenticationMiddleware)
    missing = [one for one in wanted if not _names(one, settings.MIDDLEWARE)]
    if missing:
        yield checks.Warning(
            f"MIDDLEWARE has no {' and no '.join(one.__name__ for one in missing)}: no browser is signed in here, "
            "and auth/ sends all of them to LOGIN_URL. API clients that bring credentials of their own connect.",
            hint="Add it, SessionMiddleware before AuthenticationMiddleware; or silence this on a site of API clients.",
            id="spotify_sync.W013",
        )


def _proxies() -> Iterator[CheckMessage]:
    """What a proxy does is not seen from here; these settings are made where there is one."""
    evident = [
        name
        for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT")
        if getattr(settings, name)
    ]
    if evident and api_settings.NUM_PROXIES is None:
        yield checks.Warning(
            f"This site is behind a proxy, as {evident[0]} shows, and REST_FRAMEWORK has no NUM_PROXIES: all who are "
            "signed out have the proxy's address, and one of them can use up what all may ask.",
            hint="Set REST_FRAMEWORK = {'NUM_PROXIES': 1}, or how many proxies of yours add to X-Forwarded-For.",
            id="spotify_sync.W015",
        )


def _strict_session() -> Iterator[CheckMessage]:
    if settings.SESSION_COOKIE_SAMESITE == "Strict":
        yield checks.Warning(
            "SESSION_COOKIE_SAMESITE is 'Strict': who comes back from Spotify arrives signed out.",
            hint="'Lax' sends the session along when a browser is sent back.",
            id="spotify_sync.W003",
        )


def _login() -> Iterator[CheckMessage]:
    if not conf.LOGIN_ENABLED:
        return
    if not _names(SpotifyBackend, settings.AUTHENTICATION_BACKENDS):
        yield Error(
            "SPOTIFY_SYNC_LOGIN_ENABLED is True, and AUTHENTICATION_BACKENDS has no backend that signs users in.",
            hint="Add 'django_spotify_sync.backends.SpotifyBackend' to it.",
            id="spotify_sync.E009",
        )
    in_database = settings.SESSION_ENGINE.rpartition(".")[2] in ("db", "cached_db")
    has_table = not in_database or apps.is_installed("django.contrib.sessions")
    if not (_names(SessionMiddleware, settings.MIDDLEWARE) and has_table):
        yield checks.Warning(
            "SPOTIFY_SYNC_LOGIN_ENABLED is True, and this site keeps no sessions: nobody stays signed in.",
            hint="Add 'django.contrib.sessions' to INSTALLED_APPS and its SessionMiddleware to MIDDLEWARE.",
            id="spotify_sync.W006",
        )


def _names(kind: type, paths: Sequence[str]) -> bool:
    """Tell whether one of the dotted paths names this class or a subclass of it."""
    for path in paths:
        try:
            named = import_string(path)
        except ImportError:
            continue  # which Django tells
        if isinstance(named, type) and issubclass(named, kind):
            return True
    return False


def _keys() -> Iterator[CheckMessage]:
    if _problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        return  # told above
    is_doubled, is_weak = _judge_keys()
    if is_doubled:
        yield checks.Warning(
            "SPOTIFY_SYNC_FERNET_KEYS holds a key twice.",
            hint="A rotation puts a new key first and keeps the old one behind it.",
            id="spotify_sync.W004",
        )
    if is_weak:
        yield Error(
            "A key of SPOTIFY_SYNC_FERNET_KEYS is not random.",
            hint="Make keys with spotify_generate_key, never by hand.",
            id="spotify_sync.E008",
        )


@hushed
def _judge_keys() -> tuple[bool, bool]:
    """Tell whether a key stands there twice, and whether one of them is weak."""
    keys = [key.reveal().strip() for key in conf.fernet_keys]
    return len(keys) != len(set(keys)), any(_is_weak(key) for key in keys)


def _is_weak(key: str) -> bool:
    try:
        plain = base64.urlsafe_b64decode(key)
    except ValueError:
        return False  # no key at all, which is told elsewhere
    return len(plain) == 32 and is_weak(plain)


def _sqlite() -> Iterator[CheckMessage]:
    database = settings.DATABASES[router.db_for_write(SyncRun)]
    if database["ENGINE"].endswith("sqlite3") and (
        str(database.get("OPTIONS", {}).get("transaction_mode", "")).upper() != "IMMEDIATE"
    ):
        yield checks.Warning(
            "SQLite begins its transactions deferred, so a sync may find the database locked in the middle.",
            hint="Set OPTIONS = {'transaction_mode': 'IMMEDIATE', 'timeout': 20} of that database.",
            id="spotify_sync.W005",
        )


@register(Tags.database)
def check_keys_in_use(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Every key that seals a stored token is in the settings; and none but the newest is needed any more."""
    using = router.db_for_write(SpotifyToken)
    if using not in (databases or ()) or _problem(Conf.FERNET_KEYS.name, Conf.FERNET_KEYS):
        return []
    connection = connections[using]
    with connection.cursor() as cursor:  # the first `migrate` checks before it makes the table
        if SpotifyToken._meta.db_table not in connection.introspection.table_names(cursor):
            return []
    try:
        return list(_keys_in_use())
    except NoSealingKey:
        return []  # told by check_settings


@register(Tags.database)
def check_cache_in_use(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """The Redis that is the cache throws nothing away. It is asked where the databases are."""
    if not databases or _problem(Conf.CACHE.name, Conf.CACHE) or conf.CACHE not in settings.CACHES:
        return []
    policy = evicting_policy()
    if policy is None:
        return []
    return [
        checks.Warning(
            f"The Redis of the cache {conf.CACHE!r} throws keys away when it is full ({policy}): states, locks and the "
            "pace among them.",
            hint="Set its maxmemory-policy to noeviction, or give this app a Redis of its own.",
            id="spotify_sync.W017",
        )
    ]


def _keys_in_use() -> Iterator[CheckMessage]:
    for key in keys_in_use():
        if key.state == "unknown":
            yield Error(
                f"{key.rows} stored tokens are sealed with key {key.key_id}, which is not in SPOTIFY_SYNC_FERNET_KEYS: "
                "their users' libraries cannot be synced.",
                hint="Put that key back, behind the newest. Should it be lost, these users have to connect again.",
                id="spotify_sync.E010",
            )
        if key.state == "retired":
            yield checks.Warning(
                f"{key.rows} stored tokens still need key {key.key_id}, which is not the newest.",
                hint="Run spotify_rotate_keys before you take it out of SPOTIFY_SYNC_FERNET_KEYS.",
                id="spotify_sync.W008",
            )


def _schedule() -> Iterator[CheckMessage]:
    scheduled = [*(getattr(settings, "CELERY_BEAT_SCHEDULE", None) or {}).values()]
    scheduled += (current_app.conf.beat_schedule or {}).values()
    # An entry is a dict, or a celery.beat.ScheduleEntry.
    names = {
        entry.get("task") if isinstance(entry, dict) else getattr(entry, "task", None)
        for entry in scheduled
    }
    elsewhere = apps.is_installed("django_celery_beat")  # whose schedule is in the database
    if DUE_TASK not in names and not elsewhere and not settings.DEBUG:
        yield checks.Warning(
            "Nothing calls sync_due_accounts: nobody is synced by a schedule, and runs that wait are not gone on with.",
            hint="Put django_spotify_sync.schedules.beat_schedule() into CELERY_BEAT_SCHEDULE. Or have cron run "
            "spotify_sync --due, and silence this.",
            id="spotify_sync.W009",
        )
    intervals = (Conf.SYNC_INTERVAL, Conf.MAX_SYNC_INTERVAL)
    if any(_problem(one.name, one) for one in intervals):
        return  # told above
    if conf.MAX_SYNC_INTERVAL < conf.SYNC_INTERVAL:
        yield checks.Warning(
            "SPOTIFY_SYNC_MAX_SYNC_INTERVAL is shorter than SPOTIFY_SYNC_SYNC_INTERVAL, which then is both.",
            hint="What does not change is looked at ever less often, from the one to the other.",
            id="spotify_sync.W010",
        )
