"""The shelves of a user: how much is on each, and how its latest sync stands or went."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.library import LIBRARY

from pages import words
from pages.progress import Progress
from pages.words import Words

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
    def may_sync(self) -> bool:
        """Whether there is a grant to ask Spotify with."""
        return self.account.status == SpotifyAccount.Status.CONNECTED


def shelf_of(account: SpotifyAccount, resource: str) -> Shelf:
    """Return one shelf.

    :raises Http404: if the site has no such shelf.
    """
    if resource not in settings.SPOTIFY_SYNC_RESOURCES:
        raise Http404(f"There is no shelf {resource!r}.")
    return _shelf(account, resource, account.agreed([resource]))


def shelves_of(account: SpotifyAccount) -> list[Shelf]:
    """Return all of them, in two queries each and one for what the user has agreed to."""
    resources = settings.SPOTIFY_SYNC_RESOURCES
    agreed = account.agreed(resources)
    return [_shelf(account, resource, agreed) for resource in resources]


def _shelf(account: SpotifyAccount, resource: str, agreed: list[str]) -> Shelf:
    runs = SyncRun.objects.filter(account=account, resource=resource)
    run = runs.order_by("-created_at", "-id").first()
    # After the run: who reads that it has ended reads what it wrote.
    count = LIBRARY[resource].shown_of(account.pk).count()
    return Shelf(account, resource, resource in agreed, count, Progress(run) if run else None)
