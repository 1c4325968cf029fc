"""Every setting of the package: its name, type, default and meaning.

A setting is read from Django's settings at each access, so ``override_settings`` simply works and nothing is cached.
Nothing but this module reads a ``SPOTIFY_SYNC_*`` name; ``checks`` compares what a site wrote with what stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast, overload

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from django_spotify_sync.secret import Secret, hushed
from django_spotify_sync.values import (
    Problem,
    above,
    authenticators,
    distances,
    large_loss,
    may_sync,
    rates,
    status_token,
    strings,
    texts,
    url,
    url_or_empty,
    words_for,
)

PREFIX = "SPOTIFY_SYNC_"


class Setting[T]:
    """A setting with its default, read anew at each access; ``problem(value)`` says in words what is wrong with one."""

    def __init__(
        self,
        default: T,
        doc: str,
        *,
        types: tuple[type, ...] | None = None,
        problem: Callable[[Any], Problem] = lambda value: None,
    ) -> None:
        self.default = default
        self.__doc__ = doc
        self.types = types if types is not None else (type(default),)
        self._problem = problem

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = PREFIX + name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        return self.read()

    def read(self) -> T:
        # in no variable: it may be a secret, and reports of errors show the variables of frames
        return cast(T, getattr(settings, self.name, self.default))

    @property
    def is_set(self) -> bool:
        return hasattr(settings, self.name)

    def problem(self, value: object) -> Problem:
        """Say what is wrong with ``value``, in words that name the type or unit wanted; None if nothing is."""
        wrong_bool = isinstance(value, bool) and bool not in self.types
        if wrong_bool or not isinstance(value, self.types):
            wanted = " or ".join(words_for(kind) for kind in self.types)
            return f"must be {wanted}, not {type(value).__name__}"
        return self._problem(value)


class Hook(Setting[Callable[..., Any]]):
    """A setting that names a function by its dotted path (or is the function); ``problem`` is told of the function."""

    def __init__(
        self,
        default: str,
        doc: str,
        *,
        problem: Callable[[Callable[..., Any]], Problem] = lambda function: None,
    ) -> None:
        super().__init__(default, doc, types=(str, object), problem=problem)  # type: ignore[arg-type]

    def read(self) -> Callable[..., Any]:
        value: object = getattr(settings, self.name, self.default)
        function: Callable[..., Any] = import_string(value) if isinstance(value, str) else value  # type: ignore[assignment]
        return function

    def problem(self, value: object) -> Problem:
        try:
            function = import_string(value) if isinstance(value, str) else value
        except (ImportError, TypeError, ValueError) as error:  # the latter two for "..x" and ".x"
            return f"names a function that cannot be imported ({error})"
        if not callable(function):
            return "must be a function or the dotted path of one"
        return self._problem(function)


RESOURCES = (
    "tracks",
    "playlists",
    "following",
    "albums",
    "shows",
    "episodes",
    "audiobooks",
)


def _resources(value: object) -> Problem:
    wrong = (
        [item for item in value if item not in RESOURCES]
        if isinstance(value, list | tuple)
        else [value]
    )
    return f"holds {wrong[0]!r}; the resources are {', '.join(RESOURCES)}" if wrong else None


_positive = above(timedelta(0), "no time at all")


class Conf:
    """The settings as attributes: ``conf.BATCH_SIZE`` is the site's ``SPOTIFY_SYNC_BATCH_SIZE`` or the default."""

    CLIENT_ID = Setting("", "The client id of your app in Spotify's dashboard. Required.")
    CLIENT_SECRET = Setting(
        "", "Its client secret; empty for a public client, which uses PKCE alone."
    )
    REDIRECT_URI = Setting(
        "",
        "The redirect URI registered at Spotify; built from the request when empty.",
        problem=url_or_empty,
    )
    REDIRECT_URIS = Setting[list[str]](
        [],
        "Further redirect URIs that API clients and native apps may name.",
        types=(list, tuple),
        problem=strings,
    )
    FERNET_KEYS = Setting[list[str] | str](
        [],
        "Fernet keys that seal the tokens, newest first; a single string is a list of one. Required.",
        types=(list, tuple, str),
        problem=texts,
    )
    API_URL = Setting("https://api.spotify.com/v1", "Where the Web API answers.", problem=url)
    ACCOUNTS_URL = Setting(
        "https://accounts.spotify.com", "Where the accounts service answers.", problem=url
    )
    RESOURCES = Setting[list[str]](
        ["tracks", "playlists", "following", "albums", "shows"],
        "What is kept in step.",
        types=(list, tuple),
        problem=_resources,
    )
    SCOPES = Setting[list[str] | None](
        None,
        "The scopes to ask for; None asks for what RESOURCES need.",
        types=(list, tuple, type(None)),
        problem=lambda value: None if value is None else strings(value),
    )
    USE_PKCE = Setting(True, "Send a PKCE challenge with each authorization.")
    ACCEPT_LANGUAGE = Setting(
        "en", "The language asked for, fixed so that names do not change between syncs."
    )
    CACHE = Setting(
        "default",
        "The alias of the cache for OAuth state, pace and locks; shared between processes.",
    )
    STATE_TTL = Setting(
        timedelta(minutes=10),
        "How long a user may take at Spotify's consent page.",
        problem=_positive,
    )
    FETCH_WORKERS = Setting(8, "How many pages are fetched at once.", problem=above(0, "0"))
    REQUEST_TIMEOUT = Setting(
        timedelta(seconds=30),
        "The deadline of one request, from its start to its last byte.",
        problem=_positive,
    )
    MAX_WAIT = Setting(
        timedelta(seconds=30),
        "The longest wait in place when Spotify asks for patience; longer ones put the run to waiting.",
        problem=lambda value: None if value >= timedelta(0) else "must not be negative",
    )
    REQUESTS_PER_WINDOW = Setting[int | None](
        180,
        "How many requests the whole app may start in any WINDOW; None for no pace of our own.",
        types=(int, type(None)),
        problem=lambda value: None if value is None or value > 0 else "must be more than 0",
    )
    WINDOW = Setting(
        timedelta(seconds=30),
        "The window that Spotify counts requests in.",
        problem=_positive,
    )
    BATCH_SIZE = Setting(1000, "How many rows one statement carries.", problem=above(0, "0"))
    SYNC_ON_CONNECT = Setting(
        True, "Queue a sync of every resource as soon as an account is connected."
    )
    SYNC_INTERVAL = Setting(
        timedelta(hours=6),
        "How often a resource that changes is looked at by the schedule.",
        problem=_positive,
    )
    MAX_SYNC_INTERVAL = Setting(
        timedelta(hours=24),
        "How often at least: what does not change, or keeps failing, drifts towards it.",
        problem=_positive,
    )
    MAY_SYNC = Hook(
        "django_spotify_sync.hooks.may_sync",
        "Whether (account, resource, trigger) may be synced now: by the schedule, or because its user asks for it.",
        problem=may_sync,
    )
    FULL_SYNC_INTERVAL = Setting(
        timedelta(days=7),
        "How often everything is read, whatever seems unchanged.",
        problem=_positive,
    )
    COLLECTION_FULL_INTERVAL = Setting(
        timedelta(hours=24),
        "How often the schedule reads all followed artists, albums, shows, episodes and audiobooks.",
        problem=_positive,
    )
    MAX_REMOVED_SHARE = Setting(
        0.5,
        "A loss of a larger share (and of over 50 rows) is believed only when a second run sees it too.",
        types=(float, int),
        problem=lambda value: None if 0 <= value <= 1 else "must be between 0 and 1",
    )
    LARGE_LOSS = Setting(
        "second_run",
        'What becomes of such a loss: "second_run" believes it then, "ask" waits until somebody accepts or keeps it.',
        problem=large_loss,
    )
    HEARTBEAT = Setting(
        timedelta(seconds=15), "How often a run says that it is alive.", problem=_positive
    )
    LOST_AFTER = Setting(
        timedelta(minutes=2), "A run is lost when it was silent for so long.", problem=_positive
    )
    DELETE_LIBRARY_ON_DISCONNECT = Setting(
        True,
        "Delete a library, and all else that is the user's, when the account is disconnected.",
    )
    DISCONNECTED_RETENTION = Setting(
        timedelta(days=5),
        "How long a disconnected account and its library are kept, where they are kept at all.",
        problem=_positive,
    )
    GRANT_LOST_RETENTION = Setting(
        timedelta(days=30),
        "How long an account is kept whose grant was lost and not renewed.",
        problem=_positive,
    )
    RUN_RETENTION = Setting(
        timedelta(days=90), "How long the record of a sync is kept.", problem=_positive
    )
    JOURNAL = Setting(True, "Write down what comes into libraries and what leaves them.")
    CHANGES_RETENTION = Setting(
        timedelta(days=400), "How long a line of the journal is kept.", problem=_positive
    )
    GRANT_NOTICE = Setting[list[timedelta]](
        [timedelta(days=30), timedelta(days=7)],
        "How long before a grant's end the signal grant_expiring is sent; several distances, one signal at each.",
        types=(list, tuple),
        problem=distances,
    )
    CONNECTED_URL = Setting(
        "spotify_sync:home",
        "Where a browser goes after connecting: a path or the name of a URL. By default the package's own page.",
        types=(str, Promise),
    )
    FAILED_URL = Setting(
        "spotify_sync:home",
        "Where a browser goes after a failure; ?spotify_error=<code> is added. By default the package's own page.",
        types=(str, Promise),
    )
    AUTHENTICATION_CLASSES = Setting[list[str] | None](
        None,
        "What says who calls over REST; None asks what the host's REST framework has, then the session.",
        types=(list, tuple, type(None)),
        problem=authenticators,
    )
    BASE_TEMPLATE = Setting(
        "spotify_sync/base.html",
        "The template that the package's own pages extend; it has the blocks title and content.",
        problem=lambda value: None if value else "must be the name of a template",
    )
    STATUS_TOKEN = Setting(
        "",
        "A bearer token that may read status/ and status/metrics/; with an empty one only staff may.",
        problem=status_token,
    )
    LOGIN_ENABLED = Setting(False, "Let users sign in with Spotify.")
    GET_USER = Hook(
        "django_spotify_sync.hooks.get_user",
        "Says whom a Spotify profile signs in: called with the profile and the request, it returns a user or None.",
    )
    BEFORE_CONNECT = Hook(
        "django_spotify_sync.hooks.before_connect",
        "Where a browser goes before its user connects, to sign in afresh say: called with the request; None to go on.",
    )
    THROTTLE_RATES = Setting[dict[str, str]](
        {
            "sync": "6/min",
            "full_sync": "2/hour",
            "oauth": "20/min",
            "read": "600/min",
            "export": "10/hour",
        },
        "How often one user may ask: DRF rates by scope.",
        problem=rates,
    )

    @classmethod
    def all(cls) -> dict[str, Setting[Any]]:
        """Return every setting by its full name."""
        return {item.name: item for item in vars(cls).values() if isinstance(item, Setting)}

    @property
    @hushed
    def fernet_keys(self) -> list[Secret]:
        """Return the keys as a list, newest first, not on show."""
        keys = self.FERNET_KEYS
        return [Secret(key) for key in ([keys] if isinstance(keys, str) and keys else keys)]


conf = Conf()
