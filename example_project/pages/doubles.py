"""What a library has twice: saved tracks of one recording or of the same names, and what stands twice in one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import AccountPlaylist, PlaylistItem, SavedTrack, SpotifyAccount
from django_spotify_sync.models.doubles import Double

from pages.figures import counted_from
from pages.words import Words

#: What the rows of a group have in common.
REASONS: dict[str, Words] = {
    "isrc": _("The same recording"),
    "names": _("The same title, artists and length"),
    "list": _("Twice in one playlist"),
}


@dataclass(frozen=True)
class Group:
    """Rows that hold the same, with their tracks: saved ones, or items of the ``playlist`` in which they stand."""

    reason: str
    rows: list[Any]
    playlist: AccountPlaylist | None

    @property
    def title(self) -> Words:
        return REASONS[self.reason]


@counted_from("tracks", "playlists")
def doubles_of(account: SpotifyAccount) -> list[Double]:
    """Return all groups: those of saved tracks, and then those in playlists."""
    saved = SavedTrack.objects.doubles(account)
    return saved + PlaylistItem.objects.doubles(account.user)


def page_of(
    account: SpotifyAccount, doubles: Sequence[Double], number: str | None, per_page: int
) -> Page[Any]:
    """Return one page of groups, each as ``Group``, as far as their rows are still there."""
    page = Paginator(doubles, per_page).get_page(number)
    saved = [pk for one in page.object_list if one.reason != "list" for pk in one.rows]
    placed = [pk for one in page.object_list if one.reason == "list" for pk in one.rows]
    entries = SavedTrack.objects.filter(account=account).with_tracks().in_bulk(saved)
    shown = PlaylistItem.objects.readable_by(account.user).with_tracks().filter(pk__in=placed)
    items = {item.pk: item for item in PlaylistItem.objects.numbered(shown)}
    playlists = {item.playlist_id for item in items.values()}
    links = AccountPlaylist.objects.filter(account=account, playlist__in=playlists)
    by_playlist = {link.playlist_id: link for link in links.select_related("playlist")}
    groups = []
    for one in page.object_list:
        there: dict[int, Any] = items if one.reason == "list" else entries
        rows = [there[pk] for pk in one.rows if pk in there]
        if len(rows) > 1:
            playlist = by_playlist.get(rows[0].playlist_id) if one.reason == "list" else None
            groups.append(Group(one.reason, rows, playlist))
    page.object_list = groups
    return page
