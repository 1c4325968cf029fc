"""The log of a run."""

from __future__ import annotations

import logging

from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.sync.runs.log import fields_of


def test_the_log_follows_a_run_by_its_ids(account, caplog):
    caplog.set_level(logging.INFO, "django_spotify_sync")

    run = sync(account, "tracks")

    ids = f"run={run.pk} account={account.pk} resource=tracks "
    ours = [record for record in caplog.records if record.getMessage().startswith(ids)]
    lines = [record.getMessage().removeprefix(ids) for record in ours]
    assert lines[0] == "begun, asked for by command"
    assert lines[-1].startswith("succeeded after 4 requests")
    for record in ours:
        assert (record.run, record.account, record.resource) == (run.pk, account.pk, "tracks")
        assert (record.run_id, record.account_id) == (run.pk, account.pk), "as they were called"
    assert (ours[0].mode, ours[0].requests) == (None, 0)
    assert (ours[-1].mode, ours[-1].requests) == ("full", 4)
    assert 0 <= ours[0].seconds <= ours[-1].seconds


def test_a_run_that_has_not_begun_has_taken_no_time(account, caplog):
    run = request_sync(account, "tracks")

    assert fields_of(run)["seconds"] is None
