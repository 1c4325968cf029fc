"""manage.py demo: the example site with all that it needs, taken once through its whole way, and then served."""

from __future__ import annotations

import os
import secrets
import signal
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import F
from django.test import override_settings
from django.urls import reverse
from django_spotify_sync.management.progress import Progress
from django_spotify_sync.models import LibraryChange, SpotifyAccount, SyncRun

from config.celery import app
from demo import servers
from demo.comparison import differences, library_here
from demo.spotify import LATENCY, Library, Spotify
from demo.visitor import Stuck, Visitor

NAME = "demo"
LABELS = ("1st sync", "2nd sync", "3rd sync")
#: So long ago the first two are said to have been, so that the journal has more days than one.
AGES = (timedelta(days=14), timedelta(days=7))
TITLES = {
    "tracks": "saved tracks",
    "playlists": "playlists",
    "following": "followed artists",
    "albums": "saved albums",
    "shows": "saved shows",
    "episodes": "saved episodes",
    "audiobooks": "saved audiobooks",
}
# Django's first choice takes 0.8 s for each of two looks at a password that is made up anew each time.
HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
TRACKS, PLAYLISTS, LONG_PLAYLIST, ARTISTS = 10_000, 60, 10_000, 300
#: Of these only what the site has a shelf for.
THINGS = {"albums": 60, "shows": 20, "episodes": 40, "audiobooks": 12}


