"""Secrets that would be recognised anywhere, sent down every way there is, and then looked for everywhere.

They may stand in two places: the PKCE verifier in Redis, in the state it belongs to, and the tokens in the sealed
column, sealed.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib import admin
from django.contrib.auth import SESSION_KEY
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_spotify_sync import accounts, tasks
from django_spotify_sync.exceptions import SealingError
from django_spotify_sync.export import FORMATS
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.signals import account_disconnected, grant_lost
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.notices import warn_expiring_grants
from django_spotify_sync.upkeep.refreshing import refresh_tokens
from tests.celery_app import app as celery_app
from tests.kit.administering import MODELS
from tests.kit.browsing import JSON, begun, browser_of, consent
from tests.kit.canary import (
    BAD_KEY,
    CLIENT_SECRET,
    FERNET_KEY,
    SECRETS,
    VERIFIER,
    Evidence,
    leaks,
    watched_redis,
)
from tests.kit.concurrency import wait_until
from tests.kit.connecting import connect, let_pauses_end

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_search_finds_what_it_looks_for() -> None:
    for name, secret in SECRETS.items():
        assert leaks(f"a {secret} b") == [name]
        assert name in leaks(base64.b64encode(f"client:{secret}more".encode()).decode())
    assert leaks("FAKE CANARY") == []


FAULTS: list[dict[str, Any]] = [
    {"status": 400},
    {"status": 401},
    {"status": 403},
    {"status": 403, "body": "text"},
    {"status": 404},
    {"status": 429, "retry_after": 1},
    {"status": 500},
    {"status": 302, "headers": {"Location": "https://elsewhere.example/"}},
    {"html": True},
    {"cut": "json"},
    {"cut": True},
    {"reset": True},
]


@pytest.mark.timeout(180)  # every way there is takes its time
def test_nothing_shows_a_secret(
    fake: FakeSpotify,
    ada: Client,
    user: Any,
    other_user: Any,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
    evidence = Evidence()
    for name in (
        "",
        "django",
        "django.request",
        "celery",
        "kombu",
    ):  # which have levels of their own
        caplog.set_level(logging.DEBUG, name)

    with watched_redis() as said_to_redis, CaptureQueriesContext(connection):  # which logs them
        _connect_every_way(evidence, ada, other_user, fake)
        _sign_in_every_way(evidence, fake, settings)
        _sync_every_way(evidence, user, fake)
        _fail_with_the_tokens(evidence, user, fake, settings)
        _open_every_page(evidence, ada)
        _ask_every_command(evidence, settings)
        evidence.database()
        for run in SyncRun.objects.all():
            evidence.add("run", f"{run!r} {vars(run)!r}")
        _let_go(evidence, ada)

    evidence.logs(caplog.records)
    evidence.database()
    states = [line for line in said_to_redis if VERIFIER in line]
    for line in said_to_redis:
        evidence.add("Redis", line.replace(VERIFIER, "") if line in states else line)
    evidence.check()
    assert states
    assert all(
        " :1:spotify_sync:state:" in line.replace(settings.REDIS_PREFIX, " ") for line in states
    )
    names = {record.name.partition(".")[0] for record in caplog.records}
    assert {"django", "urllib3", "django_spotify_sync"} <= names, "the search was of all logs"
    assert any(record.name == "django.db.backends" for record in caplog.records)


def _connect_every_way(evidence: Evidence, ada: Client, other_user: Any, fake: FakeSpotify) -> None:
    def both(brought: Callable[[], dict[str, str]], client: Client = ada) -> None:
        evidence.answer(client.get("/spotify/callback/", brought()))
        evidence.answer(client.get("/spotify/callback/", brought(), headers=JSON))
        evidence.answer(client.post("/spotify/callback/", brought(), headers=JSON))
        evidence.answer(
            client.post("/spotify/callback/", brought(), "application/json", headers=JSON)
        )

    evidence.answer(ada.get("/spotify/auth/"))
    evidence.answer(ada.get("/spotify/auth/", headers=JSON))
    evidence.answer(ada.get("/spotify/auth/", {"redirect_uri": "https://evil.example"}))

    def begun_again() -> dict[str, str]:
        let_pauses_end()  # which a fault has asked for: nobody is sent to Spotify meanwhile
        return begun(ada)

    for path in ("/api/token", "/me"):
        for fault in FAULTS:
            scripted = fake.faults.add(path, times=None, **fault)
            both(begun_again)
            fake.faults.remove(scripted)
    let_pauses_end()
    both(lambda: begun(ada))
    assert SpotifyAccount.objects.connected().exists()
    grace = browser_of(other_user)
    both(lambda: begun(grace), grace)  # linked elsewhere
    both(lambda: begun(ada), grace)  # another browser
    used = begun(ada)
    both(lambda: used)  # replayed
    both(lambda: {"code": used["code"]})
    both(lambda: begun(ada) | {"state": used["code"]})
    both(lambda: begun(ada) | {"error": used["code"]})
    both(lambda: begun(ada) | {"code": used["code"]})
    both(lambda: begun(ada) | {"code": used["code"] + "\n\x00ü"})
    fake.allowlist = set()
    both(lambda: begun(ada))
    fake.allowlist = None
    fake.consent = "deny"
    both(lambda: begun(ada))
    fake.consent = "auto"
    both(lambda: begun(ada))


def _sign_in_every_way(evidence: Evidence, fake: FakeSpotify, settings: Any) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "django_spotify_sync.backends.SpotifyBackend",
    ]

    def sign_in(**changed: str) -> bool:
        for accept in ({}, JSON):
            nobody = browser_of()
            let_pauses_end()  # which a fault has asked for
            began = evidence.answer(nobody.post("/spotify/login/", headers=accept))
            address = began["Location"] if not accept else began.json()["authorize_url"]
            brought = consent(address) | changed
            evidence.answer(nobody.get("/spotify/callback/", brought, headers=accept))
            evidence.answer(nobody.post("/spotify/callback/", brought, headers=JSON))
            evidence.add("session", dict(nobody.session))
        return SESSION_KEY in nobody.session

    for path in ("/api/token", "/me"):
        for fault in FAULTS:
            scripted = fake.faults.add(path, times=None, **fault)
            sign_in()
            fake.faults.remove(scripted)
    assert sign_in()
    sign_in(state="nobody's")
    sign_in(code="another's")
    settings.SPOTIFY_SYNC_GET_USER = lambda profile, request: None
    sign_in()
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = False


def _ask_every_command(evidence: Evidence, settings: Any) -> None:
    newer = Fernet.generate_key().decode()
    for keys in ([FERNET_KEY], [newer, FERNET_KEY], [newer], [BAD_KEY]):
        settings.SPOTIFY_SYNC_FERNET_KEYS = keys
        for command in (
            *("spotify_status", "spotify_rotate_keys --dry-run", "spotify_refresh_tokens"),
            *("spotify_sync --all --dry-run", "spotify_sync --all", "spotify_prune", "check"),
            *("spotify_export --user ada", "spotify_export --user ada --as=exportify"),
        ):
            out = io.StringIO()
            with suppress(CommandError, SystemExit, SealingError):
                call_command(*command.split(), stdout=out, stderr=out)
            evidence.add(command, out.getvalue())
    settings.SPOTIFY_SYNC_FERNET_KEYS = [FERNET_KEY]


def _let_go(evidence: Evidence, ada: Client) -> None:
    heard: list[str] = []

    def hear(**arguments: Any) -> None:
        heard.append(f"{arguments!r} {vars(arguments['account'])!r}")

    account_disconnected.connect(hear)
    evidence.answer(ada.post("/spotify/disconnect/"))
    account_disconnected.disconnect(hear)
    assert len(heard) == 1
    evidence.add("signal", heard)
    evidence.answer(ada.get("/spotify/account/"))
    evidence.answer(ada.post("/spotify/refresh/"))
    evidence.answer(ada.get("/spotify/callback/", begun(ada)))
    SpotifyAccount.objects.get().user.delete()


def _sync_every_way(evidence: Evidence, user: Any, fake: FakeSpotify) -> None:
    account = SpotifyAccount.objects.get(user=user)
    fake.expire_access_tokens()
    sync(account, "tracks", full=True)
    for path in ("/me/tracks", "/api/token"):
        for fault in FAULTS:
            fake.expire_access_tokens()
            scripted = fake.faults.add(path, times=None, **fault)
            SyncRun.objects.live().update(finished_at=account.authorized_at)
            run = sync(account, "tracks", full=True)
            evidence.add("run", f"{run!r} {run.error_detail}")
            fake.faults.remove(scripted)
            SpotifyAccount.objects.update(status="connected")
    SyncRun.objects.live().update(finished_at=account.authorized_at)


def _fail_with_the_tokens(evidence: Evidence, user: Any, fake: FakeSpotify, settings: Any) -> None:
    account = SpotifyAccount.objects.get(user=user)

    def ask() -> None:
        with accounts.client_for(account) as client:
            client.get("/me")

    for path in ("/me", "/api/token"):
        for fault in FAULTS:
            fake.expire_access_tokens()
            scripted = fake.faults.add(path, times=None, **fault)
            evidence.error(ask)
            fake.faults.remove(scripted)
    for keys in ([], [BAD_KEY], [BAD_KEY, FERNET_KEY], ["A" * 43 + "="]):
        settings.SPOTIFY_SYNC_FERNET_KEYS = keys
        evidence.error(ask)
        evidence.error(lambda: accounts.refresh(account))
    settings.SPOTIFY_SYNC_FERNET_KEYS = [FERNET_KEY]
    token = SpotifyToken.objects.get(account=account)
    evidence.add("repr", f"{token!r} {vars(token)!r} {token.unseal()!r} {accounts.app()!r}")
    token.account.spotify_id = "somebody else"
    evidence.error(token.unseal)
    _lose_the_grant(evidence, account, fake)
    settings.SPOTIFY_SYNC_CLIENT_SECRET = CLIENT_SECRET + "-wrong"
    evidence.error(lambda: accounts.refresh(account))
    settings.SPOTIFY_SYNC_CLIENT_SECRET = CLIENT_SECRET
    fake.stop()
    evidence.error(ask)
    fake.start()


def _lose_the_grant(evidence: Evidence, account: SpotifyAccount, fake: FakeSpotify) -> None:
    """Refused, looked at again, and lost, by every door; and looked at by a round in which everything goes wrong."""
    told_of: list[str] = []

    def hear(**arguments: Any) -> None:
        told_of.append(f"{arguments!r} {vars(arguments['account'])!r}")

    grant_lost.connect(hear)
    browser = browser_of(account.user)
    long_ago = timezone.now() - timedelta(days=2)
    fake.refuse_grants()
    evidence.answer(browser.post("/spotify/refresh/"))
    evidence.error(lambda: accounts.refresh(account))
    evidence.answer(browser.get("/spotify/account/"))
    for fault in FAULTS:
        SpotifyAccount.objects.update(
            status="suspect", status_changed_at=long_ago, judge_at=long_ago
        )
        scripted = fake.faults.add("/api/token", times=None, **fault)
        evidence.answer(browser.post("/spotify/refresh/"))
        evidence.add("round", repr(refresh_tokens()))
        fake.faults.remove(scripted)
    evidence.error(lambda: accounts.refresh(account))
    grant_lost.disconnect(hear)
    assert len(told_of) == 1
    evidence.add("signal", told_of)
    fake.accept_grants()
    SpotifyAccount.objects.update(status="connected")
    SpotifyToken.objects.update(refreshed_at=long_ago)
    evidence.add("round", repr(refresh_tokens()))
    evidence.add("notices", repr(warn_expiring_grants()))


def _open_every_page(evidence: Evidence, ada: Client) -> None:
    lists = ("tracks", "playlists", "following")
    for url in ("account", "syncs", "changes", *lists, f"syncs/{SyncRun.objects.latest('pk').pk}"):
        evidence.answer(ada.get(f"/spotify/{url}/"))
    evidence.answer(ada.get("/spotify/tracks/contains/", {"ids": "FAKE"}))
    for name in FORMATS:
        evidence.answer(ada.get("/spotify/export/", {"as": name}))
        evidence.answer(ada.get("/spotify/export/", {"as": name, "resource": "tracks"}))
    evidence.answer(ada.post("/spotify/sync/"))
    for name in lists:
        evidence.answer(ada.post(f"/spotify/sync/{name}/"))
    boss = SpotifyAccount.objects.get().user
    boss.is_staff = boss.is_superuser = True
    boss.save()
    staff = browser_of(boss)
    evidence.answer(staff.get(reverse("admin:spotify_sync_status_changelist")))
    for model in MODELS:
        name = f"admin:spotify_sync_{model._meta.model_name}"
        evidence.answer(staff.get(reverse(f"{name}_changelist")))
        for row in model._default_manager.all()[:5]:
            evidence.answer(staff.get(reverse(f"{name}_change", args=[row.pk])))
    accounts_list = reverse("admin:spotify_sync_spotifyaccount_changelist")
    for action in admin.site._registry[SpotifyAccount].actions:
        name = getattr(action, "__name__", action)
        chosen = {"action": name, "_selected_action": boss.spotify_account.pk, "confirmed": "yes"}
        if "disconnect" not in name:  # which is done later
            evidence.answer(staff.post(accounts_list, chosen, follow=True))


# Tasks


@pytest.fixture
def eager() -> Iterator[None]:
    """Let tasks run at once, in this process."""
    celery_app.conf.task_always_eager = True
    yield
    celery_app.conf.task_always_eager = False


def test_the_log_of_no_task_shows_a_secret(
    fake: FakeSpotify,
    user: Any,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    eager: None,
) -> None:
    """Each task, as it goes well, has to wait, and fails."""
    for name in ("", "celery", "celery.app.trace"):
        caplog.set_level(logging.DEBUG, name)
    evidence = Evidence()
    account = connect(user, fake)
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(0)
    fake.faults.add("/me/playlists", status=403, times=None)
    fake.faults.add("/me/following", status=429, retry_after=3600)

    SyncState.objects.filter(resource="tracks").update(next_sync_at=timezone.now())
    SyncState.objects.exclude(resource="tracks").update(next_sync_at=None)
    tasks.sync_due_accounts.apply()
    for resource in ("playlists", "following"):
        tasks.sync_account.apply(kwargs={"account_id": account.pk, "resource": resource})
    fake.revoke()
    SpotifyToken.objects.update(refreshed_at=timezone.now() - timedelta(days=2))
    for task in (tasks.refresh_expiring_tokens, tasks.warn_expiring_grants, tasks.prune):
        task.apply()
    tasks.sync_account.apply(kwargs={"account_id": account.pk, "resource": "tracks"})

    ends = dict(SyncRun.objects.values_list("resource", "status"))
    assert ends == {"tracks": "succeeded", "playlists": "failed", "following": "waiting"}
    evidence.logs(caplog.records)
    loggers = {record.name for record in caplog.records}
    assert loggers >= {
        "celery.app.trace",
        "django_spotify_sync.sync",
        "django_spotify_sync.upkeep.pruning",
    }
    [key] = settings.SPOTIFY_SYNC_FERNET_KEYS
    evidence.check(key=key, secret=fake.client_secret)


# Another process


def test_a_worker_is_told_nothing_and_tells_nothing(
    spotify: FakeSpotify,
    user: Any,
    settings: Any,
    celery_worker_process: Any,
    tmp_path: Path,
) -> None:
    evidence = Evidence()
    account = connect(user, spotify)
    spotify.expire_access_tokens()
    spotify.faults.add("/me/tracks", offset=50, status=500, times=2)

    with watched_redis() as said_to_redis:
        runs = []
        for _ in range(2):  # the second finds its grant revoked
            run = request_sync(account, "tracks")
            tasks.queue(run)
            ended = SyncRun.objects.filter(pk=run.pk, status__in=("succeeded", "waiting"))
            wait_until(ended.first)
            runs.append(SyncRun.objects.get(pk=run.pk))
            spotify.revoke()
            spotify.expire_access_tokens()

    assert [(run.status, run.reason) for run in runs] == [("succeeded", ""), ("waiting", "suspect")]
    assert any("django_spotify_sync.sync_account" in line for line in said_to_redis)
    for line in said_to_redis:
        evidence.add("Redis", line)
    evidence.add("the worker's log", (tmp_path / "worker.log").read_text())
    evidence.database()
    [key] = settings.SPOTIFY_SYNC_FERNET_KEYS
    evidence.check(key=key, secret=spotify.client_secret)
