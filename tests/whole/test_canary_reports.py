"""What is told of a failure to those who keep the site: error pages and mails, logs, and collectors of frames.

They show the variables of every frame that an exception has come through. So exceptions are let loose where the secrets
are in the clear: in the midst of a request, in the seal, in a library.
"""

from __future__ import annotations

import base64
import inspect
import io
import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import urllib3
from celery.exceptions import SoftTimeLimitExceeded
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

import django_spotify_sync
from django_spotify_sync import accounts, tasks
from django_spotify_sync.checks import check_keys_in_use, check_settings, check_site
from django_spotify_sync.conf import Conf, conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import NoSealingKey, SpotifySyncError
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.secret import Secret
from django_spotify_sync.sync import request_sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.keys import rotate_keys
from tests.kit.browsing import HOST, JSON, begun, browser_of
from tests.kit.canary import BAD_KEY, FERNET_KEY, Evidence, let_canaries_out
from tests.kit.concurrency import wait_until
from tests.kit.connecting import connect
from tests.kit.reports import told
from tests.whole.test_contract import errors

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fake(spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch) -> FakeSpotify:
    """Give a FakeSpotify and a host whose secrets are recognised."""
    let_canaries_out(spotify, settings, monkeypatch)
    settings.ALLOWED_HOSTS = [HOST]
    return spotify


class Mailer(AdminEmailHandler):
    """Django's own mails about errors, with its page in them; kept, whatever mail backend there is."""

    def __init__(self) -> None:
        super().__init__(include_html=True)
        self.setLevel(logging.ERROR)
        self.sent: list[tuple[str, str]] = []

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        self.sent.append((f"{subject}\n{message}", kwargs["html_message"]))


@pytest.fixture
def mailer() -> Iterator[Mailer]:
    """Have all errors mailed."""
    mailer = Mailer()
    loggers = [logging.getLogger(name) for name in ("", "django", "celery")]
    for logger in loggers:
        logger.addHandler(mailer)
    yield mailer
    for logger in loggers:
        logger.removeHandler(mailer)


@pytest.fixture
def evidence(caplog: pytest.LogCaptureFixture, mailer: Mailer) -> Iterator[Evidence]:
    """Collect all that is told until the end of the test, and look through it."""
    caplog.set_level(logging.DEBUG)
    seen = Evidence()
    yield seen
    seen.logs(caplog.records)
    for record in caplog.records:
        if record.exc_info and record.exc_info[1]:
            seen.add("a collector of frames", told(record.exc_info[1]))
    for text, page in mailer.sent:
        seen.add("mail", text)
        seen.add("mail in HTML", page)
    seen.check()


# Exceptions that come anywhere


@contextmanager
def time_is_up(fake: FakeSpotify, path: str) -> Iterator[type[Exception]]:
    """Let Celery's soft time limit strike while Spotify is answering."""

    def strike(*_: object) -> None:
        raise SoftTimeLimitExceeded

    def strike_when_it_waits(_: FakeSpotify) -> None:
        # elsewhere it might meet coverage as it takes a lock, which nobody would give back
        wait_until(
            lambda: sys._current_frames()[main].f_code.co_name in ("readinto", "wait"), pause=0.01
        )
        os.kill(os.getpid(), signal.SIGUSR1)

    main = threading.main_thread().ident or 0
    before = signal.signal(signal.SIGUSR1, strike)
    scripted = fake.faults.add(path, times=None, delay=0.5, before=strike_when_it_waits)
    try:
        yield SoftTimeLimitExceeded
    finally:
        fake.faults.remove(scripted)
        signal.signal(signal.SIGUSR1, before)


@contextmanager
def library_has_a_fault(fake: FakeSpotify, path: str) -> Iterator[type[Exception]]:
    """Let urllib3 fail in a way that nobody has foreseen, when it has sent the request."""
    make = urllib3.HTTPConnectionPool._make_request

    def fail(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        answer = make(self, conn, method, url, *args, **kwargs)
        if path in url:
            raise ZeroDivisionError("a fault of a library")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib3.HTTPConnectionPool, "_make_request", fail)
        yield ZeroDivisionError


type Loose = Any

anywhere = pytest.mark.parametrize("loose", [time_is_up, library_has_a_fault])


