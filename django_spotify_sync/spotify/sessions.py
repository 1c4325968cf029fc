"""HTTP sessions with a deadline for each request, and without redirects, cookies and netrc. Knows nothing of Spotify.

Between two bytes a server may take its time; a timeout of requests starts anew with each of them, and with each
address that a host name has. Here all of it, from the first address tried to the last byte read, shares one time. (But
for looking a name up, which is the system's resolver's affair, and has a timeout there.)
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from django_spotify_sync.secret import masked

MAX_BODY = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class TooLarge(requests.RequestException):
    """An answer holds more than MAX_BODY bytes."""


def new_session(pool: int = 1) -> requests.Session:
    """Return a session with ``pool`` connections, whose ``timeout`` is the deadline of the whole answer.

    Proxies and certificates of the environment count. It reads no netrc as long as each request brings an ``auth``.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=2, pool_maxsize=pool, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def body_of(response: requests.Response) -> bytes:
    """Read the body of an answer that was asked for with ``stream=True``.

    :raises TooLarge: if it is longer than MAX_BODY. What follows is not read.
    :raises urllib3.exceptions.HTTPError: if it does not come whole and in time.
    """
    body = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    return bytes(body)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Follow nothing; requests looks at the target of a redirect even where it is told not to go there."""
        return None


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is urllib3.ProxyManager:  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        total: Any = urllib3.Timeout(total=timeout)
        return super().send(request, stream, total, verify, cert, proxies)


class _TimedReads(io.RawIOBase):
    """The reads of one answer, which all have to be done within ``seconds``."""

    def __init__(self, reads: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._reads, self._sock = reads, sock
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._reads.readinto(buffer)

    def close(self) -> None:
        self._reads.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # urllib3 has just set the timeout to what connecting has left of the total
        if (seconds := sock.gettimeout()) is not None:
            self.fp = io.BufferedReader(_TimedReads(self.fp.detach(), sock, seconds))

    def begin(self) -> None:
        """Mask what came among the headers and is none: urllib3 repeats it in a warning."""
        super().begin()
        self.msg.defects = [type(defect)() for defect in self.msg.defects]
        if isinstance(unread := self.msg.get_payload(), str):
            self.msg.set_payload(masked(unread))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """Connect to one of the host's addresses; what has to come before the request has the time that is left."""
        if not isinstance(self.timeout, int | float):  # none is set
            return super()._new_conn()
        deadline = time.monotonic() + self.timeout
        failure: OSError | None = None
        addresses = _addresses(self)
        for number, (host, port) in enumerate(addresses):
            # a share for each of those that are left: one that swallows everything keeps nobody from the next
            share = (deadline - time.monotonic()) / (len(addresses) - number)
            if share <= 0:
                break
            try:
                sock = create_connection((host, port), share, socket_options=self.socket_options)
            except OSError as error:
                failure = error
                continue
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            return sock
        if failure is None or isinstance(failure, TimeoutError):
            words = f"Connection to {self.host} timed out."
            raise ConnectTimeoutError(self, words) from failure
        raise NewConnectionError(self, f"Failed to establish a connection: {failure}") from failure


class _HTTPSConnection(_HTTPConnection, urllib3.connection.HTTPSConnection):
    pass


def _addresses(connection: urllib3.connection.HTTPConnection) -> list[tuple[str, int]]:
    """Return host and port of each address that the connection's host name has, in the resolver's order."""
    try:
        found = socket.getaddrinfo(
            connection._dns_host, connection.port, allowed_gai_family(), socket.SOCK_STREAM
        )
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    # a scope of IPv6 ("fe80::1%eth0") stands in the address, as getaddrinfo gives it
    return [(str(address[0]), int(address[1])) for *_, address in found]


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
