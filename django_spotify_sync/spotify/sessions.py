"""HTTP sessions with a deadline for each request, and without redirects, cookies and netrc. Knows nothing of Spotify.

Between two bytes a server may take its time; a timeout of requests starts anew with each of them. Here all reads of one
answer, headers included, share what is left of the request's time.
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

from django_spotify_sync.secret import masked


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


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