@anywhere
@pytest.mark.parametrize("path", ["/api/token", "/me"])
@pytest.mark.parametrize("debug", [True, False])
def test_connecting(
    fake: FakeSpotify,
    user: Any,
    settings: Any,
    evidence: Evidence,
    mailer: Mailer,
    loose: Loose,
    path: str,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    client = browser_of(user, raise_request_exception=False)
    for bring in (
        lambda brought: client.get("/spotify/callback/", brought),
        lambda brought: client.get("/spotify/callback/", brought, headers=JSON),
        lambda brought: client.post(
            "/spotify/callback/", brought, "application/json", headers=JSON
        ),
    ):
        brought = begun(client)
        with loose(fake, path) as kind:
            response = evidence.answer(bring(brought))

        assert response.status_code == 500
        assert isinstance(response.exc_info[1], kind)
        evidence.add("error", told(response.exc_info[1]))
        page = ExceptionReporter(response.wsgi_request, *response.exc_info).get_traceback_html()
        evidence.add("page", page)
    assert len(mailer.sent) >= 3
    assert "Request Method" in mailer.sent[0][1], "mails in full"


@anywhere
@pytest.mark.parametrize("path", ["/api/token", "/me/tracks"])
def test_a_task(
    fake: FakeSpotify, user: Any, evidence: Evidence, mailer: Mailer, loose: Loose, path: str
) -> None:
    account = connect(user, fake)
    fake.expire_access_tokens()

    with loose(fake, path) as kind:
        result = tasks.sync_account.apply(kwargs={"run_id": request_sync(account, "tracks").pk})

    evidence.add("result", f"{result.result!r} {result.traceback}")
    evidence.database()
    if loose is library_has_a_fault:  # which Celery logs; a time limit puts the run down
        assert isinstance(result.result, kind)
        assert mailer.sent


@anywhere
def test_refreshing(fake: FakeSpotify, user: Any, evidence: Evidence, loose: Loose) -> None:
    account = connect(user, fake)

    with loose(fake, "/api/token"):
        evidence.error(lambda: accounts.refresh(account))


@anywhere
def test_calling_spotify(fake: FakeSpotify, user: Any, evidence: Evidence, loose: Loose) -> None:
    account = connect(user, fake)

    with loose(fake, "/me"), accounts.client_for(account) as client:
        evidence.error(lambda: client.get("/me"))


# The seal


def no_json(plain: bytes) -> bytes:
    return b"[" + plain


def another_shape(plain: bytes) -> bytes:
    return plain.replace(b'"account"', b'"of"')


def another_type(plain: bytes) -> bytes:
    return b"[" + plain + b"]"


@pytest.mark.parametrize("spoil", [no_json, another_shape, another_type])
def test_what_was_sealed_by_somebody_else_who_has_the_key(
    fake: FakeSpotify, user: Any, evidence: Evidence, spoil: Callable[[bytes], bytes]
) -> None:
    account = connect(user, fake)
    token = SpotifyToken.objects.get()
    ring = KeyRing([Secret(FERNET_KEY)])
    plain = ring.unseal(bytes(token.sealed)[1:], token.key_id)
    token.sealed = b"\x01" + ring.seal(spoil(plain))
    token.save()

    evidence.error(token.unseal)
    evidence.error(lambda: accounts.refresh(account))
    assert {where for where, _ in evidence.seen} == {"error SealBroken"}


# Changing keys


def test_a_rotation_that_fails(
    fake: FakeSpotify, user: Any, other_user: Any, settings: Any, evidence: Evidence
) -> None:
    connect(user, fake)
    connect(other_user, fake, fake.add_user("grace"))
    newer = base64.urlsafe_b64encode(b"CANARY newer fernet key of 32 b\xff").decode()
    first = SpotifyToken.objects.order_by("pk").first()
    SpotifyToken.objects.filter(pk=first.pk).update(sealed=bytes(first.sealed)[:-1])
    settings.SPOTIFY_SYNC_FERNET_KEYS = [newer, FERNET_KEY]

    for options in (["--dry-run"], ["--json"], []):
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit):
            call_command("spotify_rotate_keys", *options, stdout=out, stderr=err)
        evidence.add("command", out.getvalue() + err.getvalue())

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    SpotifyToken.objects.filter(pk=first.pk).update(sealed=first.sealed)
    with connection.execute_wrapper(refuse):
        evidence.error(rotate_keys)
    for keys in ([newer], [BAD_KEY, newer], []):
        settings.SPOTIFY_SYNC_FERNET_KEYS = keys
        with suppress(NoSealingKey):
            evidence.add("rotation", rotate_keys())
        for check in (check_settings, check_site):
            evidence.add("check", check(None))
        evidence.add("check", check_keys_in_use(None, databases=["default"]))
    evidence.add("what is left", f"{SpotifyToken.objects.by_key()}")
    evidence.check(newer=newer)


# Keys, wherever they are read and compared