class Command(BaseCommand):
    help = "Migrate, connect a demo user, sync their library three times, and serve the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=os.environ.get("PORT") or "8000",
            help="where the site is served (PORT)",
        )
        parser.add_argument(
            "--no-serve",
            action="store_true",
            default=os.environ.get("SERVE") == "0",
            help="end after the table, on a port that is free (SERVE=0)",
        )
        parser.add_argument("--tracks", type=int, default=TRACKS, help="how many FakeSpotify has")
        parser.add_argument("--playlists", type=int, default=PLAYLISTS, help="how many, at least 1")
        parser.add_argument(
            "--items", type=int, default=LONG_PLAYLIST, help="how many the longest playlist has"
        )
        parser.add_argument("--artists", type=int, default=ARTISTS, help="how many are followed")
        for thing, count in THINGS.items():
            parser.add_argument(
                f"--{thing}",
                type=int,
                default=count if thing in settings.SPOTIFY_SYNC_RESOURCES else 0,
                help="how many are saved (%(default)s)",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["no_serve"] and not settings.SPOTIFY_IS_FAKE:
            raise CommandError(
                "SPOTIFY_CLIENT_ID is set, and at the real Spotify only a person can agree: without "
                "serving there is nothing to show. Leave out SERVE=0, or SPOTIFY_CLIENT_ID."
            )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with ExitStack() as running:  # whatever ends this also ends what was started
                self._run(running, **options)
        except Stuck as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None

    def _run(self, running: ExitStack, *, port: int, no_serve: bool, **library: Any) -> None:
        fake = _invented(running, **library) if settings.SPOTIFY_IS_FAKE else None
        self._say(f"Database   {connection.vendor}: {connection.settings_dict['NAME']}")
        call_command("migrate", verbosity=0)
        try:
            site = running.enter_context(servers.web_server(0 if no_serve else port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is not to be had ({error.strerror}); choose another: PORT=8001."
            ) from error
        if fake:
            fake.start(site + reverse("spotify_sync:callback"))
            running.enter_context(override_settings(**fake.settings))
        environment = {"FAKE_SPOTIFY_PORT": str(fake.port)} if fake else {}
        kind = running.enter_context(servers.worker(app, environment))
        self._say(f"Site       {site}/")
        self._say(f"Worker     {kind}")
        if fake:
            self._say(f"Spotify    FakeSpotify, {fake.url}, {LATENCY * 1000:.0f} ms an answer")
        else:
            self._say(f"Spotify    the real one, client id {settings.SPOTIFY_SYNC_CLIENT_ID}")
        self._say("")

        running.enter_context(override_settings(PASSWORD_HASHERS=HASHERS))
        password = secrets.token_hex(4)
        user = demo_user(password)
        running.enter_context(override_settings(DEMO_USER=(NAME, password)))
        if fake:
            self._show(site, user, password, fake)
        if not no_serve:
            running.enter_context(servers.beat(app))
            self._serve(site, password)

    def _show(self, site: str, user: Any, password: str, fake: Spotify) -> None:
        """Connect, sync, sync again, live for a week, sync once more; hold the rows against what FakeSpotify has."""
        if SpotifyAccount.objects.filter(user=user).exclude(spotify_id=fake.user_id).exists():
            raise CommandError(
                f"In this database {NAME} is connected to the real Spotify. "
                "Let DATABASE_URL name another one, so that the two are not mixed."
            )
        # Begin afresh: a FakeSpotify that was started again does not know the grants it gave before.
        SpotifyAccount.objects.filter(spotify_id=fake.user_id).delete()
        visitor = Visitor(site)
        visitor.sign_in(NAME, password)
        with override_settings(SPOTIFY_SYNC_SYNC_ON_CONNECT=False):  # each is asked for below
            visitor.connect_spotify()
        account = SpotifyAccount.objects.get(user=user)
        self._say(f"{NAME} signed in, agreed at Spotify and came back: {account}")

        unthrottled = override_settings(SPOTIFY_SYNC_THROTTLE_RATES={})  # no person asks so often
        with unthrottled:
            first, second = [self._sync_all(visitor, label) for label in LABELS[:2]]
        there = self._compared(account, fake)
        # Which of its shows are audiobooks a site knows only when it has read both.
        unsettled = {"shows", "audiobooks"} if "audiobooks" in second else set()
        if any(written(run) for resource, run in second.items() if resource not in unsettled):
            raise CommandError("The second sync wrote rows, though nothing had changed.")
        fake.live()
        with unthrottled:
            # In full: that a track was withdrawn no total tells, and a look at the newest ones neither.
            third = self._sync_all(visitor, LABELS[2], full=True)
        self._compared(account, fake)
        for runs, age in zip((first, second), AGES, strict=True):
            set_back(runs, age)
        self._say(table(first, second, third))
        titles = [TITLES[resource] for resource in first]
        *counts, last = [f"{len(there[title.removesuffix('s')]):,} {title}" for title in titles]
        self._say(
            f"All {', '.join(counts)} and {last} are here as Spotify has them: compared row by row."
        )
        lines = LibraryChange.objects.filter(run__in=[run.pk for run in third.values()]).count()
        self._say(
            f"Then a week went by at Spotify: {lines} changes are in the journal, and the copy is right again.\n"
            "On the pages the first two syncs are set back by two weeks and by one."
        )
        name = Visitor(site).sign_in_with_spotify()
        self._say(f"Signed in with Spotify, without a password: {name}.\n")

    def _sync_all(self, visitor: Visitor, label: str, *, full: bool = False) -> dict[str, SyncRun]:
        resources = settings.SPOTIFY_SYNC_RESOURCES
        return {one: self._sync(visitor, one, label, full=full) for one in resources}

    def _compared(self, account: SpotifyAccount, fake: Spotify) -> Library:
        """Return the library at Spotify, of which each row is here.

        :raises CommandError: if one is not.
        """
        fake.ask_for_library()
        here, there = library_here(account), fake.library()
        if found := differences(here, there):
            raise CommandError("The copy is not right:\n  " + "\n  ".join(found[:10]))
        return there

    def _sync(self, visitor: Visitor, resource: str, label: str, *, full: bool) -> SyncRun:
        title = f"{label}, {TITLES[resource]}"
        progress = Progress(self.stdout, title)
        try:
            run = visitor.sync(resource, progress.show, full=full)
        finally:
            progress.close()
        if run.status != SyncRun.Status.SUCCEEDED:
            raise CommandError(f"{title}: {run.status} {run.reason} {run.error_detail}")
        return run

    def _serve(self, site: str, password: str) -> None:
        if not settings.SPOTIFY_IS_FAKE:
            self._say(
                "Only you can agree at the real Spotify:\n"
                "  1. In Spotify's dashboard (https://developer.spotify.com/dashboard) give your app "
                f"the redirect URI\n     {site}{reverse('spotify_sync:callback')}\n"
                "  2. While the app is in development mode, add your own account to its users there.\n"
                "  3. Open the site, sign in, choose “Connect Spotify”: the first sync begins by itself.\n"
            )
        try:
            self._say(
                f"Open {site}/ and sign in: user {NAME}, password {password}. Ctrl-C ends it.\n"
                "Celery's beat looks every minute for what is due: syncs come by themselves, as the overview says when."
            )
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            self._say("\nStopping the worker and the servers.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _invented(running: ExitStack, **options: Any) -> Spotify:
    """Have a library invented in a process of its own, which goes on while the site is made ready."""
    fake = Spotify(
        **{size: options[size] for size in ("tracks", "playlists", "items", "artists", *THINGS)}
    )
    running.callback(fake.stop)
    return fake


def demo_user(password: str) -> Any:
    """Return the demo's user, who has no rights on the site and this password from now on."""
    user, _ = get_user_model().objects.get_or_create(username=NAME)
    user.set_password(password)
    user.save()
    return user


def set_back(runs: dict[str, SyncRun], age: timedelta) -> None:
    """Let runs, and what the journal says of them, be so much older."""
    mine = SyncRun.objects.filter(pk__in=[run.pk for run in runs.values()])
    moments = ("created_at", "published_at", "started_at", "heartbeat_at", "finished_at")
    mine.update(**{name: F(name) - age for name in moments})
    LibraryChange.objects.filter(run__in=mine).update(seen_at=F("seen_at") - age)


def written(run: SyncRun) -> int:
    """Count the rows of the library that a run wrote."""
    return run.created + run.updated + run.removed


def table(*syncs: dict[str, SyncRun]) -> str:
    """Lay out what each sync cost."""
    lines = [f"{'':<28}{'rows written':>14}{'unchanged':>12}{'requests':>11}{'seconds':>10}"]
    for resource in syncs[0]:
        title = TITLES[resource]
        for label, runs in zip(LABELS, syncs, strict=True):
            run = runs[resource]
            seconds = (run.finished_at - run.created_at).total_seconds()
            lines.append(
                f"{title:<18}{label:<10}{written(run):>14,}{run.unchanged:>12,}"
                f"{run.requests:>11,}{seconds:>10.1f}"
            )
            title = ""
    return "\n" + "\n".join(lines) + "\n\n"
