"""The REST door to exports: a file, streamed, of the user's own library."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.export import FORMATS, library
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from tests.kit.api import EXPORT
from tests.kit.browsing import browser_of
from tests.kit.exports import exported, fill, list_of
from tests.kit.libraries import account_of, own, put, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources", "as_often")]


@pytest.fixture
def as_often(settings: Any) -> None:
    """Let files be asked for as often as a test likes."""
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}


@pytest.fixture
def filled(account: SpotifyAccount) -> SpotifyAccount:
    fill(account)
    return account


def content(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    assert response.streaming
    return b"".join(response.streaming_content)


def file_name(response: Any) -> str:
    """Read the name as browsers do (RFC 6266): the encoded one if there is one."""
    header: str = response["Content-Disposition"]
    kind, _, name = header.partition("; ")
    assert kind == "attachment"
    if name.startswith("filename*=utf-8''"):
        return unquote(name.removeprefix("filename*=utf-8''"))
    return str(name.removeprefix('filename="').removesuffix('"'))


@pytest.mark.parametrize(
    ("query", "name", "content_type"),
    [
        ({}, "spotify_library.jsonl", "application/x-ndjson; charset=utf-8"),
        ({"as": "spotify-backup"}, "spotify_backup.json", "application/json; charset=utf-8"),
        ({"as": "exportify", "resource": "tracks"}, "liked.csv", "text/csv; charset=utf-8"),
        ({"as": "m3u8", "playlist": "L1"}, "mix_тест.m3u8", "audio/x-mpegurl; charset=utf-8"),
        ({"as": "uris", "resource": "albums"}, "albums.txt", "text/plain; charset=utf-8"),
        (
            {"as": "exportify-net", "resource": "playlists"},
            "spotify_playlists.zip",
            "application/zip",
        ),
        (
            {"as": "exportify-net", "resource": "playlists", "playlist": "L1"},
            "Mix_тест.csv",
            "text/csv; charset=utf-8",
        ),
    ],
)
def test_a_file_is_streamed(
    ada: Client, filled: SpotifyAccount, query: dict[str, str], name: str, content_type: str
) -> None:
    answer = ada.get(EXPORT, query)

    assert (file_name(answer), answer["Content-Type"]) == (name, content_type)
    assert "no-store" in answer["Cache-Control"]
    options = {key: value for key, value in query.items() if key != "as"}
    if options.pop("playlist", None):
        options = {"playlist": "L1"}
    wanted = exported(filled, query.get("as", "jsonl"), **options)
    assert len(content(answer)) == len(wanted)  # a zip has the time in it


def test_cells_are_defused_where_that_is_asked_for(ada: Client, filled: SpotifyAccount) -> None:
    query = {"as": "exportify", "resource": "tracks"}

    for plain in ({}, {"safe": ""}, {"safe": "0"}, {"safe": "false"}):
        assert b'"=Say' in content(ada.get(EXPORT, query | plain))
    for safe in ("1", "true"):
        assert b"\"'=Say" in content(ada.get(EXPORT, query | {"safe": safe}))


def test_a_zip_has_a_file_a_list(ada: Client, filled: SpotifyAccount) -> None:
    list_of(filled, "L3", "///")
    answer = ada.get(EXPORT, {"as": "uris", "resource": "playlists"})

    archive = zipfile.ZipFile(io.BytesIO(content(answer)))

    assert archive.namelist() == ["mix_тест.txt", "mix_тест (1).txt", "_.txt"]
    assert archive.read("mix_тест (1).txt") == b""


def test_a_name_breaks_out_of_no_header(ada: Client, account: SpotifyAccount) -> None:
    list_of(account, "L9", 'a"; filename="b.exe\r\nX-Evil: 1')

    answer = ada.get(EXPORT, {"as": "uris", "playlist": "L9"})

    assert file_name(answer) == "a_filename_b_exe_x-evil_1.txt"
    assert "X-Evil" not in answer


MUSIC = "There is: tracks, playlists."


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ({"as": "xml"}, "as", "There is: jsonl, exportify, exportify-net, spotify-backup, uris, m3u8."),
        ({"as": "exportify"}, "resource", MUSIC),
        ({"as": "exportify", "resource": "albums"}, "resource", MUSIC),
        ({"as": "exportify", "resource": "songs"}, "resource", MUSIC),
        ({"as": "m3u8", "resource": "following"}, "resource", "There is: tracks, playlists, episodes."),
        ({"as": "spotify-backup", "resource": "shows"}, "resource", "There is: tracks, playlists, albums."),
        ({"resource": "tracks", "playlist": "L1"}, "resource", "There is: playlists."),
        ({"safe": "perhaps"}, "safe", "Must be a valid boolean."),
        ({"playlist": "a\0b"}, "playlist", "Null characters are not allowed."),
    ],
)  # fmt: skip
def test_what_makes_no_file_is_answered_with_what_does(
    ada: Client, filled: SpotifyAccount, query: dict[str, str], parameter: str, words: str
) -> None:
    answer = ada.get(EXPORT, query)

    assert answer.status_code == 400
    assert answer.json() == {"code": "invalid", "detail": {parameter: [words]}}


def test_a_parameter_that_there_is_not(ada: Client, account: SpotifyAccount) -> None:
    answer = ada.get(EXPORT, {"format": "json", "resources": "tracks"})

    assert answer.status_code == 400
    assert answer.json() == {
        "code": "unknown_parameter",
        "detail": "There is no parameter resources here; there are: as, resource, playlist, safe.",
    }


def test_a_resource_that_the_site_does_not_sync_is_none(
    ada: Client, filled: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    for query in ({"resource": "episodes"}, {"playlist": "L1"}):
        assert ada.get(EXPORT, query).status_code == 400
    # what is held of it is the user's still
    kinds = {json.loads(line)["kind"] for line in content(ada.get(EXPORT)).splitlines()}
    assert {"track", "playlist", "episode", "audiobook"} <= kinds


def test_a_list_of_others_is_none(ada: Client, account: SpotifyAccount, other_user: Any) -> None:
    theirs = put(own(account_of(other_user, "grace"))).playlist

    for spotify_id in (theirs.spotify_id, "nothing"):
        for name in FORMATS:
            answer = ada.get(EXPORT, {"as": name, "playlist": spotify_id})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_who_never_connected_has_nothing_to_export(grace: Client) -> None:
    answer = grace.get(EXPORT)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")


def test_ten_files_an_hour(ada: Client, filled: SpotifyAccount, settings: Any) -> None:
    del settings.SPOTIFY_SYNC_THROTTLE_RATES

    statuses = [ada.get(EXPORT).status_code for _ in range(11)]

    assert statuses == [200] * 10 + [429]
    answer = ada.get(EXPORT)
    assert answer.json()["code"] == "throttled"
    assert 60 < int(answer["Retry-After"]) <= 3600


def test_the_log_says_who_exports_what_and_nothing_of_it(
    ada: Client, filled: SpotifyAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "django_spotify_sync")

    content(ada.get(EXPORT, {"as": "exportify", "resource": "tracks"}))
    ada.get(EXPORT, {"as": "exportify"})

    [record] = [one for one in caplog.records if one.name.startswith("django_spotify_sync")]
    assert record.name == "django_spotify_sync.export"
    assert record.getMessage() == f"account {filled.pk}: exports tracks as exportify"


def test_nothing_is_read_before_it_is_sent(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "CHUNK", 2)
    for _ in range(9):
        save(account)
    with CaptureQueriesContext(connection) as first:
        answer = ada.get(EXPORT, {"resource": "tracks"})
    with CaptureQueriesContext(connection) as then:
        content(answer)

    assert not any("savedtrack" in query["sql"] for query in first)
    assert sum("savedtrack" in query["sql"] for query in then) == 6


@pytest.mark.django_db(transaction=True)
def test_no_transaction_of_the_host_is_open_for_as_long_as_a_client_reads(
    ada: Client, filled: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    answer = ada.get(EXPORT)

    for part in answer.streaming_content:
        assert part
        assert not transaction.get_connection().in_atomic_block


class Away(Exception):
    """What a database raises that goes away."""


@pytest.fixture
def breaking(account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch) -> SpotifyAccount:
    """Give an account whose library can be read up to its second chunk."""
    for _ in range(1200):
        SavedTrack.objects.create(account=account, spotify_id="x", rank=1)
    pages = library.in_chunks

    def broken(*args: Any, **options: Any) -> Any:
        yield next(pages(*args, **options))
        raise Away

    monkeypatch.setattr(library, "in_chunks", broken)
    return account


def test_a_database_that_goes_away_is_no_end_of_a_file(ada: Client, breaking: Any) -> None:
    answer = ada.get(EXPORT, {"resource": "tracks"})
    parts = iter(answer.streaming_content)

    assert next(parts)
    with pytest.raises(Away):
        list(parts)


# Under ASGI


def asgi(user: Any, query: str = "") -> list[dict[str, Any]]:
    """Ask an ASGI server's application, and return all that it sends; what it raises is raised here."""

    async def ask() -> list[dict[str, Any]]:
        scope = {
            "type": "http",
            "method": "GET",
            "path": EXPORT,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())],
        }
        communicator = ApplicationCommunicator(get_asgi_application(), scope)
        await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
        while not sent or sent[-1]["type"] == "http.response.start" or sent[-1].get("more_body"):
            sent.append(await communicator.receive_output(timeout=60))
        await communicator.wait(timeout=60)
        return sent

    sent: list[dict[str, Any]] = []
    cookie = f"sessionid={browser_of(user).cookies['sessionid'].value}"
    try:
        return async_to_sync(ask)()
    except Away:
        return sent


@pytest.mark.django_db(transaction=True)
def test_an_asgi_server_gets_one_part_after_the_other(user: Any, filled: SpotifyAccount) -> None:
    """Warnings are errors here: Django's about an iterator that it would have to hold in memory is one."""
    for _ in range(700):
        SavedTrack.objects.create(account=filled, spotify_id="x", rank=1)

    start, *parts, last = asgi(user)

    assert start["status"] == 200
    assert len(parts) > 1
    assert b"".join(part["body"] for part in parts) == exported(filled, "jsonl")
    assert last == {"type": "http.response.body"}


@pytest.mark.django_db(transaction=True)
def test_under_asgi_a_cut_is_no_end_of_a_file(user: Any, breaking: Any) -> None:
    start, *parts = asgi(user, "resource=tracks")

    assert start["status"] == 200
    assert parts
    assert all(part["more_body"] for part in parts)
