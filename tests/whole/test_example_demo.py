"""The demo's Spotify in a process of its own, and how the site's copy is held against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.kit.example_site import EXAMPLE, run_at_example_site

EMPTY = ["--tracks", "0", "--playlists", "1", "--items", "0", "--artists", "0"]
EMPTY += ["--albums", "0", "--shows", "0"]


def test_spotify_ends_with_a_demo_that_is_killed(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "demo", "--port", "0", *EMPTY],
        cwd=EXAMPLE,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        said = next((line for line in process.stdout if line.startswith("Spotify ")), "")
        process.kill()
        # Both hold the other end of this pipe: it is at its end when both have ended.
        process.stdout.read()

    assert "FakeSpotify, http://127.0.0.1:" in said


COMPARE = """
import json, django; django.setup()
from demo.comparison import differences
there = {"saved track": [("a", 1), ("b", 2)], "playlist": [("p",)]}
print(json.dumps([
    differences(there, there),
    differences({**there, "saved track": [("a", 1), ("b", 3)]}, there),
    differences({**there, "playlist": []}, there),
]))
"""


def test_what_differs_is_named(tmp_path):
    done = run_at_example_site(COMPARE, f"sqlite:///{tmp_path}/site.sqlite3")

    assert done.stdout.strip() == (
        "[[], [\"saved track 2: ('b', 3) here, ('b', 2) at Spotify\"], "
        '["playlists: 0 here, 1 at Spotify"]]'
    ), done.stderr


BEAT = """
import django; django.setup()
from config.celery import app
from demo import servers
app.conf.beat_schedule = {"at once": {"task": "look for what is due", "schedule": 0.05}}
with servers.beat(app), app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
    print(queue.get(timeout=60).headers["task"])
"""


def test_beat_sends_what_is_due_and_ends_with_its_block(tmp_path):
    done = run_at_example_site(BEAT, f"sqlite:///{tmp_path}/site.sqlite3")

    assert (done.stdout.strip(), done.returncode) == ("look for what is due", 0), done.stderr


LIFE = """
from django_spotify_sync.testing import FakeSpotify
from demo.life import live
from demo.spotify import library_of
for tracks, playlists in ((0, 0), (59, 1), (120, 6)):
    user = FakeSpotify(tracks, playlists, 5, albums=4).user
    before = library_of(user)
    live(user)
    after = library_of(user)
    more = [len(after[kind]) - len(before[kind]) for kind in before][:5]
    print(more, None in [row[0] for row in after["saved track"]])
isrcs = [entry.track.isrc for entry in user.saved if entry.track]
print(len(isrcs) - len(set(isrcs)))
"""


def test_a_week_goes_by_in_libraries_of_every_size(tmp_path):
    done = run_at_example_site(LIFE, f"sqlite:///{tmp_path}/site.sqlite3")

    none, few, some, doubles = done.stdout.splitlines()
    assert none == "[0, 0, 0, 1, 1] False", done.stderr
    assert few.startswith("[0, ")
    assert some.startswith("[9, 1, ")
    assert some.endswith("True")
    assert doubles == "1"


def environment(folder: Path) -> dict[str, str]:
    """Return this process's, without what is the tests' own, and with a database and keys of its own."""
    ours = {"REDIS_URL", "DJANGO_SETTINGS_MODULE", "TEST_OVERRIDES"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "DJANGO_SECRET_KEY": "not a secret, this is a test",
        "FERNET_KEY": "JsCVCkFpFwBjcK17Hc8V_rGauBvBSa2iH8-aVzRQoD4=",
    }
