"""What the how-to pages show to be copied does what they say."""

from __future__ import annotations

import json
import logging.config
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import AsyncRequestFactory, RequestFactory

from django_spotify_sync.models import Playlist, SpotifyAccount, SyncRun
from django_spotify_sync.sync import execute, sync
from tests.kit.connecting import connect
from tests.kit.documentation import DOCS, code_blocks
from tests.whole.test_front_page import typed

pytestmark = pytest.mark.django_db(transaction=True)


def copied(page: str, *, which: str = "") -> dict[str, Any]:
    """Return what a page's Python defines; of all blocks, or of those with a text in them."""
    said: dict[str, Any] = {}
    for block in code_blocks((DOCS / page).read_text(), "python"):
        if which in block:
            exec(block, said)
    return said


def asked_by(user: Any) -> Any:
    """Return a request as an async view gets it."""

    async def auser() -> Any:
        return user

    request = AsyncRequestFactory().get("/")
    request.auser = auser
    return request


# Async views


@pytest.fixture
def page() -> dict[str, Any]:
    return copied("how-to/async-views.md")


def test_an_async_view_reads_the_library(page, spotify, user):
    sync(connect(user, spotify), "tracks")

    answer = async_to_sync(page["latest"])(asked_by(user))

    assert len(json.loads(answer.content)["names"]) == 20


def test_an_async_view_asks_for_a_sync(page, spotify, user):
    connect(user, spotify)

    answer = async_to_sync(page["bring_up_to_date"])(asked_by(user))

    runs = SyncRun.objects.filter(pk__in=json.loads(answer.content)["runs"])
    assert {run.status for run in runs} == {"queued"}
    assert len(runs) == 5


def test_a_user_who_never_connected_asks_for_nothing(page, user):
    answer = async_to_sync(page["bring_up_to_date"])(asked_by(user))

    assert json.loads(answer.content) == {"runs": []}


def test_progress_is_sent_until_a_run_has_ended(page, spotify, user, other_user):
    run = sync(connect(user, spotify), "tracks")

    async def told(to: Any) -> list[bytes]:
        answer = await page["progress"](asked_by(to), run.pk)
        return [part async for part in answer.streaming_content]

    [line] = async_to_sync(told)(user)
    assert json.loads(line.removeprefix(b"data: ")) == {
        "done": 120,
        "total": 120,
        "status": "succeeded",
    }
    assert async_to_sync(told)(other_user) == []


def test_a_client_is_asked_from_async_code(page, spotify, user):
    account = connect(user, spotify)

    assert async_to_sync(page["profile_of"])(account)["id"] == spotify.user.id


# Views and templates


def test_a_playlist_is_a_page_with_numbered_items(spotify, user):
    said = copied("how-to/views.md", which="def playlist_page")
    sync(connect(user, spotify), "playlists")
    shown: dict[str, Any] = {}

    def render(request: Any, template: str, context: dict[str, Any]) -> HttpResponse:
        shown.update(context)
        return HttpResponse()

    said["render"] = render
    mine = Playlist.objects.for_user(user).first()
    request = RequestFactory().get("/")
    request.user = user
    assert said["playlist_page"](request, mine.spotify_id).status_code == 200

    assert [item.place for item in shown["items"]] == list(range(len(shown["page"])))
    assert shown["items"]


# Remove it again


def test_everybody_is_disconnected(spotify, user):
    sync(connect(user, spotify), "tracks")

    copied("how-to/remove.md")["disconnect_everybody"]()

    assert not SpotifyAccount.objects.exists()


# curl


def test_curl_goes_from_nothing_to_tracks(spotify, live_server, tmp_path: Path, django_user_model):
    """With a session. The command beside it is done here, since it would need a process of its own."""
    django_user_model.objects.create_superuser("ada", password="ada")
    blocks = [
        typed(block) for block in code_blocks((DOCS / "how-to/curl.md").read_text(), "console")
    ]
    (site,), sign_in, connecting, ask, _, look, read = blocks[:7]
    address = live_server.url.replace("localhost", "127.0.0.1")
    site = site.replace("http://127.0.0.1:8000", address)

    def run(lines: list[str]) -> list[dict[str, Any]]:
        """Return the JSON that was answered."""
        done = subprocess.run(
            ["bash", "-euc", "\n".join([site, sign_in[0], *lines])],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PASSWORD": "ada"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = []
        rest = done.stdout.strip()
        while rest:
            one, end = json.JSONDecoder().raw_decode(rest)
            found.append(one)
            rest = rest[end:].strip()
        return found

    nobody, account, queued = run([*sign_in[1:], *connecting, *ask])
    assert nobody["code"] == "not_connected"
    assert account["status"] == "connected"
    assert queued["status"] == "queued"
    execute(queued["id"])
    ended, tracks = run([line.replace("/1/", f"/{queued['id']}/") for line in [*look, *read]])
    assert (ended["status"], ended["done"]) == ("succeeded", 120)
    assert len(tracks["results"]) == 50


# Logs that a collector reads


def test_each_record_of_a_run_is_a_line_of_json(spotify, user, caplog):
    caplog.set_level(logging.INFO, "django_spotify_sync")
    formatter = copied("how-to/monitor.md", which="class JSONFormatter")["JSONFormatter"]()
    run = sync(connect(user, spotify), "tracks")

    lines = [formatter.format(record) for record in caplog.records if hasattr(record, "run")]

    said = [json.loads(line) for line in lines]
    assert all("\n" not in line for line in lines)
    assert {(line["run"], line["account"], line["resource"]) for line in said} == {
        (run.pk, run.account_id, "tracks")
    }
    last = said[-1]
    assert (last["mode"], last["requests"], last["level"]) == ("full", run.requests, "INFO")
    assert last["seconds"] > 0
    assert "succeeded" in last["message"]


def test_the_settings_of_the_recipe_configure_the_logger(monkeypatch, capsys):
    said = copied("how-to/monitor.md", which="class JSONFormatter")
    monkeypatch.setitem(sys.modules, "project", types.ModuleType("project"))
    logs = types.ModuleType("project.logs")
    logs.JSONFormatter = said["JSONFormatter"]
    sys.modules["project"].logs = logs
    monkeypatch.setitem(sys.modules, "project.logs", logs)
    logger = logging.getLogger("django_spotify_sync")
    before = (logger.handlers, logger.level, logger.propagate)

    try:
        logging.config.dictConfig(copied("how-to/monitor.md", which="LOGGING = ")["LOGGING"])
        raise_and_log(logging.getLogger("django_spotify_sync.sync"))
    finally:
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])

    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["level"], line["run"]) == ("failed", "ERROR", 17)
    assert line["traceback"].endswith("ValueError: why")
    assert "mode" not in line


def raise_and_log(logger: logging.Logger) -> None:
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("failed", extra={"run": 17})
