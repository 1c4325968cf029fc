"""Many requests at once. The calling thread coordinates; the others only send and parse.

The caller is never blocked for longer than its own ``tick``: there it beats, shows progress, and may stop everything by
raising. A 401 is answered by one renewal for all threads; a short 429 by a common pause; a longer one is raised.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

from django_spotify_sync.exceptions import AccessTokenRejected, RateLimited
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import Client, Get

TICK = 0.2  # seconds between two ticks at most


class Fetcher:
    """Threads around a client, for the length of a run. ``tick`` is called often, by the coordinating thread."""

    def __init__(
        self, client: Client, *, max_wait: float, tick: Callable[[], None] = lambda: None
    ) -> None:
        self._client = client
        self._max_wait = max_wait
        self._tick = tick
        self._pool = ThreadPoolExecutor(client.workers, thread_name_prefix="spotify-fetch")

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def one[Answer](self, get: Get[Answer]) -> Answer:
        """Read one thing, under the same rules as many."""
        [(_, answer)] = self.each([get])
        return answer

    def each[Answer](self, gets: Iterable[Get[Answer]]) -> Iterator[tuple[Get[Answer], Answer]]:
        """Read all of ``gets`` in parallel; yield each with its answer as they arrive, in no certain order.

        :raises RateLimited: if Spotify asks for more patience than ``max_wait`` gives; what had arrived was yielded.
        :raises SpotifyError: the first that any of them ran into for good.
        """
        todo = deque(gets)
        running: dict[Future[Any], tuple[Get[Answer], Secret]] = {}
        unproved: Secret | None = None  # a token that was renewed and has not answered anything yet
        held_until = waited = 0.0
        try:
            while todo or running:
                if time.monotonic() >= held_until:
                    # A few more than there are threads, so that none idles while the caller works on an answer.
                    while todo and len(running) < self._client.workers + 2:
                        get, token = todo.popleft(), self._client.tokens.current()
                        running[self._pool.submit(self._client.send, get, token)] = (get, token)
                self._tick()
                if not running:
                    time.sleep(min(TICK, max(0.0, held_until - time.monotonic())))
                    continue
                done, _ = wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
                for future in done:
                    get, token = running.pop(future)
                    try:
                        answer = future.result()
                    except AccessTokenRejected:
                        if token == unproved:
                            raise
                        unproved = self._client.tokens.renew(token)
                        todo.appendleft(get)
                    except RateLimited as error:
                        todo.appendleft(get)
                        now = time.monotonic()
                        if now < held_until:
                            continue  # one of several that were under way: the pause is on already
                        waited += error.retry_after
                        if waited > self._max_wait:
                            yield from self._drain(running)
                            raise
                        held_until = now + error.retry_after
                    else:
                        waited, unproved = 0.0, None
                        yield get, answer
        finally:
            for future in running:
                future.cancel()

    def _drain[Answer](
        self, running: dict[Future[Any], tuple[Get[Answer], Secret]]
    ) -> Iterator[tuple[Get[Answer], Answer]]:
        """Yield what was under way and still arrives: it is paid for and worth having."""
        while running:
            done, _ = wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
            self._tick()
            for future in done:
                get, _ = running.pop(future)
                if not future.cancelled() and future.exception() is None:
                    yield get, future.result()
