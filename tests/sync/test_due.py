from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import SpotifyAccount, StagedPage, SyncRun, SyncState
from django_spotify_sync.sync import due, request_sync, take_due
from tests.kit.concurrency import at_once, in_processes
from tests.kit.connecting import connect
from tests.kit.libraries import people, splits

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def roomy(settings):
    """Let a look take all there is; what the pace leaves is tested below."""
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]


def schedule(
    accounts: list[SpotifyAccount], *, since: timedelta = MINUTE, resource: str = "tracks"
) -> list[SyncState]:
    """Have them all due since so long, the first the longest."""
    now = timezone.now()
    return SyncState.objects.bulk_create(
        SyncState(
            account=account,
            resource=resource,
            next_sync_at=now - since - MINUTE * (len(accounts) - number),
        )
        for number, account in enumerate(accounts)
    )


def waiting_since(run: SyncRun, since: timedelta, reason: str = "rate_limited") -> SyncRun:
    run.start()
    run.wait(timezone.now() - since, reason)
    return run


def resources_of(ids: list[int]) -> list[tuple[int, str]]:
    found = {run.pk: (run.account_id, run.resource) for run in SyncRun.objects.filter(pk__in=ids)}
    return [found[pk] for pk in ids]


# Who is due


def test_who_is_due_gets_a_run_of_the_schedule():
    [ada, grace] = people(2)
    schedule([ada])
    schedule([grace], since=-HOUR)

    [run_id] = take_due()

    run = SyncRun.objects.get()
    assert (run.pk, run.account, run.trigger, run.status) == (run_id, ada, "schedule", "queued")
    assert run.published_at is not None
    assert take_due() == []


def test_the_longest_overdue_come_first(settings):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 2  # leaves room for three in a minute
    accounts = people(5)
    schedule(accounts)

    first = resources_of(take_due())

    assert sorted(first) == [(account.pk, "tracks") for account in accounts[:3]]
    assert take_due() == []  # until a worker has begun some
    SyncRun.objects.update(status="running", heartbeat_at=timezone.now())
    assert sorted(resources_of(take_due())) == [(account.pk, "tracks") for account in accounts[3:]]


def test_a_night_that_was_slept_through_is_not_caught_up_with_in_one_minute(settings):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 100
    schedule(people(400), since=9 * HOUR)

    assert len(take_due()) == 160  # four fifths of what two windows allow, each a request at least


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_without_a_grant_that_serves_nobody_is_synced(status):
    [account] = people(1, status=status)
    schedule([account])

    assert take_due() == []
    assert not SyncRun.objects.exists()
    SpotifyAccount.objects.update(status="connected")
    assert take_due() == []  # is asked about again later, so that no look stumbles over the same
    SyncState.objects.update(next_sync_at=timezone.now())
    assert len(take_due()) == 1


def test_who_has_a_live_run_gets_no_other(django_assert_max_num_queries):
    [account] = people(1)
    schedule([account])
    run = request_sync(account, "tracks")
    run.publish()

    assert take_due() == []
    assert SyncRun.objects.get() == run
    assert SyncState.objects.get().next_sync_at > timezone.now()


def test_a_resource_that_the_site_no_longer_syncs_is_left_alone(settings):
    [account] = people(1)
    schedule([account], resource="following")
    schedule([account], resource="tracks")

    assert resources_of(take_due()) == [(account.pk, "tracks")]


def test_a_resource_that_is_new_comes_to_those_who_were_there_before(settings):
    [account] = people(1)
    schedule([account], resource="tracks")
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists"]

    found = resources_of(take_due() + take_due())

    assert sorted(found) == [(account.pk, "playlists"), (account.pk, "tracks")]


def test_a_resource_that_takes_the_place_of_all_others_comes_too(settings):
    [account] = people(1)
    schedule([account], resource="tracks")
    settings.SPOTIFY_SYNC_RESOURCES = ["playlists"]

    found = resources_of(take_due() + take_due())

    assert found == [(account.pk, "playlists")]


def test_a_run_of_a_resource_that_was_taken_away_comes_to_an_end(settings):
    accounts = people(2)
    waiting = waiting_since(request_sync(accounts[0], "tracks"), MINUTE, "interrupted")
    lost = lose(request_sync(accounts[1], "tracks"))
    settings.SPOTIFY_SYNC_RESOURCES = ["playlists"]

    found = {*resources_of(take_due())}

    assert {(account.pk, "tracks") for account in accounts} <= found
    assert SyncRun.objects.get(pk=waiting.pk).published_at is not None
    assert SyncRun.objects.get(pk=lost.pk).status == "lost"


# The hook


asked: list[tuple[Any, str]] = []


def only_odd(account: SpotifyAccount, resource: str) -> bool:
    assert not connection.in_atomic_block
    asked.append((account.user.username, resource))
    if account.user.username == "user 3":
        raise ZeroDivisionError
    return account.user.username[-1] in "13579"


