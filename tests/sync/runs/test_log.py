"""The log of a run."""

from __future__ import annotations

import logging

from django_spotify_sync.sync import sync


def test_the_log_follows_a_run_by_its_ids(account, caplog):
    caplog.set_level(logging.INFO, "django_spotify_sync")

    run = sync(account, "tracks")

    ids = f"run={run.pk} account={account.pk} resource=tracks "
    ours = [record for record in caplog.records if record.getMessage().startswith(ids)]
    lines = [record.getMessage().removeprefix(ids) for record in ours]
    assert lines[0] == "begun, asked for by command"
    assert lines[-1].startswith("succeeded after 4 requests")
    for record in ours:
        assert (record.run_id, record.account_id, record.resource) == (run.pk, account.pk, "tracks")
