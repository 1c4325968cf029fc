"""Accounts and libraries for the tests of a site, as connecting and first syncs would have left them, without HTTP.

Unlike FakeSpotify this knows Django, so it is imported by its own name:
``from django_spotify_sync.testing import factories``. It works inside the transaction of an ordinary test.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.db import router
from django.test import override_settings

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.answers.profile import parse_profile
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.spotify.oauth import Grant
from django_spotify_sync.sync import request_sync
from django_spotify_sync.sync.catalog_writer import CatalogWriter
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.sync.runs.transaction import write
from django_spotify_sync.testing.fake import FakeSpotify
from django_spotify_sync.testing.music.users import User

ADDRESS = "https://spotify.invalid"  # in the addresses of pictures; nothing is asked there


def account(
    user: Any,
    *,
    tracks: int = 0,
    playlists: int = 0,
    artists: int = 0,
    albums: int = 0,
    shows: int = 0,
    episodes: int = 0,
    audiobooks: int = 0,
    seed: int = 1,
) -> SpotifyAccount:
    """Connect *user*, who has saved, made or followed so many of each kind; return the account.

    Each resource that has any is synced: its rows are there, its run, its state, and its line in the journal. All
    accounts of one *seed* have saved the same music; another seed, other music.

    :raises UnknownResource: if the site's RESOURCES lack one of which some are wanted.
    """
    fake = FakeSpotify(
        tracks,
        playlists,
        artists,
        seed,
        albums=albums,
        shows=shows,
        episodes=episodes,
        audiobooks=audiobooks,
        users=[f"user-{user.pk}"],
        cohort="extended",  # which is refused nothing
        public_url=ADDRESS,
    )
    made = connect(fake, user)
    reader = _Reader(fake, fake.grant(scope=_scope())["access_token"])
    wanted = {
        "tracks": tracks,
        "playlists": playlists,
        "following": artists,
        "albums": albums,
        "episodes": episodes,
        "audiobooks": audiobooks,
        "shows": shows,  # last: audiobooks are listed among them
    }
    for resource, number in wanted.items():
        if number:
            _sync(made, resource, reader)
    return made


def connect(
    fake: FakeSpotify, user: Any, who: User | None = None, *, scope: str | None = None
) -> SpotifyAccount:
    """Connect *user* of the site to *who* of the fake, by default its first user; return the account.

    The grant is the fake's, for *scope* or what the site asks for; the rest is what the callback does, but that no sync
    is queued.
    """
    answer = fake.grant(who or fake.user, _scope() if scope is None else scope)
    grant = Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=answer["expires_in"],
        scope=answer["scope"],
    )
    profile = _Reader(fake, answer["access_token"]).one(Get("/me", parse_profile))
    with override_settings(SPOTIFY_SYNC_SYNC_ON_CONNECT=False):  # a test says itself what it syncs
        return accounts.connect(user, profile, grant)


class _Reader:
    """Reads a fake's answers as a ``Fetcher`` reads those of the Web API, one after the other."""

    def __init__(self, fake: FakeSpotify, access_token: str) -> None:
        self._fake = fake
        self._access_token = access_token

    def one[Answer](self, get: Get[Answer]) -> Answer:
        [(_, answer)] = self.each([get])
        return answer

    def each[Answer](self, gets: Iterable[Get[Answer]]) -> Iterator[tuple[Get[Answer], Answer]]:
        for get in gets:
            query = {name: str(value) for name, value in get.params.items()}
            body = self._fake.read(get.path, query, self._access_token, conf.ACCEPT_LANGUAGE)
            yield get, get.parse(json.loads(body))


def _scope() -> str:
    return " ".join(accounts.wanted_scopes())


def _sync(account: SpotifyAccount, resource: str, reader: _Reader) -> None:
    """Do what a run does, but for asking by HTTP."""
    using = router.db_for_write(SyncRun)
    run = request_sync(account, resource, trigger=Trigger.COMMAND)
    run.start()
    with Beside(using) as beside:
        work = Work(
            run=run,
            account=account,
            state=SyncState.objects.using(using).get(account=account, resource=resource),
            fetch=cast(Fetcher, reader),
            using=using,
            progress=lambda done, total: None,
            beside=beside,
            catalog=CatalogWriter(beside, using),
        )
        fetched = RESOURCES[resource].fetch(work)
    write(run, fetched, work.learned, 0, using)
