"""Claiming a run, and doing it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from django_spotify_sync.exceptions import InsideTransaction
from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import execute, request_sync, sync
from tests.kit.crowds import age


def test_a_second_delivery_does_nothing(account, spotify):
    run = request_sync(account, "tracks")
    assert SyncRun.objects.get(pk=run.pk).start()

    again = execute(run.pk)

    assert again.status == "running"
    assert spotify.count() == 0


def test_a_run_that_ended_is_not_done_again(account, spotify):
    run = sync(account, "tracks")
    spotify.clear_log()

    assert execute(run.pk).finished_at == run.finished_at
    assert spotify.count() == 0


def test_a_waiting_run_is_done_when_its_time_has_come(account, is_true):
    run = request_sync(account, "tracks")
    run.start()
    run.wait(timezone.now() + timedelta(hours=1), "rate_limited")

    assert execute(run.pk).status == "waiting"
    age(run, resume_at=timedelta(seconds=1))

    assert execute(run.pk).status == "succeeded"
    assert is_true()


def test_a_run_that_is_gone_in_the_moment_of_its_start(account, spotify, monkeypatch):
    run = request_sync(account, "tracks")
    claim = SyncRun._update

    def claim_and_be_deleted(run, *args, **values):
        claimed = claim(run, *args, **values)
        SyncRun.objects.filter(pk=run.pk).delete()
        return claimed

    monkeypatch.setattr(SyncRun, "_update", claim_and_be_deleted)

    assert execute(run.pk) == run
    assert spotify.count() == 0


def test_inside_a_transaction_a_sync_is_refused(account, spotify):
    run = request_sync(account, "tracks")

    with transaction.atomic(), pytest.raises(InsideTransaction):
        execute(run.pk)

    assert spotify.count() == 0
    assert SyncRun.objects.get().status == "queued"
