"""Runs that are over, in words that stay true: what was found then, and no promise of what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import LibraryChange, SyncRun
from django_spotify_sync.models.losses import LARGE_LOSS

from pages import words
from pages.progress import Progress
from pages.words import Words

Status = SyncRun.Status

_LESS = _("Spotify sent less than it announced, so nothing was removed.")

#: Why a run saw only a part, was cut short or cancelled, where the words for today say what happens next.
REASONS: dict[str, Words] = {
    "drift": _("The library changed while it was read."),
    "page_length": _LESS,
    "count": _LESS,
    "endless_cursor": _("Spotify’s list did not come to an end, so nothing was removed."),
    "repeated_page": _("Spotify sent one page of a playlist twice."),
    "spotify_unavailable": _("Spotify did not answer for all of it."),
    "unreadable_lists": _("Some playlists could not be read."),
    LARGE_LOSS: _("A large part of the library seemed to be gone."),
    "heartbeat": _("The worker went away."),
}

#: Why a run failed: its ``error_code``.
FAILURES: dict[str, Words] = {
    "reauthorization_required": _("The consent at Spotify had ended."),
    "insufficient_scope": _("The consent did not cover this."),
    "seal_broken": _("This site had lost its key to the Spotify account."),
    "app_forbidden": _("Spotify did not let this app in."),
    "spotify_unavailable": _("Spotify did not answer."),
    "not_connected": _("Spotify was disconnected meanwhile."),
}
ANY_FAILURE = _("This site could not finish it.")


@dataclass(frozen=True)
class Past(Progress):
    """One run in the history: as it stands while it goes on, and as it went once it is over."""

    @property
    def title(self) -> str:
        run = self.run
        reason = REASONS.get(run.reason) or words.reason(run.reason)
        match run.status:
            case Status.SUCCEEDED if run.created or run.updated or run.removed:
                return gettext("Brought in step with Spotify")
            case Status.SUCCEEDED:
                return gettext("Found nothing changed")
            case Status.PARTIAL:
                return gettext("Only a part was certain. %(reason)s") % {"reason": reason}
            case Status.FAILED:
                why = FAILURES.get(run.error_code, ANY_FAILURE)
                return gettext("Failed. %(reason)s") % {"reason": why}
            case Status.LOST:
                return gettext("Cut short. %(reason)s") % {"reason": reason}
            case Status.CANCELLED:
                return gettext("Cancelled. %(reason)s") % {"reason": reason}
        return super().title

    @property
    def has_names(self) -> bool:
        """Whether the journal has what it changed, by name."""
        return bool(getattr(self.run, "has_changes", False))

    @property
    def met_a_loss(self) -> bool:
        return self.run.reason == LARGE_LOSS


def newest_first(runs: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
    """Return runs, newest first, each with ``has_changes``: whether the journal has lines of it."""
    lines = LibraryChange.objects.filter(run=OuterRef("pk"))
    return runs.annotate(has_changes=Exists(lines)).order_by("-created_at", "-id")
