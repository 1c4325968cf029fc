"""A site that ran the tagged release before this one: its rows are migrated, and the next syncs lose none of them.

`rows/` holds what that release itself wrote, column by column, on the library of `library()`: tag `before15`, whose
newest migration is the file's name. It asked a FakeSpotify whose address stands there as https://fake.example.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    LibraryChange,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
)
from django_spotify_sync.sync import execute, sync
from django_spotify_sync.testing import FakeSpotify, LocalFile
from tests.kit.connecting import let_pauses_end, stored
from tests.migrations.test_folded_names import APP, latest, migrate

[ROWS] = (Path(__file__).parent / "rows").glob("*.jsonl")
BEFORE = ROWS.stem
LIBRARY_AT = 1_795_600_000.0
#: What each reader of a list is answered otherwise, and so is not the list's; the next sync stores it with the reader.
GONE = {("Playlist", "public")}

type Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def library() -> Iterator[FakeSpotify]:
    """Run a Spotify that has what that release had read when it was asked."""
    with FakeSpotify(tracks=8, artists=3, clock=lambda: LIBRARY_AT) as fake:
        fake.add_user("grace", tracks=60)
        rain = fake.user.add_playlist("Rain", tracks=3)
        fake.user.add_playlist("Étude", tracks=2)
        rain.insert(1, [LocalFile("Tove Ravnsholt", "Kitchen & Tapes", "Rain: take 2", 273)])
        rain.null(2)
        fake.clock = time.time
        yield fake


@pytest.fixture
def spotify(settings: Any) -> Iterator[FakeSpotify]:
    with library() as fake:
        for name, value in fake.settings.items():
            setattr(settings, name, value)
        yield fake


@pytest.fixture
def rows(spotify: FakeSpotify) -> Rows:
    """Give the rows by model."""
    found: Rows = defaultdict(list)
    for line in ROWS.read_text().replace("https://fake.example", spotify.url).splitlines():
        row = json.loads(line)
        found[row.pop("model")].append(row)
    return found


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """Give the models of before, in whose tables what is stored is migrated when the test says so."""
    yield migrate(BEFORE)
    migrate(latest())


def store(model: Any, rows: list[dict[str, Any]]) -> None:
    columns = {field.attname: field for field in model._meta.concrete_fields}
    for column in columns.values():
        column.auto_now = column.auto_now_add = False  # the times are those of the rows
    model.objects.bulk_create(
        model(**{name: columns[name].to_python(value) for name, value in row.items()})
        for row in rows
    )


def count_on(models: list[Any]) -> None:
    """Have the next rows numbered after these."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def let_consents_last() -> None:
    """Whatever the day is."""
    SpotifyAccount.objects.update(reauthorize_by=timezone.now() + timedelta(days=100))


def know_again(spotify: FakeSpotify, account: SpotifyAccount) -> None:
    """Have Spotify know the refresh token which that release sealed; its access token has expired by now."""
    grants, who = spotify.accounts.grants, spotify.users_by_key[account.spotify_id]
    grant = grants._refresh[spotify.grant(who)["refresh_token"]]
    refresh_token = SpotifyToken.objects.get(account=account).unseal().refresh.reveal()
    grant.refresh_tokens.add(refresh_token)
    grants._refresh[refresh_token] = grant


def assert_stored(name: str, rows: list[dict[str, Any]]) -> None:
    """Look into the table as it is today for all that its columns held."""
    columns = [column for column in rows[0] if (name, column) not in GONE]
    found = apps.get_model(APP, name).objects.order_by("pk")
    assert [[text_of(row, column) for column in columns] for row in found] == [
        [row[column] for column in columns] for row in rows
    ], name


def text_of(row: Any, column: str) -> Any:
    field = next(one for one in row._meta.concrete_fields if one.attname == column)
    value = field.value_from_object(row)
    return None if value is None else field.value_to_string(row)


def test_a_library_of_the_release_before_goes_on(
    before: Any, django_user_model: Any, rows: Rows, spotify: FakeSpotify
) -> None:
    """One test, since going back and forth takes longer than all that it looks at."""
    tables = before.get_app_config(APP).get_models()
    assert rows.keys() == {model.__name__ for model in tables}, "each of its tables has rows"
    for row in rows["SpotifyAccount"]:
        django_user_model.objects.create(pk=row["user_id"], username=row["spotify_id"])
    with transaction.atomic():
        for name, its in rows.items():
            store(before.get_model(APP, name), its)
    count_on([before.get_model(APP, name) for name in rows])

    migrate(latest())

    for name, its in rows.items():
        assert_stored(name, its)
    let_consents_last()
    for account in SpotifyAccount.objects.all():
        know_again(spotify, account)
    let_pauses_end()
    listener, grace = SpotifyAccount.objects.order_by("pk")
    the_next_syncs_find_all_of_it(listener, spotify)
    what_is_new_is_synced_as_well(listener, spotify)
    runs_that_waited_go_on(grace, spotify)


def the_next_syncs_find_all_of_it(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    before = keys()

    for resource in ("tracks", "playlists", "following"):
        run = sync(account, resource, full=True)
        assert (run.status, run.created, run.removed) == ("succeeded", 0, 0), run.error_detail

    assert keys() == before
    assert stored(account) == spotify.user.entries()
    assert not LibraryChange.objects.exists()


def keys() -> dict[str, list[int]]:
    """Return which rows of libraries there are."""
    libraries = (SavedTrack, FollowedArtist, AccountPlaylist, PlaylistItem)
    return {
        model.__name__: list(model.objects.order_by("pk").values_list("pk", flat=True))
        for model in libraries
    }


def what_is_new_is_synced_as_well(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.user.albums.save(2)

    run = sync(account, "albums")

    assert (run.status, account.saved_albums.count()) == ("succeeded", 2), run.error_detail


def runs_that_waited_go_on(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    """From what they had staged, or anew; without an error either way."""
    assert StagedPage.objects.filter(run__account=account).exists()

    for run in SyncRun.objects.live().filter(account=account):
        run = execute(run.pk)
        assert run.status == "succeeded", run.error_detail

    assert stored(account) == spotify.users_by_key["grace"].entries()
