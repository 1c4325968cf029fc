"""Asking for a run: one at a time, whoever asks."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_spotify_sync.exceptions import (
    GrantInDoubt,
    NotConnected,
    ReauthorizationRequired,
    UnknownResource,
)
from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import request_sync
from tests.kit.concurrency import wait_until


def test_a_request_makes_a_queued_run(account):
    run = request_sync(account, "tracks", full=True, trigger="admin")

    assert (run.status, run.full, run.trigger, run.resource) == ("queued", True, "admin", "tracks")


def test_a_second_request_finds_the_first_run(account):
    assert request_sync(account, "tracks") == request_sync(account, "tracks")


@pytest.mark.parametrize("status", ["queued", "waiting"])
def test_a_wish_for_a_full_pass_is_taken_over_by_a_run_that_waits(account, status):
    request_sync(account, "tracks")
    later = timezone.now() + timedelta(hours=1)
    SyncRun.objects.update(status=status, resume_at=later if status == "waiting" else None)

    assert request_sync(account, "tracks", full=True).full
    assert SyncRun.objects.get().full


def test_an_unknown_resource_is_refused(account):
    with pytest.raises(UnknownResource, match="'likes'"):
        request_sync(account, "likes")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("disconnected", NotConnected),
        ("suspect", GrantInDoubt),
        ("reauthorization_required", ReauthorizationRequired),
    ],
)
def test_no_run_without_a_grant(account, status, error):
    account.status = status
    account.judge_at = timezone.now() + timedelta(minutes=1)

    with pytest.raises(error):
        request_sync(account, "tracks")


def test_requests_at_once_make_one_run(account):
    barrier = threading.Barrier(6)
    runs: list[int] = []

    def ask():
        barrier.wait()
        runs.append(request_sync(account, "tracks").pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(runs)) == 1 == SyncRun.objects.count()
    assert len(runs) == 6


@pytest.mark.parametrize("pause", [None, "pace"])
def test_who_asks_for_what_the_schedule_has_not_begun_goes_first(account, pause):
    run = request_sync(account, "tracks", trigger="schedule")
    if pause:
        run.start()
        run.wait(timezone.now() + timedelta(seconds=30), pause)

    asked = request_sync(account, "tracks", trigger="user")

    assert (asked.pk, asked.trigger) == (run.pk, "user")
    run.refresh_from_db()
    assert run.trigger == "user"
    assert request_sync(account, "tracks", trigger="schedule").trigger == "user"


def test_what_the_schedule_has_begun_stays_its_own(account):
    run = request_sync(account, "tracks", trigger="schedule")
    run.start()

    assert request_sync(account, "tracks", trigger="user").trigger == "schedule"


def test_two_processes_at_once_make_one_run(account, spotify, command, is_true):
    both_asked = threading.Event()
    spotify.faults.add("/me/tracks", before=lambda fake: both_asked.wait(60))
    processes = [command("--user", "ada", "--json") for _ in range(2)]
    # One of them is held at its first request; the other one finds the run under way and ends.
    first = wait_until(
        lambda: next((one for one in processes if one.poll() is not None), None), seconds=60
    )
    both_asked.set()
    answers = [json.loads(process.communicate()[0])["runs"][0] for process in processes]

    assert first is not None
    assert sorted(answer["status"] for answer in answers) == ["running", "succeeded"]
    assert len({answer["id"] for answer in answers}) == 1 == SyncRun.objects.count()
    assert spotify.count("/v1/me/tracks") == 4
    assert is_true()
