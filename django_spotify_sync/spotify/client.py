"""One request to the Web API: token, deadline, retry of what may be retried, status → error.

``Client.send`` may be called from many threads. It never waits for a 429: that is for who knows of the whole run. Every
start of a request, a repeated one too, goes by the pace that the client was handed.
No exception that leaves here is chained to one of requests', since those carry the token in their frames.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import requests
import urllib3
from requests.auth import AuthBase

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    AppForbidden,
    BadRequest,
    Forbidden,
    InsufficientScope,
    NotFound,
    Paced,
    QuotaExceeded,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
    TokensRateLimited,
)
from django_spotify_sync.secret import Secret, hushed, masked
from django_spotify_sync.spotify.answers.storable import Malformed, text
from django_spotify_sync.spotify.deadlines import NEVER, Deadline
from django_spotify_sync.spotify.pace import Pace, Unpaced
from django_spotify_sync.spotify.sessions import TooLarge, body_of, new_session

logger = logging.getLogger(__name__)

#: Params of a request, as ``requests`` takes them.
type Params = Mapping[str, str | int]

ATTEMPTS = 5
BACKOFF = 0.3  # seconds; doubled at each attempt, jittered
LASTING = (
    501,
    505,
)  # no fault of the moment: a server that cannot do it cannot do it a second later
RETRY_AFTER_FLOOR = 5.0  # Retry-After has been missing and 0 in real answers
QUOTA_RETRY_AFTER = 3600.0  # for a quota without the header; seen with it: 13 to 24 hours
LONGEST_RETRY_AFTER = (
    24 * 3600.0
)  # whatever the header says: a slip of a gateway's must not stop a site for a week
PATIENCE = 5.0  # seconds that get() waits for its turn: its caller may be a page
_ASK_AGAIN = 0.1


class Tokens(Protocol):
    """Where a client has its access token from."""

    def current(self) -> Secret:
        """Return the access token to use now."""

    def renew(self, rejected: Secret) -> Secret:
        """Return another one than ``rejected``, which Spotify answered with a 401."""


@dataclass(frozen=True, slots=True)
class Get[Answer]:
    """One thing to read: a path under the API's address, and how its JSON becomes an answer.

    ``failed``, where given, makes an answer of what this address is refused with, whatever that is, and of a fault that
    each attempt ran into: it may concern this address alone. Only a 429 is raised all the same, and a 401 is first
    answered by another token. Without it, every error is raised.
    """

    path: str
    parse: Callable[[Any], Answer]
    params: Params = field(default_factory=dict)
    failed: Callable[[SpotifyError], Answer] | None = None


@dataclass(frozen=True, slots=True)
class _Transient:
    """A failure that may pass by itself, said in words."""

    words: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer says when it refuses, as all may see it, and whether it came in the documented JSON."""

    message: str
    reason: str
    is_json: bool

    @property
    def is_quota(self) -> bool:
        """Whether it says that a quota is used up."""
        return self.reason == "QUOTA_EXCEEDED"


