"""Lines of a log that say whose they are: ``grep run=17`` follows one run."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from django_spotify_sync.models import SyncRun

logger = logging.getLogger("django_spotify_sync.sync")


class _RunLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the ids of a run before each message, and into the record as ``run_id``, ``account_id``, ``resource``."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        ids = self.extra or {}
        text = "run={run_id} account={account_id} resource={resource} ".format(**ids)
        return f"{text}{msg}", {**kwargs, "extra": {**ids, **kwargs.get("extra", {})}}


def log_of(run: SyncRun) -> _RunLog:
    """Return the log of one run. It never gets to see a token."""
    return _RunLog(
        logger,
        {"run_id": run.pk, "account_id": run.account_id, "resource": run.resource},
    )