def test_the_site_says_who_may_be_synced(settings, caplog):
    settings.SPOTIFY_SYNC_MAY_SYNC = "tests.sync.test_due.only_odd"
    accounts = people(6)
    schedule(accounts)
    asked.clear()

    assert sorted(resources_of(take_due())) == [
        (accounts[1].pk, "tracks"),
        (accounts[5].pk, "tracks"),
    ]

    assert asked == [(f"user {number}", "tracks") for number in range(6)]
    [record] = [record for record in caplog.records if "MAY_SYNC raised" in record.message]
    assert (record.account_id, record.resource) == (accounts[3].pk, "tracks")
    assert take_due() == []  # nobody is asked about again at once
    assert len(asked) == 6


def test_the_site_is_told_that_it_is_the_schedule(settings):
    told = []

    def hook(account: SpotifyAccount, resource: str, trigger: str) -> bool:
        told.append(trigger)
        return True

    settings.SPOTIFY_SYNC_MAY_SYNC = hook
    schedule(people(1))

    assert len(take_due()) == 1
    assert told == ["schedule"]


def test_those_who_may_not_keep_nobody_from_theirs(settings, monkeypatch):
    monkeypatch.setattr(due, "CHUNK", 4)
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource: account.user.username == "user 9"
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 1
    accounts = people(10)
    schedule(accounts)

    assert resources_of(take_due()) == [(accounts[9].pk, "tracks")]


def test_a_slow_hook_keeps_nobody_from_theirs_for_ever(settings, monkeypatch):
    """What was decided when the time is over counts, so that the next look does not begin with the same."""
    now = [0.0]

    def slow(account: SpotifyAccount, resource: str) -> bool:
        now[0] += due.LOOK_SECONDS / 3
        return True

    monkeypatch.setattr(due, "monotonic", lambda: now[0])
    settings.SPOTIFY_SYNC_MAY_SYNC = slow
    accounts = people(7)
    schedule(accounts)

    looks = [sorted(resources_of(take_due())) for _ in range(4)]

    keys = [(account.pk, "tracks") for account in accounts]
    assert looks == [keys[:3], keys[3:6], keys[6:], []]


def test_who_was_synced_while_the_hook_was_asked_is_not_synced_again(settings):
    def meanwhile(account: SpotifyAccount, resource: str) -> bool:
        SyncState.objects.update(next_sync_at=timezone.now() + HOUR)
        return True

    settings.SPOTIFY_SYNC_MAY_SYNC = meanwhile
    schedule(people(1))

    assert take_due() == []
    assert not SyncRun.objects.exists()


def test_a_time_limit_is_no_answer_of_the_hook(settings):
    def limited(account: SpotifyAccount, resource: str) -> bool:
        raise SoftTimeLimitExceeded

    settings.SPOTIFY_SYNC_MAY_SYNC = limited
    schedule(people(1))

    with pytest.raises(SoftTimeLimitExceeded):
        take_due()


# Runs that wait


def test_a_run_whose_time_has_come_goes_on():
    accounts = people(3)
    runs = [request_sync(account, "tracks") for account in accounts]
    for run in runs:
        run.publish()
    waiting_since(runs[0], MINUTE)
    waiting_since(runs[1], -HOUR, "interrupted")

    assert take_due() == [runs[0].pk]
    assert take_due() == []


def test_a_run_that_nobody_began_is_handed_over_again():
    [account] = people(1)
    run = request_sync(account, "tracks")
    run.publish()

    assert take_due() == []
    SyncRun.objects.update(published_at=timezone.now() - 11 * MINUTE)
    assert take_due() == [run.pk]


def test_whom_somebody_asked_for_goes_before_the_schedule():
    accounts = people(3)
    triggers = ["schedule", "user", "admin"]
    runs = [
        request_sync(account, "tracks", trigger=trigger)
        for account, trigger in zip(accounts, triggers, strict=True)
    ]
    for number, run in enumerate(runs):
        waiting_since(run, MINUTE * (3 - number), "interrupted")

    assert set(take_due()) == {run.pk for run in runs}
    SyncRun.objects.update(published_at=None)
    assert due._go_on(2, ["tracks"], "default") == [runs[1].pk, runs[2].pk]


def test_while_spotify_wants_no_requests_nobody_is_begun():
    accounts = people(3)
    schedule(accounts[:1])
    waiting_since(request_sync(accounts[1], "tracks"), MINUTE, "interrupted")
    blocked = waiting_since(request_sync(accounts[2], "tracks"), -HOUR, "quota_exceeded")

    assert take_due() == []
    assert SyncRun.objects.count() == 2
    assert SyncState.objects.filter(next_sync_at__lte=timezone.now()).exists()
    SyncRun.objects.filter(pk=blocked.pk).update(resume_at=timezone.now() - MINUTE)


# Runs that were lost


def lose(run: SyncRun) -> SyncRun:
    run.start()
    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - HOUR)
    return run


def stage(run: SyncRun, *places: int) -> None:
    StagedPage.objects.bulk_create(StagedPage(run=run, offset=place, rows=b"") for place in places)