class Client:
    """The Web API for one account, over one session. ``requests`` counts what was sent, retries included, and
    ``rate_limited`` which of that was answered by a 429; ``quota_met`` which of these said that a quota is used up.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        api_url: str,
        workers: int = 1,
        timeout: float = 30.0,
        language: str = "en",
        pace: Pace | None = None,
        deadline: Deadline = NEVER,
    ) -> None:
        """``timeout`` is for one request, in seconds; ``deadline`` for all that this client sends, waits among them."""
        self.tokens = tokens
        self.pace = pace or Unpaced()
        self.workers = workers
        self.requests = self.rate_limited = self.quota_met = 0
        self._api_url = api_url
        self._timeout = timeout
        self._deadline = deadline
        self._headers = {"Accept": "application/json", "Accept-Language": language}
        self._session = new_session(workers)
        self._counting = threading.Lock()
        self._closed = threading.Event()

    def get[Answer](
        self, path: str, parse: Callable[[Any], Answer] = lambda answer: answer, **params: str | int
    ) -> Answer:
        """Read one address with the account's token, renewed once if Spotify rejects it. For one thread.

        :raises Paced: if its turn does not come within 5 seconds.
        :raises SpotifyError: as Spotify's status says; RateLimited is for the caller to wait out.
        """
        get = Get(path, parse, params)
        token = self.tokens.current()
        try:
            try:
                return self.send(get, token)
            except AccessTokenRejected:
                return self.send(get, self.tokens.renew(token))
        except RateLimited as error:
            # else nothing was sent, and everybody knows; or it is no matter of the Web API
            if error.status is not None and not isinstance(error, TokensRateLimited):
                self.pace.refused(error)
            raise

    def send[Answer](
        self, get: Get[Answer], token: Secret, turn: Callable[[], None] | None = None
    ) -> Answer:
        """Send one request, again after a fault of the moment (5xx, reset, timeout, cut or misshapen answer).

        ``turn`` is called before each start and returns when that may be; by default it asks the pace.

        :raises SpotifyUnavailable: if it fails at each of 5 attempts, or at once where another cannot help (501).
        :raises SpotifyError: at once for anything else that is not a 200.
        """
        try:
            return self._send(get, token, turn or self._await_turn)
        except (RateLimited, AccessTokenRejected):
            raise
        except SpotifyError as error:
            if get.failed is None or self._closed.is_set():
                raise
            return get.failed(error)

    def _send[Answer](self, get: Get[Answer], token: Secret, turn: Callable[[], None]) -> Answer:
        if not token.is_sendable:
            raise AccessTokenRejected("The access token is none: it holds what HTTP cannot send.")
        failure = _Transient("the client is closed")
        sent = 0
        while sent < ATTEMPTS and not self._closed.wait(self._deadline.cut(pause_before(sent))):
            turn()
            if self._deadline.is_over:
                failure = failure if sent else _Transient("there was no time left for it")
                break
            outcome = self._attempt(get, token)
            if not isinstance(outcome, _Transient):
                return outcome
            failure = outcome
            sent += 1
            logger.info("GET %s: %s (attempt %d of %d)", get.path, failure.words, sent, ATTEMPTS)
        raise SpotifyUnavailable(
            f"GET {get.path} failed {sent} times: {failure.words}.", status=failure.status
        )

    def _await_turn(self) -> None:
        deadline = time.monotonic() + self._deadline.cut(PATIENCE)
        while not self.pace.grant(1).requests:
            if time.monotonic() > deadline or self._closed.wait(_ASK_AGAIN):
                raise Paced

    def close(self) -> None:
        """Close the connections and end the waits of threads that are about to try again."""
        self._closed.set()
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _attempt[Answer](self, get: Get[Answer], token: Secret) -> Answer | _Transient:
        with self._counting:
            self.requests += 1
        received = self._receive(get, token)
        if isinstance(received, _Transient):
            return received
        status, header, said = received
        if isinstance(said, _Said):
            if status == 429:
                with self._counting:
                    self.rate_limited += 1
                    self.quota_met += said.is_quota
            return _failure(get, status, header, said)
        try:
            answer = _decoded(said)
        except (ValueError, RecursionError):
            return _Transient("the answer is no JSON, or was cut", status)
        try:
            return get.parse(answer)
        except Malformed as error:
            return _Transient(f"the answer is malformed: {error}", status)

    @hushed
    def _receive[Answer](
        self, get: Get[Answer], token: Secret
    ) -> tuple[int, str, bytes | _Said] | _Transient:
        """Return status, Retry-After and the body of a 200, or what another says; or what kept it from arriving."""
        seconds = max(self._deadline.cut(self._timeout), 0.001)
        try:
            with self._session.get(
                self._api_url + get.path,
                params=dict(get.params),
                headers=self._headers,
                auth=Bearer(token),
                timeout=seconds,
                stream=True,
            ) as response:
                header = masked(response.headers.get("Retry-After", ""))
                # what is stored of a good answer may repeat what was sent, as a name for one
                without = body_of(response).replace(token.reveal().encode(), b"...")
                status = response.status_code
                return status, header, without if status == 200 else _said(without)
        except TooLarge:
            return _Transient("the answer is too large")
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return _Transient(f"no whole answer within {seconds:.3g} s")
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return _Transient(f"the connection failed ({type(error).__name__})")


def _decoded(body: bytes) -> Any:
    """:raises ValueError, RecursionError: if it is no JSON."""
    try:
        return msgspec.json.decode(body)
    # half a surrogate among good names, as an escape or as bytes, which one of both lets pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body)


def pause_before(attempt: int) -> float:
    """Return the seconds to wait: none before the first attempt, then about 0.3, 0.6, 1.2 …"""
    return BACKOFF * 2 ** (attempt - 1) * random.uniform(0.5, 1.5) if attempt else 0.0


class Bearer(AuthBase):
    """Put the token into the request at the last moment, so that no frame of ours holds it in the clear."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def _failure[Answer](
    get: Get[Answer],
    status: int,
    header: str,
    said: _Said,
) -> _Transient:
    """Return a passing failure, or raise the error that the status stands for."""
    message = said.message
    words = f"GET {get.path}: Spotify answered {status}" + (f" ({message})" if message else "")
    if status in LASTING:
        raise SpotifyUnavailable(words + ".", status=status)
    if status >= 500 or 300 <= status < 400:
        return _Transient(words, status)
    if status == 429:
        raise _too_many(words, header, quota=said.is_quota)
    if status == 403:
        raise _forbidden(words, message.lower(), is_json=said.is_json)
    if (
        status == 404 and not said.is_json
    ):  # some gateway's word, which is none about what was asked for
        raise SpotifyError(words + ".", status=status)
    error = {400: BadRequest, 401: AccessTokenRejected, 404: NotFound}.get(status, SpotifyError)
    raise error(words + ".", status=status)


