"""How near 40 first imports in four worker processes come to what the window allows, and how many 429s that costs.

FakeSpotify enforces its rolling window on its own. Ideal is what nobody can beat who is never refused: a burst of all
that a window holds at once, and another one whenever the window is over.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import secrets
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, connections

from benchmarks import site
from django_spotify_sync import accounts
from django_spotify_sync.models import SyncRun
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.sync import execute, request_sync

WORKERS, ACCOUNTS, TRACKS = 4, 40, 1500
LATENCY, WINDOW, BELIEVED = 0.1, 30.0, 180

#: What is measured: who asks for the syncs, and how many requests Spotify really allows in a window.
CASES = (("user", 180), ("schedule", 180), ("user", 120))


def main() -> None:
    rows = [_measure(trigger, allowed) for trigger, allowed in CASES]
    site.table(
        f"{ACCOUNTS} first imports of {TRACKS} tracks, {WORKERS} worker processes, "
        f"{LATENCY * 1000:g} ms, REQUESTS_PER_WINDOW = {BELIEVED}",
        rows,
    )
    with site.database():
        print(site.versions())


def _measure(trigger: str, allowed: int) -> dict[str, Any]:
    with site.database(), site.spotify(latency=LATENCY) as spotify:
        for number in range(ACCOUNTS):
            request_sync(_connected(spotify, number), "tracks", trigger=trigger)
        spotify.do("fake.clear_log()")
        limit = f"testing.RateLimit(requests={allowed}, seconds={WINDOW})"
        spotify.do(f"setattr(fake, 'rate_limit', {limit})")
        started = time.perf_counter()
        _work_in_processes(spotify)
        seconds = time.perf_counter() - started
        log = json.loads(spotify.do("json.dumps([(r.at, r.status) for r in fake.requests])"))
        succeeded = SyncRun.objects.filter(status="succeeded").count()
    answered = sorted(at for at, status in log if status != 429)
    refused = sorted(at for at, status in log if status == 429)
    ideal = (math.ceil(len(answered) / allowed) - 1) * WINDOW
    took = answered[-1] - answered[0]
    return {
        "asked by": trigger,
        "allowed": allowed,
        "succeeded": succeeded,
        "requests": len(answered),
        "most in 30 s": _most(answered),
        "429s": len(refused),
        "429s 1 s after the first": sum(at > refused[0] + 1 for at in refused) if refused else 0,
        "wall s": round(seconds, 1),
        "fetching s": round(took, 1),
        "ideal s": ideal,
        "times ideal": round(took / ideal, 2),
    }


def _most(arrivals: list[float]) -> int:
    """Return how many came within any window."""
    return max(sum(first <= at < first + WINDOW for at in arrivals) for first in arrivals)


def _connected(spotify: site.Spotify, number: int) -> Any:
    user = get_user_model().objects.create_user(username=secrets.token_hex(4))
    who = f"fake.add_user('listener{number}', tracks={TRACKS})"
    answer = json.loads(spotify.do(f"json.dumps(fake.grant({who}))"))
    grant = oauth.Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=answer["expires_in"],
        scope=answer["scope"],
    )
    return accounts.connect(user, accounts.fetch_profile(grant), grant)


def _work_in_processes(spotify: site.Spotify) -> None:
    overrides = {
        "DATABASES": {"default": connection.settings_dict},
        "SPOTIFY_SYNC_REQUESTS_PER_WINDOW": BELIEVED,
        **spotify.settings,
    }
    os.environ["TEST_OVERRIDES"] = json.dumps(overrides, default=str)
    connections.close_all()
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_work) for _ in range(WORKERS)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        del os.environ["TEST_OVERRIDES"]


def _work() -> None:
    """Do what is due until nothing is left, as a Celery worker with a schedule would."""
    while SyncRun.objects.live().exists():
        due = SyncRun.objects.due().order_by("?").values_list("pk", flat=True).first()
        if due is None:
            time.sleep(0.2)
        else:
            execute(due)
