"""A client that can be watched: its waits are noted, not waited."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import Client, Get
from tests.kit.wire import Wire, reply

TOKEN = "BQ-the-access-token"
ME = Get("/me", lambda answer: answer)


def error_of(body: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"status": 0, **body}}


FORBIDDEN_LIST = reply(error_of({"message": "Forbidden"}), 403)


class OneToken:
    """A source of one token that renews it by counting up."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = Secret(token)
        self.renewals: list[Secret] = []

    def current(self) -> Secret:
        return self.token

    def renew(self, rejected: Secret) -> Secret:
        self.renewals.append(rejected)
        self.token = Secret(f"{TOKEN}-{len(self.renewals)}")
        return self.token


class Waits(threading.Event):
    """An event that is waited for in no time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout:
            self.seconds.append(timeout)
        return self.is_set()


type MakeClient = Callable[..., Client]


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    """Make clients of a Wire or an address that wait in no time."""
    with ExitStack() as opened:

        def make(at: Wire | str, tokens: Any = None, **options: Any) -> Client:
            url = at if isinstance(at, str) else at.url
            client = Client(tokens or OneToken(), api_url=url, **{"timeout": 10, **options})
            client._closed = Waits()
            return opened.enter_context(client)

        yield make


@pytest.fixture
def waits() -> Callable[[Client], list[float]]:
    """Tell what a client waited between its attempts."""

    def of(client: Client) -> list[float]:
        assert isinstance(client._closed, Waits)
        return client._closed.seconds

    return of
