"""The front page as what it has to copy and to type."""

from __future__ import annotations

from django_spotify_sync.testing import FakeSpotify
from tests.kit.documentation import ROOT, code_blocks, sections

README = ROOT / "README.md"
INSTALL = sections("README.md")["Install"]
CALLBACK = "http://127.0.0.1:8000/spotify/callback/"
REDIS = "redis://localhost:6379/1"
START = "python manage.py runserver"


def block_for(file: str) -> str:
    """Return the lines that go to the end of this file."""
    [block] = [one for one in code_blocks(INSTALL, "python") if one.startswith(f"# {file},")]
    return block


def typed(block: str) -> list[str]:
    """Return what a reader types, without prompts."""
    lines = [line for line in block.splitlines() if line.startswith("$ ")]  # others are answers
    return [line.removeprefix("$ ") for line in lines]


def settings_for(spotify: FakeSpotify, redis_url: str, prefix: str) -> list[str]:
    """Return the front page's settings, with a Redis of ours, keys that begin so, and a Spotify that is fake."""
    block = block_for("settings.py")
    assert REDIS in block
    return [
        block.replace(REDIS, redis_url),
        f'CACHES["spotify"]["KEY_PREFIX"] = {prefix!r}',
        *(f"{name} = {value!r}" for name, value in list(spotify.settings.items())[2:]),
        "",
    ]


def as_done_alone(lines: list[str], spotify: FakeSpotify, start: str) -> list[str]:
    """Put in what a person would say or do; *start* stands for starting the site and looking at it."""
    user = "python manage.py createsuperuser --username ada"
    by_hand = {
        'echo "export SPOTIFY_CLIENT_ID=…" >> .env': (
            f'echo "export SPOTIFY_CLIENT_ID={spotify.client_id}" >> .env'
        ),
        'echo "export SPOTIFY_CLIENT_SECRET=…" >> .env': (
            f'echo "export SPOTIFY_CLIENT_SECRET={spotify.client_secret}" >> .env'
        ),
        user: f"{user} --noinput",
        START: start,
    }
    assert by_hand.keys() <= set(lines)
    return [by_hand.get(line, line) for line in lines]
