"""FakeSpotify: one real HTTP server that stands in for accounts.spotify.com and api.spotify.com.

Meant to be as hard as the real thing; where it is kinder than ``spotify-web-api.md`` says Spotify
is, it is wrong. Knows nothing of Django.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self

from django_spotify_sync.testing.api.door import Api
from django_spotify_sync.testing.api.shapes import Cohort
from django_spotify_sync.testing.music.pictures import has_expired, picture
from django_spotify_sync.testing.music.seeding import first_user, seed_library
from django_spotify_sync.testing.music.users import INVENTED, User
from django_spotify_sync.testing.oauth.door import CORE_SCOPE, Accounts
from django_spotify_sync.testing.oauth.grants import TOKEN_LIFETIME
from django_spotify_sync.testing.wire.faults import Fault, Faults, twist_of
from django_spotify_sync.testing.wire.limits import Quota, RateLimit
from django_spotify_sync.testing.wire.log import LoggedRequest, RequestLog, Visit
from django_spotify_sync.testing.wire.server import Answer, Body, Request, Server

type Consent = Literal["page", "auto", "deny"]

CLIENT_ID = "fa4e5b07" * 4
CLIENT_SECRET = "5ec4e700" * 4


class FakeSpotify:
    """Spotify on this machine: ``with FakeSpotify(tracks=10_000) as fake: fake.api_url``.

    *latency* in seconds from a request's arrival to its answer; *ties* is the share of saved
    tracks that lie in same-second runs; *public_url* is what others reach it by, where that is not
    where it listens (in a container). Everything may be changed while it runs.
    """

    def __init__(
        self,
        tracks: int = 0,
        playlists: int = 0,
        artists: int = 0,
        seed: int = 1,
        *,
        latency: float = 0.0,
        port: int = 0,
        host: str = "127.0.0.1",
        public_url: str = "",
        cohort: Cohort = "new",
        consent: Consent = "page",
        rotate_refresh_tokens: bool = False,
        ties: float = 0.15,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        redirect_uris: set[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Seed the library; nothing listens before :meth:`start`."""
        self.user = first_user(
            "listener", seed, tracks=tracks, playlists=playlists, artists=artists, ties=ties
        )
        self.world = self.user.world
        self.world.clock = clock
        self.catalogue = self.user.catalogue
        self.latency = latency
        self.host = host
        self.port = port
        self.public_url = public_url.rstrip("/")
        self.consent: Consent = consent
        self.rotate_refresh_tokens = rotate_refresh_tokens
        self.client_id = client_id
        self.client_secret = client_secret
        self.redirect_uris = redirect_uris
        self.allowlist: set[str] | None = None
        self.owner_premium = True
        self.rate_limit: RateLimit | None = None
        self.quota: Quota | None = None
        self.faults = Faults()
        self.errors: list[str] = []
        self.accounts = Accounts(self, self.world)
        self.users_by_key = {self.user.key: self.user}
        self._cohort: Cohort = cohort
        self._log = RequestLog()
        self._server: Server | None = None
        self._api = Api(self)
        self.browser_user = self.user

    # Running

    def start(self) -> Self:
        """Listen; on the same port again after :meth:`stop`."""
        self._server = Server(self.host, self.port, self._answer)
        self.port = self._server.port
        self._api.forget()
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection; the libraries and grants stay."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and fail the test if the fake itself or an edit scripted into it went wrong."""
        self.stop()
        if error is None and self.errors:
            raise RuntimeError("FakeSpotify failed while answering:\n" + "\n".join(self.errors))

    @property
    def url(self) -> str:
        """Where the fake is found: its public address, else where it listens."""
        if self.public_url:
            return self.public_url
        if not self.port:
            raise RuntimeError("FakeSpotify has no address yet: call start() or use it in a with.")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def api_url(self) -> str:
        """What stands for https://api.spotify.com/v1."""
        return f"{self.url}/v1"

    @property
    def accounts_url(self) -> str:
        """What stands for https://accounts.spotify.com."""
        return self.url

    @property
    def settings(self) -> dict[str, str]:
        """The settings that make a host site talk to this fake."""
        return {
            "SPOTIFY_SYNC_CLIENT_ID": self.client_id,
            "SPOTIFY_SYNC_CLIENT_SECRET": self.client_secret,
            "SPOTIFY_SYNC_API_URL": self.api_url,
            "SPOTIFY_SYNC_ACCOUNTS_URL": self.accounts_url,
        }

    @property
    def clock(self) -> Callable[[], float]:
        """What tells the time, in seconds since the epoch; may be replaced at any moment."""
        return self.world.clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self.world.clock = clock

    @property
    def cohort(self) -> Cohort:
        """Which kind of app is calling, and so the shapes it is answered."""
        return self._cohort

    @cohort.setter
    def cohort(self, cohort: Cohort) -> None:
        self._cohort = cohort
        self._api.forget()

    # People and their grants

    @property
    def users(self) -> list[User]:
        """Everybody, in the order they came."""
        return list(self.users_by_key.values())

    def add_user(
        self,
        name: str,
        tracks: int = 0,
        playlists: int = 0,
        artists: int = 0,
        *,
        display_name: str | None = INVENTED,
        account_id: str | None = INVENTED,
        ties: float = 0.15,
    ) -> User:
        """Add somebody whose id is *name*; half of their tracks are known to earlier users too.

        *account_id* None leaves the field out of /me, *display_name* None answers null.
        """
        if name in self.users_by_key:
            raise ValueError(f"There is a user {name!r} already.")
        user = User(
            self.world,
            self.catalogue,
            key=name,
            display_name=display_name,
            account_id=account_id,
        )
        seed_library(user, tracks=tracks, playlists=playlists, artists=artists, ties=ties)
        self.users_by_key[name] = user
        return user

    def grant(
        self, user: User | None = None, scope: str = CORE_SCOPE, expires_in: int = TOKEN_LIFETIME
    ) -> dict[str, Any]:
        """Grant *scope* without a browser, and answer as the token endpoint would."""
        return self.accounts.grants.grant(user or self.user, scope, expires_in)

    def expire_access_tokens(self) -> None:
        """Let every access token issued so far be expired; refreshing gives a good one."""
        self.accounts.grants.expire_access_tokens()

    def revoke(self, user: User | None = None) -> None:
        """Let refreshing answer ``invalid_grant``; an access token lives on until it expires."""
        self.accounts.grants.revoke(user or self.user)

    def refuse_grants(self, *users: User) -> None:
        """Answer ``invalid_grant`` for good grants, as in an outage: of these users, or of everybody."""
        self.accounts.grants.refuse(list(users) or None)

    def accept_grants(self) -> None:
        """Let the outage of :meth:`refuse_grants` be over: every grant that was good is good again."""
        self.accounts.grants.refuse([])

    def age_grants(self, days: float) -> None:
        """Let every consent be *days* older; refresh tokens die six months after consent."""
        self.accounts.grants.age(days)

    # What was asked

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests answered so far, pictures left out."""
        return list(self._log.requests)

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self._log.peak_in_flight

    def count(self, path_prefix: str | None = None) -> int:
        """Count requests, all or those below a path, with or without ``/v1``."""
        return self._log.count(path_prefix)

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    # Answering

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/image/"):
            return self._picture(request.path.removeprefix("/image/"))
        with self._log.visit(request) as visit:
            faults: list[Fault] = []
            try:
                faults = self.faults.firing(request)
                answer = self._make(request, faults, visit)
            except Exception:
                # A thread of the server must not die unheard: the test sees a 500 and, at the
                # end of the with block, why.
                self.errors.append(traceback.format_exc())
                answer = Answer(500, Body(b'{"error":{"status":500,"message":"Server error"}}'))
            wait = max((fault.delay for fault in faults), default=0.0)
            self._pause(max(self.latency, wait) - (time.monotonic() - request.at))
            visit.answer = answer
        return answer

    def _make(self, request: Request, faults: list[Fault], visit: Visit) -> Answer:
        for fault in faults:
            if fault.before is not None:
                fault.before(self)
        for fault in faults:
            if fault.answers:
                return fault.answer(request)
        if request.path == "/authorize":
            answer = self.accounts.authorize(request)
        elif request.path == "/api/token":
            answer = self.accounts.token(request)
        elif request.path.startswith("/v1/"):
            answer = self._api.answer(request, twist_of(faults), visit)
        else:
            answer = Answer(404, Body(b"Not found"), "text/plain; charset=utf-8")
        for fault in faults:
            answer = _cut(answer, fault)
        return answer

    def _picture(self, name: str) -> Answer:
        if has_expired(name, self.clock()):
            return Answer(404, Body(b"Not found"), "text/plain; charset=utf-8")
        headers = {"Cache-Control": "public, max-age=86400"}
        return Answer(200, Body(picture(name)), "image/png", headers)

    def _pause(self, seconds: float) -> None:
        if self._server is not None:
            self._server.pause(seconds)


def _cut(answer: Answer, fault: Fault) -> Answer:
    if fault.cut == "json":
        whole = answer.body.plain
        return Answer(
            answer.status, Body(whole[: len(whole) // 2]), answer.content_type, answer.headers
        )
    answer.cut = answer.cut or bool(fault.cut)
    return answer
