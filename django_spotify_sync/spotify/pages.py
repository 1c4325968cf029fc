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
        rejected: set[Secret] = set()  # each is renewed once, however many threads it was given to
        unproved: Secret | None = None  # a token that was renewed and has not answered anything yet
        held_until = waited = 0.0
        try:
            while todo or running:
                if time.monotonic() >= held_until:
                    # A few more than there are threads, so that none idles while the caller works on an answer.
                    while todo and len(running) < self._client.workers + 2:
                        token = self._client.tokens.current()
                        if token in rejected:
                            raise AccessTokenRejected("The token was renewed in vain.", status=401)
                        get = todo.popleft()
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
                        if token not in rejected:
                            rejected.add(token)
                            unproved = self._client.tokens.renew(token)
                        todo.appendleft(get)
                    except RateLimited as error:
                        todo.appendleft(get)
                        todo.extendleft(_called_back(running))
                        now = time.monotonic()
                        until = now + error.retry_after
                        # of several that were under way, only what makes the pause longer counts
                        waited += max(0.0, until - max(now, held_until))
                        held_until = max(until, held_until)
                        if waited > self._max_wait:
                            yield from self._drain(running)
                            raise
                    else:
                        waited = 0.0
                        if token == unproved:
                            unproved = None
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


def _called_back[Answer](
    running: dict[Future[Any], tuple[Get[Answer], Secret]],
) -> list[Get[Answer]]:
    """Take back what no thread has begun: asking on while Spotify says no makes the pause longer."""
    cancelled = [future for future in running if future.cancel()]
    return [running.pop(future)[0] for future in cancelled]
