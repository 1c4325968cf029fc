"""The command spotify_export."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.export import FORMATS, library
from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported, fill
from tests.kit.libraries import account_of, own

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def filled(user: Any, settings: Any) -> SpotifyAccount:
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)
    account = account_of(user, "ada")
    fill(account)
    return account


def run(*arguments: str, out: Any = None, err: Any = None) -> str:
    out = out or io.StringIO()
    arguments = ("--user=ada", *arguments)
    call_command("spotify_export", *arguments, stdout=out, stderr=err or io.StringIO())
    return out.getvalue() if isinstance(out, io.StringIO) else ""


def as_binary() -> io.TextIOWrapper:
    """Return what standard output is: text over bytes."""
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def test_everything_goes_to_standard_output(filled: SpotifyAccount) -> None:
    assert run().encode() == exported(filled, "jsonl")


@pytest.mark.parametrize(
    ("arguments", "name", "options"),
    [
        (["--as=spotify-backup"], "spotify-backup", {}),
        (["--as=exportify", "--resource=tracks"], "exportify", {"resource": "tracks"}),
        (["--as=exportify-net", "--playlist=L1"], "exportify-net", {"playlist": "L1"}),
        (["--as=m3u8", "--playlist=L1", "--resource=playlists"], "m3u8", {"playlist": "L1"}),
        (
            ["--as=exportify", "--resource=tracks", "--safe", "--output=-"],
            "exportify",
            {"resource": "tracks", "safe": True},
        ),
    ],
)
def test_what_is_written_is_what_rest_sends(
    filled: SpotifyAccount, arguments: list[str], name: str, options: dict[str, Any]
) -> None:
    out = as_binary()  # in whose encoding no name can be written

    run(*arguments, out=out)

    assert out.buffer.getvalue() == exported(filled, name, **options)
    assert run(*arguments).encode() == exported(filled, name, **options)


def test_a_zip_goes_where_bytes_can_go(
    filled: SpotifyAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, target = as_binary(), tmp_path / "lists.zip"
    arguments = ("--as=exportify", "--resource=playlists")

    run(*arguments, out=out)
    run(*arguments, f"--output={target}")

    for file in (io.BytesIO(out.buffer.getvalue()), target):
        assert zipfile.ZipFile(file).namelist() == ["mix_тест.csv", "mix_тест (1).csv"]
    terminal, text = as_binary(), io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    for nowhere, words in ((terminal, "for a terminal"), (text, "for a text")):
        with pytest.raises(CommandError, match=f"{words}: name a file with --output"):
            run(*arguments, out=nowhere)
    assert (terminal.buffer.getvalue(), text.getvalue()) == (b"", "")


def test_a_file_is_there_when_it_is_whole(
    filled: SpotifyAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "ada.jsonl"
    target.write_text("before")

    run("--output", str(target))
    assert target.read_bytes() == exported(filled, "jsonl")
    assert target.stat().st_mode & 0o777 == 0o600

    def away(*args: Any, **options: Any) -> Any:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(library, "in_chunks", away)
    whole = target.read_bytes()
    with pytest.raises(CommandError, match="the database is away"):
        run("--output", str(target))
    assert target.read_bytes() == whole
    assert os.listdir(tmp_path) == ["ada.jsonl"]


def test_a_link_stays_one(filled: SpotifyAccount, tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(target)

    run("--output", str(link))

    assert link.is_symlink()
    assert target.read_bytes() == exported(filled, "jsonl")


def test_what_is_no_file_is_written_to_and_not_replaced(filled: SpotifyAccount) -> None:
    run("--output", os.devnull)

    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("output", ["nowhere/ada.jsonl", "."])
def test_where_no_file_can_be_is_said(
    filled: SpotifyAccount, tmp_path: Path, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CommandError, match=f"^{output}: .*directory"):
        run("--output", output)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as=xml"], "There is no format 'xml'; there are: jsonl, exportify"),
        (["--as=exportify"], r"exportify holds one list .* \(tracks, playlists\) or --playlist"),
        (["--as=m3u8", "--resource=shows"], "no m3u8 of 'shows' here; .* tracks, playlists, epi"),
        (["--resource=songs"], "no jsonl of 'songs' here"),
        (["--resource=tracks", "--playlist=L1"], "leave --resource out"),
        (["--playlist=L7"], "There is no playlist 'L7' in this library"),
        (["--user=nobody"], "There is no user 'nobody'"),
    ],
)
def test_what_makes_no_file_is_said(
    filled: SpotifyAccount, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_a_list_of_others_is_none(filled: SpotifyAccount, other_user: Any) -> None:
    theirs = own(account_of(other_user, "grace"))

    with pytest.raises(CommandError, match="There is no playlist"):
        run(f"--playlist={theirs.spotify_id}")


def test_a_user_without_spotify_and_a_resource_that_is_not_synced(
    filled: SpotifyAccount, other_user: Any, settings: Any
) -> None:
    with pytest.raises(CommandError, match="has not connected Spotify"):
        run("--user=grace")
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "albums"]
    with pytest.raises(CommandError, match=r"--resource: tracks, albums\."):
        run("--resource=shows")


def test_a_terminal_shows_how_far_it_is(filled: SpotifyAccount, tmp_path: Path) -> None:
    terminal, log = Terminal(), io.StringIO()

    run(err=terminal)
    run(err=log)

    rows = len(exported(filled, "jsonl").splitlines())
    assert terminal.getvalue().startswith(f"\rada [{'·' * 30}] 0/{rows} rows\033[K")
    assert terminal.getvalue().endswith(f"\rada [{'█' * 30}] {rows}/{rows} rows\033[K\n")
    assert log.getvalue() == ""


def test_a_terminal_shows_an_empty_library_too(user: Any, settings: Any) -> None:
    account_of(user, "ada")
    terminal = Terminal()

    run(err=terminal)

    assert f"[{'█' * 30}] 0/0 rows" in terminal.getvalue()


def test_every_format_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("spotify_export", "--help")

    said = " ".join(capsys.readouterr().out.split())
    assert ", ".join(FORMATS) in said.replace("exportify- net", "exportify-net")
