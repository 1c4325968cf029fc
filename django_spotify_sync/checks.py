"""System checks: what a deployer can get wrong, said before it costs a night. Ids are stable."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

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

from django_spotify_sync.backends import SpotifyBackend
from django_spotify_sync.conf import PREFIX, Conf, Setting, conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.models import SpotifyToken, SyncRun
from django_spotify_sync.secret import hushed
from django_spotify_sync.spotify.oauth import redirect_uri_problem
from django_spotify_sync.spotify.scopes import scopes_for
from django_spotify_sync.upkeep.keys import keys_in_use

TAG = "spotify_sync"
#: Elsewhere rows cannot be locked as connecting and syncing do it, nor one live run be had by a partial index.
VENDORS = ("postgresql", "sqlite")
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
        *_redirect_uris(),
        *_cache_of_one_process(),
        *_middleware(),
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
    """Tell a key made by hand: of 32 random bytes 16 or fewer distinct ones are a chance of one to 10^17."""
    try:
        return 0 < len(set(base64.urlsafe_b64decode(key))) <= 16
    except ValueError:
        return False  # no key at all, which is told elsewhere


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
