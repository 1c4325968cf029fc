"""Commands are for operators and their scripts: English, whatever LANGUAGE_CODE says."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.utils import translation

from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import request_sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db(transaction=True)

#: Each command as it says most; it waits for nobody.
SAYING: dict[str, list[list[str]]] = {
    "spotify_sync": [
        ["--all"],
        ["--all", "--json"],
        ["--all", "--dry-run"],
        ["--due"],
        ["--user", "nobody"],
        ["--all", "--only", "podcasts"],
    ],
    "spotify_status": [[], ["--json"]],
    "spotify_refresh_tokens": [[]],
    "spotify_rotate_keys": [[], ["--json"]],
    "spotify_generate_key": [[]],
    "spotify_prune": [[]],
    "spotify_export": [["--user", "nobody"], ["--user", "ada", "--as", "exportify"]],
    "spotify_loss": [["show", "--user", "ada"], ["keep", "--user", "ada"]],
    "spotify_adopt": [["--from", "allauth"], ["--from", "social-auth", "--user", "nobody"]],
    "spotify_fake": [],  # which runs until it is stopped; FakeSpotify knows no translations
}


def test_every_command_is_in_the_table() -> None:
    ours = {name for name, app in get_commands().items() if app == "django_spotify_sync"}

    assert ours <= set(SAYING)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    ("name", "options"), [(name, options) for name, every in SAYING.items() for options in every]
)
def test_a_command_speaks_english(
    user: Any, spotify: FakeSpotify, name: str, options: list[str], fails: bool
) -> None:
    account = connect(user, spotify)
    if fails:
        account.status = "reauthorization_required"
        account.save()
        SyncRun.objects.create(
            account=account,
            resource="tracks",
            trigger="user",
            status="failed",
            error_code="not_connected",
            error_detail="No Spotify account is connected.",
        )
    else:
        request_sync(account, "tracks")
    told = io.StringIO()

    with translation.override("ru"):
        try:
            call_command(name, *options, stdout=told, stderr=told)
        except (CommandError, SystemExit) as error:
            told.write(str(error))
        assert translation.get_language() == "ru", "as it was before"

    assert told.getvalue() or fails, "of who cannot be synced there may be nothing to say"
    assert not re.search("[а-яё]", told.getvalue(), re.I), told.getvalue()
    assert not SyncRun.objects.filter(error_detail__regex="[а-я]").exists()
