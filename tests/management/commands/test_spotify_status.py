from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.exceptions import QuotaExceeded
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.models.accounts import wanted_scopes
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.sync.runs.counting import count_attempt
from django_spotify_sync.upkeep.status import read_status
from tests.kit.concurrency import in_processes
from tests.kit.connecting import connect
from tests.kit.libraries import people
from tests.kit.outages import CACHES_AWAY

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("spotify_status", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def ended(account: SpotifyAccount, **values) -> SyncRun:
    now = timezone.now()
    given = {"status": "succeeded", "trigger": "schedule", "resource": "tracks", "finished_at": now}
    run = SyncRun.objects.create(account=account, **given | values)
    count_attempt(run, {"requests": run.requests}, is_mine=True)
    return run


def test_an_empty_site(db):
    lines = dict(line.split(maxsplit=1) for line in told().splitlines())

    assert lines["accounts"] == "none"
    assert lines["blocked"] == "no"
    assert "0 needed" in lines["requests"]
    assert "!" not in told()


def test_accounts_and_runs_are_counted_by_state():
    [ada, grace, *_] = people(3)
    people(2, status="suspect", first=10)
    run = request_sync(ada, "tracks")
    run.start()
    request_sync(grace, "tracks")
    ended(ada)
    ended(ada, status="failed", finished_at=timezone.now() - 30 * HOUR)

    status = read_status()

    assert status.accounts == {
        "connected": 3,
        "suspect": 2,
        "reauthorization_required": 0,
        "disconnected": 0,
    }
    counted = {name: count for name, count in status.runs.items() if count}
    assert counted == {"queued": 1, "running": 1, "succeeded": 1}
    assert status.due.runs == 1
    assert timezone.now() - status.oldest_heartbeat < HOUR
    assert "3 connected, 2 suspect" in told()


def test_what_is_due_and_since_when():
    accounts = people(3)
    now = timezone.now()
    for account, since in zip(accounts, (9 * HOUR, HOUR, -HOUR), strict=True):
        SyncState.objects.create(account=account, resource="tracks", next_sync_at=now - since)

    status = read_status()

    assert (status.due.states, status.due.since) == (2, now - 9 * HOUR)
    assert any("are beat and workers running?" in warning for warning in status.warnings)


def test_a_quota_is_seen(user, spotify):
    [account] = people(1)
    run = request_sync(account, "tracks")
    run.start()
    until = timezone.now() + 20 * HOUR
    run.wait(until, "quota_exceeded")

    answer = json.loads(told("--json"))

    assert list(answer["blocked"]) == ["quota_exceeded"]
    assert abs(datetime.fromisoformat(answer["blocked"]["quota_exceeded"]) - until) < HOUR / 60
    assert "quota_exceeded until 2" in told()
    assert answer["runs"]["waiting"] == 1


def test_a_block_is_lifted_for_every_process_and_the_runs_that_wait(spotify):
    [account] = people(1)
    run = request_sync(account, "tracks")
    run.start()
    run.wait(timezone.now() + 20 * HOUR, "quota_exceeded")
    pace.at_the_door().refused(QuotaExceeded(retry_after=72_000))
    assert pace.blocked() is not None

    [printed] = in_processes(
        1,
        "from django.core.management import call_command\n"
        'call_command("spotify_status", "--unblock", no_color=True)',
        **spotify.settings,
    )

    lines = dict(line.split(maxsplit=1) for line in printed.splitlines())
    assert lines["unblocked"] == "1 runs that waited go on"
    assert lines["blocked"] == "no"
    assert pace.blocked() is None, "this process knew it, too"
    pace.ensure_door_open()
    assert SyncRun.objects.due().get() == run


def test_a_block_is_lifted_and_the_answer_stays_json(spotify):
    pace.shared_pace().refused(QuotaExceeded(retry_after=72_000))

    assert json.loads(told("--unblock", "--json"))["blocked"] == {}


@pytest.mark.parametrize("cache", CACHES_AWAY.values(), ids=[*CACHES_AWAY])
def test_who_cannot_tell_the_others_says_so(settings, cache):
    settings.CACHES = {**settings.CACHES, "away": cache}
    settings.SPOTIFY_SYNC_CACHE = "away"

    with pytest.raises(CommandError, match="the shared cache does not answer"):
        told("--unblock")


def test_requests_needed_and_possible(settings):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 1  # 2,880 a day
    accounts = people(100)
    SyncState.objects.bulk_create(
        SyncState(account=account, resource="tracks", interval=12 * HOUR) for account in accounts
    )
    for account in accounts[:10]:
        ended(account, mode="probe", requests=2)
    ended(accounts[0], mode="full", requests=70, created=3500)
    ended(accounts[0], mode="delta", requests=7 * 5, created=1)
    ended(
        accounts[0],
        mode="delta",
        requests=999,
        created=1,
        finished_at=timezone.now() - 8 * 24 * HOUR,
    )

    requests = read_status().requests

    # 100 accounts, twice a day, two requests each; a whole pass of 70 a week each; 5 a day for what changed
    assert (requests.checks, requests.whole_passes, requests.changes) == (400, 1000, 5)
    assert (requests.needed, requests.possible) == (1405, 2880)
    assert read_status().warnings == []

    SyncState.objects.update(interval=None)  # every 6 hours
    assert read_status().requests.checks == 800
    SyncState.objects.filter(account__in=accounts[:60]).update(interval=HOUR)  # shorter than is set
    assert read_status().requests.checks == 800
    settings.SPOTIFY_SYNC_SYNC_INTERVAL = 3 * HOUR
    assert read_status().requests.share > 0.7
    assert "! 90% of the requests" in told()
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None
    assert "no pace is set" in told()


def test_a_quota_that_was_met_says_what_is_possible(settings):
    SyncState.objects.bulk_create(
        SyncState(account=account, resource="tracks", interval=6 * HOUR) for account in people(100)
    )
    assert (
        "Spotify allows    not known, since no quota was met in 30 days; apps in development"
        in told()
    )
    assert "measured at some 600 requests a day for each kind of address" in told()

    mine = pace.shared_pace()
    mine.grant(500)
    mine.refused(QuotaExceeded(retry_after=72_000))

    requests = read_status().requests
    assert (requests.needed, requests.possible, requests.seen.requests) == (400, 500, 500)
    assert "400 needed (400 checks, 0 whole passes, 0 changes) of 500 possible: 80%" in told()
    assert "Spotify allows    500 requests a day, as seen when a quota was met at 2" in told()
    assert "! 80% of the requests" in told()
    assert json.loads(told("--json"))["requests"]["seen"]["requests"] == 500

    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 1
    settings.SPOTIFY_SYNC_WINDOW = 24 * HOUR
    assert read_status().requests.possible == 1, "which the site itself does not go beyond"


def test_collections_are_read_whole_at_an_interval_of_their_own(settings):
    settings.SPOTIFY_SYNC_COLLECTION_FULL_INTERVAL = 12 * HOUR
    accounts = people(10)
    SyncState.objects.bulk_create(
        SyncState(account=account, resource="following", interval=6 * HOUR) for account in accounts
    )
    ended(accounts[0], resource="following", mode="full", requests=6)
    ended(accounts[0], resource="following", mode="probe", requests=6)  # whole, and found nothing

    assert read_status().requests.checks == 10 * 4
    assert read_status().requests.whole_passes == 10 * 6 * 2
    settings.SPOTIFY_SYNC_FULL_SYNC_INTERVAL = HOUR
    assert read_status().requests.whole_passes == 10 * 6 * 2, "which is for the others"
    SyncState.objects.update(interval=24 * HOUR)
    assert read_status().requests.whole_passes == 10 * 6, "no more often than they are looked at"


def test_what_was_not_agreed_to_needs_no_requests(settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["albums", "episodes"]
    [account] = people(1)
    SpotifyToken.objects.create(
        account=account, scope="user-library-read", expires_at=timezone.now()
    )
    for resource in settings.SPOTIFY_SYNC_RESOURCES:
        SyncState.objects.create(account=account, resource=resource, interval=24 * HOUR)

    assert read_status().requests.checks == 1


def test_accounts_that_lack_a_scope_are_counted(settings):
    old, new, gone, unknown = people(4)
    scopes = {old: "user-library-read", new: f"{' '.join(wanted_scopes())} more", gone: "other"}
    scopes[unknown] = ""
    for account, scope in scopes.items():
        SpotifyToken.objects.create(account=account, scope=scope, expires_at=timezone.now())
    SpotifyAccount.objects.filter(pk=gone.pk).update(status="reauthorization_required")

    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following", "episodes"]

    missing = {"user-follow-read": 1, "user-read-playback-position": 2}
    assert read_status().missing_scopes == missing
    assert json.loads(told("--json"))["missing_scopes"] == missing
    assert "missing scopes    1 user-follow-read, 2 user-read-playback-position (" in told()
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]
    assert "missing scopes" not in told()


def test_it_says_what_one_real_sync_cost(transactional_db, user, spotify, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following"]
    account = connect(user, spotify)
    sync(account, "tracks")
    execute(request_sync(account, "tracks", trigger="schedule").pk)

    answer = json.loads(told("--json"))

    # three resources, four times a day (tracks after a while less often): 1 for tracks, the others as a rule
    others = RESOURCES["playlists"].check_costs + RESOURCES["following"].check_costs
    assert answer["requests"]["checks"] == round(24 / 9 + 4 * others)
    assert [key["rows"] for key in answer["keys"]] == [1]
    assert spotify.settings["SPOTIFY_SYNC_CLIENT_ID"] not in told()


def test_it_costs_the_same_for_two_and_for_two_hundred():
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            read_status()
        return len(queries)

    statements()
    few = statements()
    for account in people(200):
        SyncState.objects.create(account=account, resource="tracks", next_sync_at=timezone.now())
        ended(account, mode="probe", requests=1)

    assert statements() == few <= 14


# For cron and Nagios


def test_a_site_that_is_well_is_told_in_one_line():
    assert told("--check") == "All is well.\n"


def test_a_site_that_is_not_well_is_told_in_one_line_and_by_the_exit_code(settings, capsys):
    settings.SPOTIFY_SYNC_FERNET_KEYS = []

    with pytest.raises(SystemExit) as ended:
        call_command("spotify_status", "--check")

    assert ended.value.code == 1
    words = "There is no key to seal tokens with: set SPOTIFY_SYNC_FERNET_KEYS.\n"
    assert capsys.readouterr().out == words


def test_a_block_is_lifted_before_it_is_looked_at(spotify):
    pace.shared_pace().refused(QuotaExceeded(retry_after=72_000))

    with pytest.raises(SystemExit):
        told("--check")
    assert told("--check", "--unblock") == "All is well.\n"