@contextmanager
def striking_at(number: int, *, holding: str) -> Iterator[list[str]]:
    """Let an exception strike at the nth line of the package's at which a frame holds a text in the clear.

    Give the lines that there were: an exception may come in any of them, a time limit's for one.
    """
    lines: list[str] = []
    package = str(Path(django_spotify_sync.__file__).parent)

    def at(code: CodeType, line: int) -> Any:
        if not code.co_filename.startswith(package):
            return sys.monitoring.DISABLE
        if code.co_filename.endswith("secret.py"):
            return None  # the wall itself
        frame = sys._getframe(1)
        if holding in repr(frame.f_locals):
            lines.append(f"{code.co_qualname}, line {line}")
            if len(lines) == number:
                raise ZeroDivisionError("struck")
        return None

    sys.monitoring.use_tool_id(_STRIKER, "striker")
    sys.monitoring.register_callback(_STRIKER, sys.monitoring.events.LINE, at)
    sys.monitoring.set_events(_STRIKER, sys.monitoring.events.LINE)
    try:
        yield lines
    finally:
        sys.monitoring.set_events(_STRIKER, 0)
        sys.monitoring.register_callback(_STRIKER, sys.monitoring.events.LINE, None)
        sys.monitoring.free_tool_id(_STRIKER)
        sys.monitoring.restart_events()


_STRIKER = 4  # a number that neither coverage nor debuggers take


def rotate() -> None:
    rotate_keys(dry_run=True)


def check() -> None:
    check_settings(None)
    check_site(None)
    check_keys_in_use(None, databases=["default"])


def read_settings() -> None:
    assert len(conf.fernet_keys) == 2


@pytest.mark.parametrize("act", [rotate, check, read_settings])
def test_no_frame_shows_a_key_whatever_strikes_wherever(
    fake: FakeSpotify, user: Any, evidence: Evidence, settings: Any, act: Callable[[], None]
) -> None:
    connect(user, fake)
    settings.SPOTIFY_SYNC_FERNET_KEYS = [Fernet.generate_key().decode(), FERNET_KEY]

    with striking_at(0, holding=FERNET_KEY) as lines:
        act()

    assert lines, "keys are held somewhere: they are compared, and seal"
    for number, line in enumerate(lines, start=1):
        with striking_at(number, holding=FERNET_KEY), pytest.raises(ZeroDivisionError) as struck:
            act()
        evidence.add(f"a report of what struck in {line}", told(struck.value))


# What can be printed, dumped or sent


@pytest.mark.parametrize("form", ["json", "jsonl", "xml", "python"])
def test_a_dump_of_the_database_holds_sealed_tokens_only(
    fake: FakeSpotify, user: Any, evidence: Evidence, form: str
) -> None:
    connect(user, fake)

    dumped = serializers.serialize(
        form, [*SpotifyToken.objects.all(), *SpotifyAccount.objects.all()]
    )

    evidence.add("dump", dumped)
    assert "spotify_sync.spotifytoken" in str(dumped)


def test_nothing_in_python_shows_what_it_holds(
    fake: FakeSpotify, user: Any, evidence: Evidence
) -> None:
    account = connect(user, fake)
    token = SpotifyToken.objects.get()
    with accounts.client_for(account) as client:
        client.get("/me")
        holders = [
            conf,
            Conf.all(),
            accounts.app(),
            token,
            token.unseal(),
            KeyRing([Secret(FERNET_KEY)]),
        ]
        for holder in [*holders, client, client.tokens, client._session, account, rotate_keys()]:
            evidence.add(f"repr of a {type(holder).__name__}", f"{holder!r} {holder!s}")
            evidence.add(f"vars of a {type(holder).__name__}", inside(holder))
            with suppress(Exception):  # whatever cannot be pickled
                evidence.add(f"pickle of a {type(holder).__name__}", pickle.dumps(holder))
    for secret in (token.unseal().access, accounts.app().client_secret):
        with pytest.raises(TypeError):
            pickle.dumps(secret)


def inside(holder: object, depth: int = 4) -> str:
    """Return the reprs of what an object holds, and of what that holds, as a collector would that follows them."""
    held = vars(holder) if hasattr(holder, "__dict__") else {}
    if depth == 0 or isinstance(holder, type):
        return repr(holder)
    return repr(held) + "".join(inside(value, depth - 1) for value in held.values())


def test_django_hides_our_secret_settings(fake: FakeSpotify, evidence: Evidence) -> None:
    shown = SafeExceptionReporterFilter().get_safe_settings()

    evidence.add("settings on Django's page", shown)
    assert {"SPOTIFY_SYNC_CLIENT_SECRET", "SPOTIFY_SYNC_FERNET_KEYS"} <= shown.keys()


@pytest.mark.parametrize("kind", [*errors()], ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_and_holds_words_only(kind: type[SpotifySyncError]) -> None:
    needed = {"retry_after": 1.0, "reason": "drift"}
    taken = inspect.signature(kind.__init__).parameters
    error = kind(**{name: value for name, value in needed.items() if name in taken})

    copied = pickle.loads(pickle.dumps(error))

    assert (type(copied), copied.args, vars(copied)) == (kind, error.args, vars(error))
    held = [*{**vars(error), "values": None}.values(), *error.values.values()]
    assert all(isinstance(one, str | int | float | bool | None) for one in held)
