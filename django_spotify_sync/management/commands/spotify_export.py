"""spotify_export: a user's library as a file that other programs read."""

from __future__ import annotations

import io
import os
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    OutputWrapper,
    no_translations,
)

from django_spotify_sync.conf import conf
from django_spotify_sync.export import (
    DEFAULT,
    FORMATS,
    File,
    begin_export,
    makes_file,
    playlist_of,
)
from django_spotify_sync.management.progress import Bar
from django_spotify_sync.management.users import account_of
from django_spotify_sync.models import AccountPlaylist, SpotifyAccount
from django_spotify_sync.models.runs import Resource

type Write = Callable[[bytes], object]


class Command(BaseCommand):
    help = "Write the library of a user, or a part of it, as a file that other programs read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME", help="a user name")
        parser.add_argument(
            "--as", dest="format", default=DEFAULT, metavar="FORMAT", help=", ".join(FORMATS)
        )
        parser.add_argument(
            "--resource", metavar="RESOURCE", help="this resource only: tracks, playlists …"
        )
        parser.add_argument(
            "--playlist", metavar="ID", help="this playlist only, by its Spotify id"
        )
        parser.add_argument(
            "--output", default="-", metavar="FILE", help="a file; standard output if left out"
        )
        parser.add_argument(
            "--safe", action="store_true", help="defuse cells that a spreadsheet would run"
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        name, resource = options["format"], options["resource"]
        if name not in FORMATS:
            raise CommandError(f"There is no format {name!r}; there are: {', '.join(FORMATS)}.")
        if options["playlist"]:
            resource = _only_playlists(resource)
        _ensure_made(name, resource)
        account = account_of(options["user"])
        playlist = _playlist_of(account, options["playlist"]) if options["playlist"] else None
        progress = _Progress(self.stderr, str(account.user))
        file = begin_export(
            account,
            name,
            resource=resource,
            playlist=playlist,
            safe=options["safe"],
            watch=progress.add,
        )
        progress.begin(file)
        try:
            with self._opened(options["output"], file) as write:
                for part in file.parts:
                    write(part)
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror or error}") from error
        finally:
            progress.close()

    def _opened(self, output: str, file: File) -> Any:
        return _standard_output(self.stdout, file) if output == "-" else _file(Path(output))


class _Progress(Bar):
    """How many of a file's rows were read."""

    _done = 0
    _total = 0

    def begin(self, file: File) -> None:
        if self._is_terminal:
            self._total = file.library.total()
            self.add(0)

    def add(self, rows: int) -> None:
        self._done += rows
        share = min(1.0, self._done / self._total) if self._total else 1.0
        self.draw(share, f"{self._done}/{self._total} rows")


@contextmanager
def _standard_output(out: OutputWrapper, file: File) -> Iterator[Write]:
    """:raises CommandError: if it is a terminal, and the file is no text."""
    is_text = not file.name.endswith(".zip")
    if not is_text and out.isatty():
        raise CommandError("A zip is nothing for a terminal: name a file with --output.")
    binary = getattr(out, "buffer", None)
    if binary is not None:
        out.flush()
        yield binary.write
        binary.flush()
    elif is_text:  # what a caller of this command reads is text
        yield lambda part: out.write(part.decode(), ending="")
    else:
        raise CommandError("A zip is nothing for a text: name a file with --output.")


@contextmanager
def _file(path: Path) -> Iterator[Write]:
    """Give what writes to a file beside ``path``, which takes its place when it is whole.

    It is its owner's alone to read: it is one person's library.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():  # /dev/null, a pipe
        with path.open("wb") as target:
            yield target.write
        return
    number, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    try:
        with io.FileIO(number, "wb") as raw, io.BufferedWriter(raw) as target:
            yield target.write
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _only_playlists(resource: str | None) -> str:
    if resource not in (None, Resource.PLAYLISTS):
        raise CommandError("--playlist names one of the playlists: leave --resource out.")
    return Resource.PLAYLISTS


def _ensure_made(name: str, resource: str | None) -> None:
    """:raises CommandError: if the format makes no file of the resource, or the site does not sync it."""
    if makes_file(name, resource) and (resource is None or resource in conf.RESOURCES):
        return
    known = ", ".join(one for one in FORMATS[name].holds if one in conf.RESOURCES)
    raise CommandError(
        f"There is no {name} of {resource!r} here; there is --resource: {known}."
        if resource
        else f"{name} holds one list in a file: say which, by --resource ({known}) or --playlist."
    )


def _playlist_of(account: SpotifyAccount, spotify_id: str) -> AccountPlaylist:
    playlist = playlist_of(account, spotify_id)
    if playlist is None:
        raise CommandError(f"There is no playlist {spotify_id!r} in this library.")
    return playlist
