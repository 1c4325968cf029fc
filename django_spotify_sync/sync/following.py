"""Followed artists: list them all, prove the list whole, and make the stored ones the same.

The list comes by cursor and says no date, so nothing less than all of it shows a change (an unfollow and a follow keep
the total). It is whole if its cursor ended, every answer gave one total, as many came, and no id came twice: without
all four, simulated lists that moved while they were read lost artists that were still followed. An unfollow is believed
when a second listing shows the same.
Facts: Spotify Web API, Get Followed Artists; lost, ignored and endless cursors: Spotty-Plugin#83, web-api#275, #314.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.positions import Move, move, out_of_order
from django_spotify_sync.db.upsert import Counts, delete
from django_spotify_sync.models import Artist, FollowedArtist, SpotifyAccount
from django_spotify_sync.models.runs import Mode
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.following_parsers import parse_following_page
from django_spotify_sync.spotify.playlist_rows import CursorPage
from django_spotify_sync.spotify.rows import Catalog
from django_spotify_sync.sync.catalog import write_catalog
from django_spotify_sync.sync.losses import doubt_large_loss, learn_hidden
from django_spotify_sync.sync.work import Fetched, Work, Written

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list: each id once, in Spotify's order. ``problem`` says why it is not provably whole."""

    ids: list[str]
    total: int
    came: int
    catalog: Catalog
    problem: str


def fetch_following(work: Work) -> Fetched:
    """List the followed artists; what is proved whole replaces, anything else only adds."""
    state: dict[str, object] = {}
    listing = _list(work)
    if listing.problem in ("drift", "count"):
        listing = _list(work)
    if listing.problem in ("", "count"):
        state = learn_hidden(work.state, total=listing.total, came=listing.came)
    reason = listing.problem
    if reason == "count" and listing.came == listing.total - work.state.hidden:
        reason = ""
    stored = list(_stored(work.account, work.using))
    gone = set(stored) - set(listing.ids)
    if not reason:
        doubted, learned = doubt_large_loss(
            work.state, known=len(stored), gone=len(gone), total=listing.total
        )
        state |= learned
        if doubted:
            reason = "large_loss"
        elif gone:
            again = _list(work)
            if again.problem or set(again.ids) != set(listing.ids):
                reason = "drift"
    if not reason:
        state |= {"full_at": timezone.now(), "full_due": False}
    is_full = work.run.full or bool(reason) or stored != listing.ids
    account, using = work.account, work.using
    return Fetched(
        mode=Mode.FULL if is_full else Mode.PROBE,
        reason=reason,
        write=lambda: _write(account, listing, set() if reason else gone, using=using),
        skipped_reasons=_skipped(listing),
        state=state,
    )


def _list(work: Work) -> Listing:
    """Follow the cursor to its end, or as far as makes sense: no id comes twice, and no page too many."""
    ids: dict[str, None] = {}
    catalog = Catalog()
    came = 0
    problem = ""
    page = _page(work, None)
    total = page.total
    cursors: set[str | None] = {None}
    while True:
        catalog.update(page.catalog)
        came += len(page.ids)
        found = [spotify_id for spotify_id in page.ids if spotify_id is not None]
        if page.total != total or len(set(found)) != len(found) or ids.keys() & set(found):
            problem = "drift"
        ids |= dict.fromkeys(found)
        work.progress(len(ids), total)
        if page.after is None or problem:
            break
        if page.after in cursors or len(cursors) > ceil(total / LIMIT):
            problem = "endless_cursor"
            break
        cursors.add(page.after)
        page = _page(work, page.after)
    if not problem and came != total - work.state.hidden:
        problem = "count"
    return Listing(list(ids), total, came, catalog, problem)


def _page(work: Work, after: str | None) -> CursorPage:
    params: dict[str, str | int] = {"type": "artist", "limit": LIMIT}
    if after is not None:
        params["after"] = after
    return work.fetch.one(Get("/me/following", parse_following_page, params))


def _skipped(listing: Listing) -> dict[str, int]:
    nulls = listing.came - len(listing.ids)
    return {"null_entry": nulls} if nulls and not listing.problem else {}


def _rows(account: SpotifyAccount, using: str) -> QuerySet[FollowedArtist]:
    return FollowedArtist.objects.using(using).filter(account=account)


def _stored(account: SpotifyAccount, using: str) -> dict[str, tuple[int, int]]:
    """Return (primary key, position) of each followed artist, by Spotify id and in order."""
    rows = _rows(account, using).order_by("position", "pk")
    values = rows.values_list("artist__spotify_id", "pk", "position")
    return {spotify_id: (pk, position) for spotify_id, pk, position in values}


def _write(
    account: SpotifyAccount, listing: Listing, removable: set[str], *, using: str
) -> Written:
    """Make the stored artists the listed ones; remove none but the removable. In the caller's transaction.

    :raises IntegrityError: if prune removed one of them meanwhile: the caller repeats its transaction.
    """
    write_catalog(listing.catalog, using=using)
    stored = _stored(account, using)
    rows = _rows(account, using)
    new = [spotify_id for spotify_id in listing.ids if spotify_id not in stored]
    gone = [spotify_id for spotify_id in stored if spotify_id in removable]
    known = set(listing.ids)
    # who is stored and not listed, yet may not be removed, comes last
    order = [*listing.ids, *(one for one in stored if one not in known and one not in removable)]
    places = {spotify_id: position for position, spotify_id in enumerate(order)}
    moves = [Move(*stored[one], places[one]) for one in order if one in stored]
    artists = Artist.objects.using(using).filter(spotify_id__in=new)
    artist_ids = dict(artists.values_list("spotify_id", "pk"))
    if len(artist_ids) < len(new):
        raise IntegrityError("An artist was removed while the list was written; begin again.")
    batch_size = conf.BATCH_SIZE
    delete(rows, [stored[spotify_id][0] for spotify_id in gone], batch_size=batch_size)
    move(rows, moves, batch_size=batch_size)
    rows.bulk_create(
        [
            FollowedArtist(
                account=account,
                artist_id=artist_ids[spotify_id],
                position=places[spotify_id],
            )
            for spotify_id in new
        ],
        batch_size=batch_size,
    )
    moved = len(out_of_order(moves))
    return Written(Counts(len(new), moved, len(moves) - moved, len(gone)), added=new, removed=gone)
