"""FakeSpotify: one real HTTP server that stands in for accounts.spotify.com and api.spotify.com.

Meant to be as hard as the real thing; where it is kinder than ``spotify-web-api.md`` says Spotify
is, it is wrong. Knows nothing of Django.
"""

from __future__ import annotations

import time
import traceback
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from django_spotify_sync.testing.api.door import Api
from django_spotify_sync.testing.edits import Edits
from django_spotify_sync.testing.music.pictures import has_expired, picture
from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.oauth.door import CORE_SCOPE, Accounts
from django_spotify_sync.testing.oauth.grants import TOKEN_LIFETIME
from django_spotify_sync.testing.site import Site
from django_spotify_sync.testing.wire.faults import Fault, twist_of
from django_spotify_sync.testing.wire.log import Visit
from django_spotify_sync.testing.wire.server import Answer, Body, Request, Server


class FakeSpotify(Site):
    """Spotify on this machine: ``with FakeSpotify(tracks=10_000) as fake: fake.api_url``.

    *latency* in seconds from a request's arrival to its answer; *ties* is the share of saved
    tracks that lie in same-second runs; *public_url* is what others reach it by, where that is not
    where it listens (in a container); *editable* takes the lines of :meth:`edit` by ``POST /edit``.
    Everything may be changed while it runs.
    """

    _server: Server | None = None

    @cached_property
    def accounts(self) -> Accounts:
        """What answers for accounts.spotify.com."""
        return Accounts(self)

    @cached_property
    def _api(self) -> Api:
        return Api(self, self.accounts.grants)

    # Running

    def start(self) -> Self:
        """Listen; on the same port again after :meth:`stop`."""
        self._server = Server(self.host, self.port, self._answer)
        self.port = self._server.port
        self._api.room()  # made before threads ask for it
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

    # Edits by word

    def edit(self, line: str) -> str:
        """Do what *line* says, as ``"like 3"``, and give words for how things stand; ``"help"`` lists the words.

        :raises ValueError: with words for what cannot be understood.
        """
        return Edits(self, self.accounts.grants).do(line)

    # Grants

    def grant(
        self, user: User | None = None, scope: str = CORE_SCOPE, expires_in: int = TOKEN_LIFETIME
    ) -> dict[str, Any]:
        """Grant *scope* without a browser, and answer as the token endpoint would."""
        return self.accounts.grants.grant(user or self.user, scope, expires_in)

    def connect(self, user: Any, who: User | None = None, **more: Any) -> Any:
        """Connect *user*, of the Django site under test, to *who* without a browser; give the ``SpotifyAccount``.

        See :func:`django_spotify_sync.testing.factories.connect`.
        """
        from django_spotify_sync.testing import factories  # noqa: PLC0415 - the one way from here into Django

        return factories.connect(self, user, who, **more)

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

    # Answering

    def read(
        self, path: str, query: dict[str, str], access_token: str, language: str = ""
    ) -> bytes:
        """Give the body that a GET below ``/v1`` is answered with, without HTTP.

        :raises RuntimeError: if it is refused.
        """
        headers = {"authorization": f"Bearer {access_token}", "accept-language": language}
        answer = self._answer(Request(time.monotonic(), "GET", f"/v1{path}", query, headers))
        if answer.status != 200:
            raise RuntimeError(f"FakeSpotify answers {answer.status} to {path}.")
        return answer.body.plain

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/image/"):
            return self._picture(request.path.removeprefix("/image/"))
        if self.editable and request.path == "/edit":
            return self._edited(request)
        with self.log.visit(request) as visit:
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

    def _edited(self, request: Request) -> Answer:
        """Do what the body says; a GET lists the words."""
        line = request.body.decode("utf-8", "replace") if request.method == "POST" else "help"
        try:
            status, words = 200, self.edit(line)
        except ValueError as error:
            status, words = 400, str(error)
        return Answer(status, Body(f"{words}\n".encode()), "text/plain; charset=utf-8")

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
