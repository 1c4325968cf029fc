"""The shelves of a user: how much is on each, and how its latest sync stands or went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.library import LIBRARY

from pages import words
from pages.progress import Progress
from pages.words import Words

#: A sync that is late by so much will not come by itself, for nobody looks what is due.
LATE = timedelta(minutes=10)

#: The page of a shelf, by the name of its address, where that is not called as its resource is.
PAGES = {"following": "artists"}


@dataclass(frozen=True)
class Shelf:
    """One resource of a user. Who connected before the site had this shelf may have agreed to less than it needs."""

    account: SpotifyAccount
    resource: str
    is_agreed_to: bool
    count: int
    progress: Progress | None
    state: SyncState | None

    @property
    def title(self) -> Words:
        return words.SHELVES[self.resource]

    @property
    def page(self) -> str:
        return PAGES.get(self.resource, self.resource)

    @property
    def is_syncing(self) -> bool:
        return self.progress is not None and self.progress.run.is_live

    @property
    def is_waited_for(self) -> bool:
        """Whether a sync is under way, so that asking for one changes nothing."""
        return self.is_syncing and not (self.progress and self.progress.is_silent)

    @property
    def counted(self) -> int | None:
        """Return how much is here, or has come so far at the first reading; None if nobody knows yet."""
        was_read = self.state is not None and self.state.full_at is not None
        if self.count or was_read:
            return self.count
        run = self.progress.run if self.is_syncing and self.progress else None
        # of playlists it is their items that are counted
        return run.done if run and run.done and self.resource != "playlists" else None

    @property
    def expects_news(self) -> bool:
        """Whether something is to be seen soon."""
        progress = self.progress
        return self.is_syncing and not (progress and (progress.is_paused or progress.is_stuck))

    @property
    def refresh(self) -> str:
        """Say how often a page asks how the sync stands."""
        return "600ms" if self.expects_news else "5s"

    @property
    def run_title(self) -> Words:
        """Say how the sync stands or went; without a grant nobody knows whether the copy is still right."""
        if not self.is_agreed_to and not self.is_syncing:
            return words.failure("insufficient_scope")
        if self.progress is None:
            return ""
        if self.progress.run.status == SyncRun.Status.SUCCEEDED and not self.may_sync:
            return _("As it was when Spotify was last read")
        return self.progress.title

    @property
    def is_said_in_full(self) -> bool:
        """Whether listeners are told how the run stands, with what it brought, rather than ``run_title`` alone."""
        return self.is_syncing or (self.is_agreed_to and self.may_sync)

    @property
    def may_sync(self) -> bool:
        """Whether there is a grant to ask Spotify with."""
        return self.account.status == SpotifyAccount.Status.CONNECTED


def shelf_of(account: SpotifyAccount, resource: str) -> Shelf:
    """Return one shelf.

    :raises Http404: if the site has no such shelf.
    """
    if resource not in settings.SPOTIFY_SYNC_RESOURCES:
        raise Http404(f"There is no shelf {resource!r}.")
    return _shelves(account, [resource])[0]


def shelves_of(account: SpotifyAccount) -> list[Shelf]:
    """Return all of them, in two queries each and two for what was agreed to and what is known between runs."""
    return _shelves(account, settings.SPOTIFY_SYNC_RESOURCES)


def _shelves(account: SpotifyAccount, resources: list[str]) -> list[Shelf]:
    agreed = account.agreed(resources)
    runs = SyncRun.objects.filter(account=account).order_by("-created_at", "-id")
    latest = {resource: runs.filter(resource=resource).first() for resource in resources}
    # After the runs: who reads that one has ended reads what it wrote.
    states = {one.resource: one for one in SyncState.objects.filter(account=account)}
    return [
        Shelf(
            account,
            resource,
            is_agreed_to=resource in agreed,
            count=LIBRARY[resource].shown_of(account.pk).count(),
            progress=Progress(run) if run else None,
            state=states.get(resource),
        )
        for resource, run in latest.items()
    ]


@dataclass(frozen=True)
class Next:
    """When the next sync by itself is due. It is late if nobody seems to look what is due."""

    at: datetime

    @property
    def is_now(self) -> bool:
        return self.at <= timezone.now()

    @property
    def is_late(self) -> bool:
        return timezone.now() - self.at > LATE


def next_sync(shelves: list[Shelf]) -> Next | None:
    """Return when the first of them is synced by itself; None while all are, or without a grant."""
    due = [
        shelf.state.next_sync_at
        for shelf in shelves
        if shelf.state and shelf.state.next_sync_at
        if shelf.may_sync and shelf.is_agreed_to and not shelf.is_syncing
    ]
    return Next(min(due)) if due else None
