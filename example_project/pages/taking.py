"""A library taken along: which files of what there are, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.export import FORMATS, makes_file
from django_spotify_sync.models import LargeLoss, LostRow, SavedTrack, SpotifyAccount
from django_spotify_sync.models.search import track_has

from pages import filters, words
from pages.listings import words_of
from pages.words import Words

#: What each format is good for. The order is that of the page.
SERVES: dict[str, tuple[Words, Words]] = {
    "jsonl": (
        _("Complete (JSON Lines)"),
        _("All that this site has, nothing left out: for safekeeping, and for programs."),
    ),
    "spotify-backup": (
        _("Backup (JSON)"),
        _("As spotify-backup writes it: what restores from it can read this."),
    ),
    "exportify": (
        _("Table (CSV)"),
        _("As Exportify writes it: for a spreadsheet, or another music service."),
    ),
    "exportify-net": (
        _("Table with popularity (CSV)"),
        _("As exportify.net writes it."),
    ),
    "uris": (
        _("Addresses (text)"),
        _(
            "One a line: paste them into a playlist of Spotify’s desktop app, and it is there again."
        ),
    ),
    "m3u8": (_("Playlist (M3U8)"), _("For players that look for your own files by name.")),
}


@dataclass(frozen=True)
class Download:
    """One file that there is: ``what`` is in it, and where it is to be had."""

    what: Words
    url: str


@dataclass(frozen=True)
class Kind:
    """One format, what it is good for, and the files of it that there are."""

    name: str
    title: Words
    serves: Words
    downloads: list[Download]


def downloads(resource: str = "", playlist: str = "") -> list[Kind]:
    """Return the files of a ``resource``, or of one ``playlist`` by its Spotify id; without either, of all there is."""
    kinds = [
        Kind(name, title, serves, list(_files(name, resource, playlist)))
        for name, (title, serves) in SERVES.items()
    ]
    return [kind for kind in kinds if kind.downloads]


def downloads_of_found(query: QueryDict) -> list[Kind]:
    """Return the files of the saved tracks that a search of this query finds."""
    return [
        Kind(name, title, serves, [Download(_("What was found"), _url_of_found(name, query))])
        for name, (title, serves) in SERVES.items()
        if makes_file(name, "tracks")
    ]


def found_tracks(request: HttpRequest, account: SpotifyAccount) -> QuerySet[SavedTrack]:
    """Return the saved tracks that the address looks for, as the list of tracks does; or those of a ``?loss=``."""
    mine = SavedTrack.objects.filter(account=account, track__isnull=False)
    rows = filters.narrowed(mine, account, filters.fields_of(request.GET))
    if run := request.GET.get("loss", ""):
        losses = LargeLoss.objects.filter(account=account, resource="tracks")
        is_number = run.isascii() and run.isdigit() and len(run) < 19
        losses = losses.filter(run=run) if is_number else losses.none()
        rows = rows.filter(pk__in=LostRow.objects.filter(loss__in=losses).values("row_id"))
    for word in words_of(request):
        rows = rows.filter(track_has(word))
    return rows


def is_safe(name: str) -> bool:
    """Tell whether cells are defused: what begins with = or + in a name is a formula to a spreadsheet."""
    return FORMATS[name].ending == ".csv"


def _files(name: str, resource: str, playlist: str) -> Iterator[Download]:
    if playlist:
        if makes_file(name, "playlists"):
            yield Download(_("This playlist"), _url(name, playlist=playlist))
        return
    if not resource and makes_file(name, None):
        yield Download(_("Everything"), _url(name))
    for one in [resource] if resource else settings.SPOTIFY_SYNC_RESOURCES:
        if makes_file(name, one):
            yield Download(words.SHELVES[one], _url(name, resource=one))


def _url_of_found(name: str, query: QueryDict) -> str:
    asked = query.copy()
    asked["as"] = name
    return f"{reverse('found')}?{asked.urlencode()}"


def _url(name: str, **which: str) -> str:
    safe = {"safe": "1"} if is_safe(name) else {}
    query = urlencode({"as": name, **which, **safe})
    return f"{reverse('spotify_sync:export')}?{query}"