def test_a_lost_run_is_replaced_by_one_that_has_its_pages():
    accounts = people(2)
    runs = [
        lose(request_sync(account, "tracks", full=True, trigger="admin")) for account in accounts
    ]
    for run in runs:
        stage(run, 0, 50)

    new = SyncRun.objects.filter(pk__in=take_due())

    assert {(run.account_id, run.full, run.trigger, run.status) for run in new} == {
        (account.pk, True, "admin", "queued") for account in accounts
    }
    for run in runs:
        run.refresh_from_db()
        assert (run.status, run.reason, run.finished_at is None) == ("lost", "heartbeat", False)
        heir = new.get(account_id=run.account_id)
        assert sorted(heir.staged_pages.values_list("offset", flat=True)) == [0, 50]
    assert set(SyncState.objects.values_list("failures", flat=True)) == {1}


def test_only_the_last_one_that_was_lost_leaves_its_pages():
    [account] = people(1, status="suspect")
    SpotifyAccount.objects.update(status="connected")
    for place in (0, 50):
        run = SyncRun.objects.create(
            account=account, resource="tracks", status="lost", finished_at=timezone.now()
        )
        stage(run, place)

    new = request_sync(account, "tracks")

    assert [(page.run_id, page.offset) for page in StagedPage.objects.all()] == [(new.pk, 50)]


def test_a_library_that_kills_one_worker_after_the_other_is_left_alone_for_ever_longer():
    [account] = people(1)
    waits = []
    run = request_sync(account, "tracks")
    for _ in range(4):
        lose(run)
        take_due()
        run = SyncRun.objects.live().get()
        waits.append((run.resume_at - timezone.now()) / HOUR if run.resume_at else 0)
        # safely past: SQLite's clock knows no parts of a millisecond
        SyncRun.objects.live().update(resume_at=timezone.now() - MINUTE)

    assert waits[0] == 0
    assert 0.6 < waits[1] < 0.9
    assert 1.2 < waits[2] < 1.8
    assert 2.5 < waits[3] < 3.5


def test_whose_first_run_was_lost_while_in_doubt_is_due_all_the_same():
    [account] = people(1)
    lose(request_sync(account, "tracks"))
    SpotifyAccount.objects.update(status="suspect")
    assert take_due() == []
    SpotifyAccount.objects.update(status="connected")

    for _ in range(3):
        SyncState.objects.filter(next_sync_at__isnull=False).update(next_sync_at=timezone.now())
        if take_due():
            break

    assert SyncRun.objects.live().count() == 1


def test_without_a_grant_a_lost_run_is_not_replaced():
    [account] = people(1)
    run = lose(request_sync(account, "tracks"))
    stage(run, 0)
    SpotifyAccount.objects.update(status="disconnected")

    assert take_due() == []
    run.refresh_from_db()
    assert run.status == "lost"


@pytest.mark.postgres
def test_a_run_that_is_writing_is_silent_and_not_lost():
    [account] = people(1)
    run = lose(request_sync(account, "tracks"))
    SyncState.objects.create(account=account, resource="tracks")

    with transaction.atomic():
        list(SyncState.objects.select_for_update())
        assert at_once(take_due) == [[]]

    run.refresh_from_db()
    assert run.status == "running"
    assert len(take_due()) == 1


# Many at once


@pytest.mark.postgres
def test_two_looks_at_once_share_the_work():
    accounts = people(300)
    schedule(accounts)
    lost = [lose(request_sync(account, "tracks")) for account in people(40, first=1000)]

    found = [result for result in at_once(take_due, take_due, take_due) if isinstance(result, list)]

    assert len(found) == 3
    ids = [pk for part in found for pk in part]
    assert len(ids) == len(set(ids)) == 340
    assert SyncRun.objects.live().count() == 340
    assert SyncRun.objects.filter(status="lost").count() == len(lost)


@pytest.mark.postgres
def test_two_beats_in_two_processes_make_each_run_once():
    schedule(people(120))
    code = "from django_spotify_sync.sync import take_due\nprint(len(take_due()))"

    counts = in_processes(
        2, code, SPOTIFY_SYNC_REQUESTS_PER_WINDOW=None, SPOTIFY_SYNC_RESOURCES=["tracks"]
    )

    assert sum(map(int, counts)) == 120 == SyncRun.objects.count()


def test_a_look_costs_the_same_for_ten_and_for_a_hundred(monkeypatch):
    # the database is asked for blocks by the clock
    monkeypatch.setattr("django_spotify_sync.pace.pauses.REMEMBER_EVERY", 1e9)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            take_due()
        return len(queries)

    statements()  # what is asked once in a process
    schedule(people(10))
    lost = [lose(request_sync(account, "tracks")) for account in people(10, first=100)]
    few = statements()
    SyncRun.objects.all().delete()
    schedule(people(100, first=200))
    lost = [lose(request_sync(account, "tracks")) for account in people(100, first=400)]

    assert few <= statements() <= few + splits(90)
    assert len(lost) == 100
    assert SyncRun.objects.live().count() == 200


def test_who_connects_again_is_due_at_once(user, spotify):
    account = connect(user, spotify)
    later = timezone.now() + HOUR
    SyncState.objects.update(next_sync_at=later, failures=5)

    connect(user, spotify)

    [state] = SyncState.objects.filter(account=account)
    assert (state.next_sync_at < later, state.failures) == (True, 0)
