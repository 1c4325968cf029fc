"""OpenAPI describes what is there: `login/` is only where LOGIN_ENABLED is on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings

ROOT = Path(__file__).parents[2]
OPTIONS = ["--validate", "--fail-on-warn", "--format", "openapi-json"]


@pytest.mark.parametrize("enabled", [True, False])
def test_login_is_described_where_it_is(enabled: bool) -> None:
    host = {
        "INSTALLED_APPS": [*django_settings.INSTALLED_APPS, "drf_spectacular"],
        "REST_FRAMEWORK": {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"},
        "SPOTIFY_SYNC_LOGIN_ENABLED": enabled,
        "AUTHENTICATION_BACKENDS": ["django_spotify_sync.backends.SpotifyBackend"],
    }

    done = subprocess.run(
        [sys.executable, "-m", "django", "spectacular", *OPTIONS],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_OVERRIDES": json.dumps(host),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    paths = json.loads(done.stdout)["paths"]
    assert ("/spotify/login/" in paths) is enabled
    assert {"/spotify/auth/", "/spotify/callback/"} <= set(paths)
