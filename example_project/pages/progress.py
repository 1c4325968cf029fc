"""How a sync stands or went, in figures and in words for people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncRun

from pages import words

Status = SyncRun.Status
SETTLED = 1.0  # seconds after which a rate means something
PAGE = 50  # entries of a page of Spotify's
OTHER_PAGES = {"playlists", "albums"}  # what is in these comes on pages of its own
LONG_QUEUED = timedelta(minutes=2)  # after which a worker should have come


def number(value: int) -> str:
    """Write a whole number as the reader's language does."""
    return number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True)


def read(resource: str, done: int) -> str:
    """Say how much was read, where nobody knows of how much."""
    texts = {
        "tracks": ngettext("%(done)s track", "%(done)s tracks", done),
        "playlists": ngettext("%(done)s playlist item", "%(done)s playlist items", done),
        "following": ngettext("%(done)s artist", "%(done)s artists", done),
        "albums": ngettext("%(done)s album", "%(done)s albums", done),
        "shows": ngettext("%(done)s show", "%(done)s shows", done),
        "episodes": ngettext("%(done)s episode", "%(done)s episodes", done),
        "audiobooks": ngettext("%(done)s audiobook", "%(done)s audiobooks", done),
    }
    return texts[resource] % {"done": number(done)}


def read_of(resource: str, done: int, total: int) -> str:
    """Say how much of it was read."""
    texts = {
        "tracks": ngettext("%(done)s of %(total)s track", "%(done)s of %(total)s tracks", total),
        "playlists": ngettext(
            "%(done)s of %(total)s playlist item", "%(done)s of %(total)s playlist items", total
        ),
        "following": ngettext(
            "%(done)s of %(total)s artist", "%(done)s of %(total)s artists", total
        ),
        "albums": ngettext("%(done)s of %(total)s album", "%(done)s of %(total)s albums", total),
        "shows": ngettext("%(done)s of %(total)s show", "%(done)s of %(total)s shows", total),
        "episodes": ngettext(
            "%(done)s of %(total)s episode", "%(done)s of %(total)s episodes", total
        ),
        "audiobooks": ngettext(
            "%(done)s of %(total)s audiobook", "%(done)s of %(total)s audiobooks", total
        ),
    }
    return texts[resource] % {"done": number(done), "total": number(total)}


