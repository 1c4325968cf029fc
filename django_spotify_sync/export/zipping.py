"""A zip that is written while it is read: neither it nor any file in it is ever whole in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone


class _Pipe:
    """What a ZipFile writes to, and what is taken out of it. It cannot go back, which a ZipFile puts up with."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None: ...

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Give a zip of files, each a name and its content in parts. Cut short it is none: its end says what is in it."""
    pipe = _Pipe()
    with ZipFile(pipe, "w") as archive:  # type: ignore[call-overload]
        for name, parts in files:
            entry = ZipInfo(name, timezone.localtime().timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as file:
                for part in parts:
                    file.write(part)
                    if written := pipe.take():
                        yield written
    yield pipe.take()