def _said(body: bytes) -> _Said:
    """Return what the body of a refusal says, short, storable and without a token. Bodies are not always JSON."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = body.decode("utf-8", "replace")
    error = said.get("error") if isinstance(said, dict) else said
    message, reason = (
        (error.get("message"), error.get("reason")) if isinstance(error, dict) else (error, None)
    )
    return _Said(_short(message), _short(reason), isinstance(said, dict))


def _short(said: object) -> str:
    """Return what an answer says, as all may see it: it may repeat any token, not just the one that was sent."""
    words = " ".join(masked(text(said) or "").split())
    return "an HTML page" if words.startswith("<") else words[:200]


def _too_many(words: str, header: str, *, quota: bool) -> RateLimited:
    seconds = retry_after(header, floor=QUOTA_RETRY_AFTER if quota else RETRY_AFTER_FLOOR)
    error = QuotaExceeded if quota else RateLimited
    return error(f"{words}; it asks for a pause of {seconds:g} s.", retry_after=seconds)


def retry_after(header: str | None, *, floor: float = RETRY_AFTER_FLOOR) -> float:
    """Return the seconds of a Retry-After header, a day at most; ``floor`` where it is missing or makes no sense."""
    try:
        seconds = float(header or 0)
    except ValueError:
        seconds = 0.0
    return min(max(seconds, 1.0), LONGEST_RETRY_AFTER) if 0 < seconds < 10**7 else floor


def _forbidden(words: str, message: str, *, is_json: bool) -> Forbidden:
    """Tell what is forbidden. The bare texts about the allow-list and the owner's Premium concern the whole app."""
    if "scope" in message:
        return InsufficientScope(words + ".", status=403)
    if not is_json or "not registered" in message or "premium" in message:
        return AppForbidden(words + ".", status=403, lacks_premium="premium" in message)
    return Forbidden(words + ".", status=403)
