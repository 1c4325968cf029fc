"""The example site, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "example_project"


def run_at_example_site(script: str, database: str) -> subprocess.CompletedProcess[str]:
    """Run a script as the example site, on a database given as its URL; return what became of it."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=EXAMPLE,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("SPOTIFY_")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "FERNET_KEY": "JsCVCkFpFwBjcK17Hc8V_rGauBvBSa2iH8-aVzRQoD4=",
            "DJANGO_SECRET_KEY": "not a secret, this is a test",
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
