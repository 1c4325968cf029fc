"""What a run learned of one listed playlist, and what of the stored one its account was thereby shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django_spotify_sync.models import AccountPlaylist, Playlist
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.spotify.answers.playlists import PlaylistRow


@dataclass(slots=True)
class Versions:
    """How often what is stored of a list has changed: what it is called and the like, and what is in it."""

    details: int
    contents: int

    @classmethod
    def of(cls, playlist: Playlist | None) -> Versions:
        """Return those of a list, which are 0 before there is one."""
        return cls(playlist.details_version, playlist.contents_version) if playlist else cls(0, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run learned of one listed playlist.

    ``can_read_items`` is None if nothing was learned of the account's right; with an ``unreadable_reason`` all the same
    it is in doubt. ``snapshot_id`` is set if all is settled under it. ``entries`` are the items if they were read: the
    whole list if ``is_whole``, else something to add. ``surplus`` is by how much the totals differ from what came.
    ``bears_out_stored`` says that they are the items that were stored when the run began.
    """

    row: PlaylistRow
    position: int
    can_read_items: bool | None
    unreadable_reason: str
    snapshot_id: str | None
    entries: Sequence[ItemRow] | None
    is_whole: bool
    surplus: tuple[int, int] | None
    problem: str
    bears_out_stored: bool

    @property
    def brings_items(self) -> bool:
        return self.entries is not None and self.can_read_items is True

    def seen(
        self,
        link: AccountPlaylist | None,
        before: Playlist,
        after: Versions,
        known: Playlist | None,
        *,
        is_overtaken: bool,
        is_left_alone: bool,
        is_filled: bool = False,
    ) -> dict[str, Any]:
        """Return which versions of the list this account has been shown by now: columns of its link.

        ``before`` is the list as it was stored when the run began to write, ``after`` its versions now, ``known`` the
        list when the run began to read. What another wrote in between differs from what this run was shown:
        ``is_overtaken`` says so of what the listing says, ``is_left_alone`` of the items. ``is_filled`` says that all
        stored items are of this run.
        """
        seen: dict[str, Any] = {}
        if not is_overtaken:
            seen["seen_details"] = after.details
        elif link is None:
            seen["seen_details"] = None
        if self._shows_contents(link, before, known, is_overtaken or is_left_alone, is_filled):
            seen["seen_contents"] = after.contents
        elif link is None or link.seen_contents == after.contents:
            seen["seen_contents"] = None
        return seen

    def _shows_contents(
        self,
        link: AccountPlaylist | None,
        before: Playlist,
        known: Playlist | None,
        is_another: bool,
        is_filled: bool,
    ) -> bool:
        """Tell whether all that is stored by now of total, cover and items was shown to this account."""
        right = self.can_read_items
        if right is None and link is not None:
            right = link.can_read_items
        if right is not True:  # the items are not shown anyway, and the rest is the listing's
            return not is_another and (self.row.total is not None or before.total is None)
        # What this run itself has changed since takes nothing away from an account that was shown everything.
        was_shown = (
            link is not None
            and link.can_read_items is True
            and link.seen_contents == before.contents_version
        )
        if is_another:
            return was_shown
        if self.brings_items:
            return self.is_whole or is_filled or was_shown
        is_as_known = known is not None and known.contents_version == before.contents_version
        return was_shown or (self.bears_out_stored and is_as_known)
