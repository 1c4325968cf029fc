"""The site that FakeSpotify is: its app and its rules, the people on it, and what was asked of it. Answers nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Literal

from django_spotify_sync.testing.music.seeding import Sizes, first_user, seed_library
from django_spotify_sync.testing.music.users import INVENTED, User
from django_spotify_sync.testing.wire.faults import Faults
from django_spotify_sync.testing.wire.limits import Quota, RateLimit
from django_spotify_sync.testing.wire.log import LoggedRequest, RequestLog

#: Which kind of app is calling, and so the shapes it is answered.
type Cohort = Literal["new", "legacy", "extended"]
type Consent = Literal["page", "auto", "deny"]

CLIENT_ID = "fa4e5b07" * 4
CLIENT_SECRET = "5ec4e700" * 4


class Site:
    """All that may be changed while :class:`FakeSpotify` runs, and what its endpoints need to know of it."""

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
        albums: int = 0,
        shows: int = 0,
        episodes: int = 0,
        audiobooks: int = 0,
        rotate_refresh_tokens: bool = False,
        ties: float = 0.15,
        users: Sequence[str] = ("listener",),
        editable: bool = False,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        redirect_uris: set[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Seed a library for each of *users*; nothing listens before :meth:`FakeSpotify.start`."""
        sizes = Sizes(
            tracks=tracks,
            playlists=playlists,
            artists=artists,
            albums=albums,
            shows=shows,
            episodes=episodes,
            audiobooks=audiobooks,
            ties=ties,
        )
        first, *others = users
        self.user = first_user(first, seed, sizes)
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
        self.users_by_key = {self.user.key: self.user}
        self.browser_user = self.user
        self.log = RequestLog()
        self.cohort: Cohort = cohort
        self.editable = editable
        for name in others:
            self.add_user(name, **asdict(sizes))

    # Where it is

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

    # People

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
        albums: int = 0,
        shows: int = 0,
        episodes: int = 0,
        audiobooks: int = 0,
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
        sizes = Sizes(
            tracks=tracks,
            playlists=playlists,
            artists=artists,
            albums=albums,
            shows=shows,
            episodes=episodes,
            audiobooks=audiobooks,
            ties=ties,
        )
        seed_library(user, sizes)
        self.users_by_key[name] = user
        return user

    # What was asked

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests answered so far, pictures left out."""
        return list(self.log.requests)

    @property
    def peak_in_flight(self) -> int:
        """The most requests that were being answered at once."""
        return self.log.peak_in_flight

    def count(self, path_prefix: str | None = None) -> int:
        """Count requests, all or those below a path, with or without ``/v1``."""
        return self.log.count(path_prefix)

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.log.clear()
