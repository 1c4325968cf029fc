"""Many requests at once. The calling thread coordinates; the others only send and parse.

The caller is never blocked for longer than its own ``tick``: there it beats, shows progress, and may stop everything by
raising. A 401 is answered by one renewal for all threads; a short 429 by a common pause; a longer one is raised. What
is refused in the midst of what is given with the same token may pass, and is asked again in its place. Only the
calling thread asks the pace, which may ask a cache; the others take what it was granted.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    InsufficientScope,
    Paced,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import ATTEMPTS, Client, Get, pause_before
from django_spotify_sync.spotify.pace import Purse

TICK = 0.2  # seconds between two ticks at most
PACED_PAUSE = (
    30.0  # seconds, give or take a half, after which one whose turn did not come tries again
)
RENEWALS = 2  # of the token that one address may ask for: beyond that, the fault is not the token's


class Fetcher:
    """Threads around a client, for the length of a run. ``tick`` is called often, by the coordinating thread."""

    def __init__(
        self, client: Client, *, max_wait: float, tick: Callable[[], None] = lambda: None
    ) -> None:
        self._client = client
        self._max_wait = max_wait
        self._tick = tick
        self._pool = ThreadPoolExecutor(client.workers, thread_name_prefix="spotify-fetch")
        self._purses: list[Purse] = []
        self._giving: set[Secret] = set()  # tokens for which something was answered

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        for purse in self._purses:  # of readings that nobody went on with
            purse.shut()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def one[Answer](self, get: Get[Answer]) -> Answer:
        """Read one thing, under the same rules as many."""
        [(_, answer)] = self.each([get])
        return answer

    def each[Answer](self, gets: Iterable[Get[Answer]]) -> Iterator[tuple[Get[Answer], Answer]]:
        """Read all of ``gets`` in parallel; yield each with its answer as they arrive, in no certain order.

        :raises RateLimited: if Spotify, or the pace, asks for more patience than ``max_wait`` gives; what had arrived
            was yielded.
        :raises SpotifyError: the first that any of them ran into for good.
        """
        reading = _Reading(gets, self._client, self._pool, self._max_wait, self._giving)
        self._purses.append(reading.purse)
        try:
            while reading.goes_on:
                reading.begin_some()
                self._tick()
                for future in reading.done():
                    yield from reading.settle(future)
        except RateLimited:
            yield from reading.drain(self._tick)
            raise
        finally:
            reading.stop()
            self._purses.remove(reading.purse)


@dataclass(eq=False, slots=True)
class _Task[Answer]:
    """One thing to read, and how often it was answered by a 401, had the token renewed, and was asked again."""

    get: Get[Answer]
    rejections: int = 0
    renewals: int = 0
    repeats: int = 0


class _Reading[Answer]:
    """One call of ``each``: what is still to be read, what is under way, and what holds it up."""

    def __init__(
        self,
        gets: Iterable[Get[Answer]],
        client: Client,
        pool: ThreadPoolExecutor,
        max_wait: float,
        giving: set[Secret],
    ) -> None:
        self.purse = Purse()
        self._todo = deque(_Task(get) for get in gets)
        self._running: dict[Future[Any], tuple[_Task[Answer], Secret]] = {}
        self._giving = giving
        self._refused_in_a_row = 0
        self._client = client
        self._pool = pool
        self._max_wait = max_wait
        self._rejected: set[Secret] = set()  # each is renewed once, however many threads had it
        self._unproved: Secret | None = None  # was renewed and has not answered anything yet
        self._held_until = self._waited = 0.0
        self._without_leave_since: float | None = None

    @property
    def goes_on(self) -> bool:
        return bool(self._todo or self._running)

    def begin_some(self) -> None:
        """Hand to the threads what they and the pace have room for.

        :raises RateLimited: if the pace asks for more patience than there is.
        """
        # A few more than there are threads, so that none idles while the caller works on an answer.
        room = min(len(self._todo), self._client.workers + 2 - len(self._running))
        repeated = self.purse.missing
        if room + repeated <= 0 or time.monotonic() < self._held_until:
            return
        token = self._client.tokens.current()
        if token in self._rejected:
            raise AccessTokenRejected("The token was renewed in vain.", status=401)
        granted = self._granted(room + repeated)
        for _ in range(min(room, granted - repeated)):
            task = self._todo.popleft()
            turn = partial(self.purse.take, self.purse.emptied)
            sending = self._pool.submit(self._send, task.get, token, turn)
            self._running[sending] = (task, token)

    def done(self) -> Iterable[Future[Any]]:
        """Return what is done, after a moment at most; first what was answered, which makes patience new."""
        if not self._running:
            held = max(0.0, self._held_until - time.monotonic())
            time.sleep(TICK if self._without_leave_since is not None else min(TICK, held))
            return ()
        done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
        return sorted(done, key=lambda future: future.exception() is not None)

    def settle(self, future: Future[Any]) -> list[tuple[Get[Answer], Answer]]:
        """Return the answer with what asked for it, nothing if it has to be asked for again.

        :raises SpotifyError: what it ran into for good.
        """
        task, token = self._running.pop(future)
        try:
            answer = future.result()
        except AccessTokenRejected as error:
            return self._rejected_with(token, task, error)
        except Paced:  # another thread was refused before this one began
            self._todo.appendleft(task)
            return []
        except RateLimited as error:
            self._todo.appendleft(task)
            self._hold(self._client.pace.refused(error), error)
            return []
        except (SpotifyUnavailable, InsufficientScope):
            raise
        except SpotifyError as error:
            if token not in self._giving:
                raise
            self._ask_again(task, error)
            return []
        self._waited = 0.0
        if not isinstance(answer, SpotifyError):
            self._refused_in_a_row = 0
            self._giving.add(token)
            if token == self._unproved:
                self._unproved = None
        return [(task.get, answer)]

    def drain(self, tick: Callable[[], None]) -> Iterator[tuple[Get[Answer], Answer]]:
        """Yield what was under way or has leave, and still arrives: it is paid for and worth having."""
        self.purse.shut()
        while self._running:
            done, _ = wait(self._running, timeout=TICK, return_when=FIRST_COMPLETED)
            tick()
            for future in done:
                task, _ = self._running.pop(future)
                error = future.exception()
                if error is None:
                    yield task.get, future.result()
                elif isinstance(error, RateLimited) and error.status is not None:
                    self._client.pace.refused(error)

    def _send(self, get: Get[Answer], token: Secret, turn: Callable[[], None]) -> Answer:
        """Send a request, in a thread that takes the next one at once: after a 429, not before all know of it."""
        try:
            return self._client.send(get, token, turn)
        except Paced:
            raise
        except RateLimited:
            self.purse.hold()
            raise

    def stop(self) -> None:
        """Let nothing more begin."""
        self.purse.shut()
        self._call_back()

    def _rejected_with(
        self, token: Secret, task: _Task[Answer], error: AccessTokenRejected
    ) -> list[tuple[Get[Answer], Answer]]:
        """Ask again with another token; or, if that is no cure, with the same one, where something else was given.

        :raises AccessTokenRejected: ``error``, if nothing was given or the address is refused again and again.
        """
        task.rejections += 1
        if token in self._rejected:  # another one was fetched meanwhile
            self._todo.appendleft(task)
        elif task.rejections > 1 and task.get.failed is not None:
            return [(task.get, task.get.failed(error))]
        elif token != self._unproved and task.renewals < RENEWALS:
            task.renewals += 1
            self._rejected.add(token)
            self._unproved = self._client.tokens.renew(token)
            self._todo.appendleft(task)
        elif self._giving:
            self._ask_again(task, error)
        else:
            raise error
        return []

    def _ask_again(self, task: _Task[Answer], error: SpotifyError) -> None:
        """Ask again in a moment for what is refused in the midst of what is given: the refusal may pass.

        :raises SpotifyError: ``error``, if it did not pass, or if nothing is given any more.
        """
        task.repeats += 1
        self._refused_in_a_row += 1
        if task.repeats >= ATTEMPTS or self._refused_in_a_row > self._client.workers + ATTEMPTS:
            raise error
        self._todo.appendleft(task)
        now = time.monotonic()
        self._held_until = max(self._held_until, now + pause_before(task.repeats))

    def _granted(self, wanted: int) -> int:
        """Return how many may start, which the threads find in the purse."""
        try:
            leave = self._client.pace.grant(wanted)
        except RateLimited as error:
            self._hold(error.retry_after, error)
            return 0
        now = time.monotonic()
        if leave.requests:
            self._without_leave_since = None
            self.purse.put(leave)
        elif self._without_leave_since is None:
            self._without_leave_since = now
        elif now - self._without_leave_since > self._max_wait:
            raise Paced(retry_after=PACED_PAUSE * random.uniform(0.5, 1.5))
        return leave.requests

    def _hold(self, seconds: float, error: RateLimited) -> None:
        """Begin nothing for so long. :raises RateLimited: ``error``, if that is longer than the patience."""
        self._call_back()
        now = time.monotonic()
        until = now + seconds
        # of several that were under way, only what makes the pause longer counts
        self._waited += max(0.0, until - max(now, self._held_until))
        self._held_until = max(until, self._held_until)
        if self._waited > self._max_wait:
            raise error

    def _call_back(self) -> None:
        """Take back what no thread has begun: asking on while Spotify says no makes the pause longer."""
        self.purse.empty()
        cancelled = [future for future in self._running if future.cancel()]
        self._todo.extendleft(self._running.pop(future)[0] for future in cancelled)
