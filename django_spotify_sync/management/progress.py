"""Progress in a terminal: a bar where there is one, a plain line of a run now and then where output is piped."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper

from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.runs import RunStatus

WIDTH = 30
PLAIN_EVERY = 5.0  # seconds between two plain lines


class Bar:
    """A line of a terminal that is written over: ``label``, a bar, figures. Elsewhere there is none."""

    def __init__(self, out: OutputWrapper, label: str) -> None:
        self._out = out
        self._label = label
        self._is_terminal = bool(out.isatty())
        self._is_open = False

    def draw(self, share: float, figures: str) -> None:
        """Fill the bar to a share of it, from 0 to 1."""
        if not self._is_terminal:
            return
        filled = round(WIDTH * share)
        bar = f"[{'█' * filled}{'·' * (WIDTH - filled)}]"
        self._out.write(f"\r{self._label} {bar} {figures}\033[K", ending="")
        self._out.flush()
        self._is_open = True

    def close(self) -> None:
        """End the bar's line."""
        if self._is_open:
            self._out.write("")
            self._is_open = False


class Progress(Bar):
    """Show one run under ``label``; silent if ``quiet``."""

    def __init__(self, out: OutputWrapper, label: str, *, quiet: bool = False) -> None:
        super().__init__(out, label)
        self._quiet = quiet
        self._shown_at = 0.0

    def show(self, run: SyncRun) -> None:
        if self._quiet:
            return
        if self._is_terminal:
            self.draw(self._share(run), self._figures(run))
        elif run.is_live and time.monotonic() - self._shown_at > PLAIN_EVERY:
            self._out.write(f"{self._label}: {self._figures(run)}")
            self._shown_at = time.monotonic()

    @staticmethod
    def _share(run: SyncRun) -> float:
        if run.total:
            return min(1.0, run.done / run.total)
        return float(run.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL))

    @staticmethod
    def _figures(run: SyncRun) -> str:
        total = "?" if run.total is None else str(run.total)
        writing = ", writing" if run.is_live and run.total and run.done >= run.total else ""
        return f"{run.done}/{total}, {_requests(run)}{writing}"


def summary(run: SyncRun) -> str:
    """Say in one line how a run stands."""
    line = f"{run.resource} {run.get_status_display()}"
    why = f" ({run.reason})" if run.reason else ""
    if run.status == RunStatus.WAITING and run.resume_at:
        return f"{line}{why} until {run.resume_at.isoformat(timespec='seconds')}"
    if run.status == RunStatus.QUEUED:
        return f"{line}: run {run.pk}"
    if run.error_code:
        return f"{line}: {run.error_detail}"
    counts = f"{run.created} new, {run.updated} changed, {run.unchanged} unchanged, {run.removed} removed"
    return f"{line}{why}: {counts}; {_requests(run)}"


def _requests(run: SyncRun) -> str:
    return f"{run.requests} request{'' if run.requests == 1 else 's'}"