@dataclass(frozen=True)
class Progress:
    """One run as it is shown. Times are seconds."""

    run: SyncRun

    @property
    def is_writing(self) -> bool:
        """Whether all was read, so that only the database is waited for."""
        run = self.run
        return run.status == Status.RUNNING and run.total is not None and run.done >= run.total

    @property
    def is_silent(self) -> bool:
        """Whether its worker gave no sign of life for so long that it counts as dead."""
        return self.run.status == Status.RUNNING and self._since_heard > conf.LOST_AFTER

    @property
    def is_forgotten(self) -> bool:
        """Whether no worker came for it, though one should have."""
        run = self.run
        waited = timezone.now() - run.created_at
        return run.status == Status.QUEUED and not run.started_at and waited > LONG_QUEUED

    @property
    def is_stuck(self) -> bool:
        """Whether it does not go on, without anybody having said why."""
        return self.is_silent or self.is_forgotten

    @property
    def is_paused(self) -> bool:
        return self.run.status == Status.WAITING

    @property
    def state(self) -> str:
        """Name its status; ``stuck`` is for pages alone."""
        return "stuck" if self.is_stuck else self.run.status

    @property
    def _since_heard(self) -> timedelta:
        heard: datetime | None = self.run.heartbeat_at or self.run.started_at
        return timezone.now() - heard if heard else timedelta()

    @property
    def has_bar(self) -> bool:
        if self.is_stuck or not self.run.is_live:
            return False
        return not self.is_paused or bool(self.run.total)

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to say of how much was read."""
        return self.run.total is not None or self.run.done > 0

    @property
    def title(self) -> str:
        """Say in a sentence how it stands."""
        run = self.run
        if self.is_forgotten:
            waited = timesince(run.created_at)
            return _("It has waited for %(time)s, and nothing has begun.") % {"time": waited}
        if self.is_silent:
            silent = timesince(timezone.now() - self._since_heard)
            return _("Nothing was heard of it for %(time)s.") % {"time": silent}
        match run.status:
            case Status.QUEUED:
                return _("Waiting for its turn…")
            case Status.WAITING:
                return _("Paused. %(reason)s") % {"reason": words.reason(run.reason)}
            case Status.RUNNING:
                return _("Writing it down…") if self.is_writing else _("Reading from Spotify…")
            case Status.SUCCEEDED:
                return _("In step with Spotify")
            case Status.PARTIAL:
                return _("Only a part was certain. %(reason)s") % {
                    "reason": words.reason(run.reason)
                }
            case Status.FAILED:
                return _("The last sync failed. %(reason)s") % {
                    "reason": words.failure(run.error_code)
                }
            case Status.LOST:
                return _("The last sync was cut short. %(reason)s") % {
                    "reason": words.reason(run.reason)
                }
        return _("The last sync was cancelled. %(reason)s") % {"reason": words.reason(run.reason)}

    @property
    def advice(self) -> str:
        """Say what can be done about it where it does not go on."""
        if self.is_silent:
            return _(
                "Whatever read it seems to have stopped. What is here is safe. Sync again, and it starts anew."
            )
        if self.is_forgotten:
            return _(
                "This site is very busy, or its part that reads from Spotify is not running. "
                "It begins by itself as soon as that is back."
            )
        return ""

    @property
    def share(self) -> str:
        """Say how much of it is done."""
        run = self.run
        if run.total is None:
            return read(run.resource, run.done)
        return read_of(run.resource, run.done, run.total)

    @property
    def spoken(self) -> str:
        """Say it as seldom as a listener wants to hear it: the sentence, each quarter, and at last what came."""
        run = self.run
        if run.is_live and not self.is_stuck and run.total and not self.is_writing:
            percent = run.done * 4 // run.total * 25
            said = _("%(title)s At least %(percent)s%% is here.")
            return said % {"title": self.title, "percent": percent} if percent else self.title
        between = " " if self.title.endswith((".", "…")) else ": "
        return between.join([self.title, ", ".join(self.changes)]) if self.changes else self.title

    @property
    def figures(self) -> list[str]:
        """Name pages, speed and what is left while it runs; what changed and what it cost, once it has ended."""
        if self.run.is_live:
            return self._pace
        unreadable = [self.unreadable] if self.unreadable else []
        return [*self.changes, *unreadable, *self.costs]

    @property
    def costs(self) -> list[str]:
        """Say how much was looked at, and how often Spotify was asked."""
        run = self.run
        same = ngettext("%(count)s unchanged", "%(count)s unchanged", run.unchanged)
        same %= {"count": number(run.unchanged)}
        return [same, self._pages] if run.unchanged else [self._pages]

    @property
    def _pages(self) -> str:
        run = self.run
        if run.is_live and run.total and run.resource not in OTHER_PAGES:
            total = math.ceil(run.total / PAGE)
            text = ngettext("%(done)s of %(total)s page", "%(done)s of %(total)s pages", total)
            return text % {"done": number(math.ceil(run.done / PAGE)), "total": number(total)}
        count = run.requests
        text = ngettext("%(count)s page asked for", "%(count)s pages asked for", count)
        return text % {"count": number(count)}

    @property
    def changes(self) -> list[str]:
        """Say what was new, changed or removed; of playlists their items are counted with them."""
        run = self.run
        new = ngettext("%(count)s new", "%(count)s new", run.created)
        if run.resource == "playlists":
            new = ngettext(
                "%(count)s new list or item", "%(count)s new lists and items", run.created
            )
        texts = [
            (run.created, new),
            (run.updated, ngettext("%(count)s changed", "%(count)s changed", run.updated)),
            (run.removed, ngettext("%(count)s removed", "%(count)s removed", run.removed)),
        ]
        return [text % {"count": number(count)} for count, text in texts if count]

    @property
    def unreadable(self) -> str:
        """Say how many entries hold nothing, or could not be read."""
        count = self.run.skipped
        text = ngettext("%(count)s cannot be shown", "%(count)s cannot be shown", count)
        return text % {"count": number(count)} if count else ""

    @property
    def why_unreadable(self) -> list[words.Words]:
        """Say why, without saying the same twice."""
        said = [words.skipped(code) for code in sorted(self.run.skipped_reasons)]
        return list(dict.fromkeys(said))

    @property
    def _pace(self) -> list[str]:
        run = self.run
        if run.status == Status.WAITING and run.resume_at:
            if run.resume_at <= timezone.now():
                return [_("It goes on as soon as a worker is free.")]
            return [_("It goes on in %(time)s.") % {"time": timeuntil(run.resume_at)}]
        if run.status != Status.RUNNING or self.is_silent:
            return []
        texts = [self._pages]
        if self._rate and not self.is_writing:
            texts.append(_("%(count)s per second") % {"count": number(max(1, round(self._rate)))})
            if run.total is not None:
                texts.append(_left((run.total - run.done) / self._rate))
        return texts

    @cached_property
    def _rate(self) -> float:
        started = self.run.started_at
        seconds = (timezone.now() - started).total_seconds() if started else 0.0
        return self.run.done / seconds if seconds >= SETTLED else 0.0

    @property
    def took(self) -> str:
        """Say how long it took from its start to its end; nothing if it has not ended, or never began."""
        run = self.run
        if not run.started_at or not run.finished_at:
            return ""
        return _lasting((run.finished_at - run.started_at).total_seconds())


def _lasting(seconds: float) -> str:
    if seconds < 90:
        whole = max(1, round(seconds))
        return ngettext("%(count)s second", "%(count)s seconds", whole) % {"count": number(whole)}
    minutes = round(seconds / 60)
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": number(minutes)}


def _left(seconds: float) -> str:
    if seconds < 90:
        whole = max(1, round(seconds))
        text = ngettext("about %(count)s second left", "about %(count)s seconds left", whole)
        return text % {"count": number(whole)}
    minutes = round(seconds / 60)
    text = ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes)
    return text % {"count": number(minutes)}
