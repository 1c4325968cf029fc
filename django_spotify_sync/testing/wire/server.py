"""HTTP/1.1 over plain sockets: one thread per connection, one ``sendall`` per answer.

``http.server`` spends longer on headers than a benchmark can spare, so the little HTTP that is
needed is written out. Knows nothing of Spotify.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import BinaryIO
from urllib.parse import parse_qsl, unquote

BACKLOG = 1024
WORTH_ZIPPING = 1_000


@dataclass(slots=True, frozen=True)
class Request:
    """One request as it came: *at* on the monotonic clock, header names in lower case."""

    at: float
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body; empty for any other body."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies sent."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: unquote(value) for name, _, value in pairs if name}


class Body:
    """Bytes of an answer, zipped once however often they are sent."""

    __slots__ = ("_plain", "_zipped")

    def __init__(self, plain: bytes) -> None:
        """Hold *plain*; zip it when first asked to."""
        self._plain: bytes | None = plain
        self._zipped: bytes | None = None

    @property
    def plain(self) -> bytes:
        """The bytes as they are."""
        return gzip.decompress(self._zipped or b"") if self._plain is None else self._plain

    @property
    def zipped(self) -> bytes:
        """The same bytes under gzip, fast rather than small."""
        if self._zipped is None:
            self._zipped = gzip.compress(self.plain, 1, mtime=0)
        return self._zipped

    @property
    def long(self) -> bool:
        """Whether zipping is worth it."""
        return self._plain is None or len(self._plain) >= WORTH_ZIPPING

    def pack(self) -> int:
        """Keep only the zipped form of a long body; give the bytes it takes."""
        if self.long:
            self._zipped = self.zipped
            self._plain = None
        return len(self._zipped or self._plain or b"")


@dataclass(slots=True)
class Answer:
    """One answer. *reset* closes the connection unanswered, *cut* half way through the body."""

    status: int = 200
    body: Body = field(default_factory=lambda: Body(b""))
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False

    def wire(self, *, zip_it: bool, keep_alive: bool) -> bytes:
        """Write the whole answer as it goes over the wire."""
        zipped = zip_it and self.body.long
        payload = self.body.zipped if zipped else self.body.plain
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(payload)}",
            "Vary: Authorization, Accept-Encoding",
            *(["Content-Encoding: gzip"] if zipped else []),
            *(f"{name}: {value}" for name, value in self.headers.items()),
            *([] if keep_alive else ["Connection: close"]),
        ]
        if self.cut:
            payload = payload[: len(payload) // 2]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + payload


class Server:
    """Listen, read requests, and send what *answer* makes of them."""

    def __init__(self, host: str, port: int, answer: Callable[[Request], Answer]) -> None:
        """Bind at once (port 0 takes a free one); nothing is accepted before :meth:`start`."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self.host, self.port = self._listener.getsockname()[:2]
        self._answer = answer
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._accepting = threading.Thread(target=self._accept, name="fake-spotify", daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._accepting.start()

    def stop(self) -> None:
        """Stop accepting, and close every connection."""
        self._stopping.set()
        # accept() does not wake when its socket is closed from another thread; a visitor wakes it.
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            pass
        if self._accepting.is_alive():
            self._accepting.join(5)
        self._listener.close()
        with self._lock:
            open_ones = dict(self._connections)
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in open_ones.values():
            # Not for ever: a thread may be inside an edit that waits for something else.
            thread.join(1)

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond :meth:`stop`."""
        if seconds > 0:
            self._stopping.wait(seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
            with self._lock:
                self._connections[connection] = thread
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        # A client that hangs up in the middle is its own affair.
        with contextlib.suppress(OSError), connection.makefile("rb") as reader:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._stopping.is_set() and self._exchange(connection, reader):
                pass
        with self._lock:
            self._connections.pop(connection, None)
        connection.close()

    def _exchange(self, connection: socket.socket, reader: BinaryIO) -> bool:
        """Answer one request; tell whether the connection stays open."""
        request = read_request(reader)
        if request is None:
            return False
        answer = self._answer(request)
        if answer.reset:
            # With lingering off and zero seconds, close() sends RST in place of FIN.
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        keep_alive = not answer.cut and request.headers.get("connection", "").lower() != "close"
        zip_it = "gzip" in request.headers.get("accept-encoding", "")
        connection.sendall(answer.wire(zip_it=zip_it, keep_alive=keep_alive))
        return keep_alive


def read_request(reader: BinaryIO) -> Request | None:
    """Read one request; None when the connection is over or is not HTTP."""
    first = reader.readline(65_536)
    at = monotonic()
    method, _, rest = first.decode("latin-1").strip().partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/1"):
        return None
    headers: dict[str, str] = {}
    while (line := reader.readline(65_536)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    body = reader.read(int(length) if length.isdecimal() else 0)
    path, _, query = target.partition("?")
    return Request(
        at=at,
        method=method,
        path=path,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )
