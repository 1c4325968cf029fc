"""Take away what nobody needs any more: orphans of the catalogue, old runs, old lines of the journal, old hours, staged
pages that were forgotten.

In batches, each a short transaction of its own: candidates are locked, tested again, and deleted by SQL, never by
cascade. A sync that takes up an orphan in that very moment finds it gone, and writes it anew. Of parts of a row (the
artists of a track, the tracks of an album) nobody is told how many went.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import router
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from django_spotify_sync.accounts.erasure import delete_playlists
from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_parts, delete_where, unused
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    Hour,
    LargeLoss,
    LibraryChange,
    LostRow,
    SavedAlbum,
    Show,
    StagedPage,
    SyncRun,
    Track,
    TrackArtist,
)
from django_spotify_sync.models.hours import KEPT_FOR, hour_of
from django_spotify_sync.upkeep.retention import purge_accounts

logger = logging.getLogger(__name__)

#: Staged pages serve a run that waits for a day's quota; after so long they are old news.
STAGED_FOR = timedelta(days=3)


def prune() -> dict[str, int]:
    """Remove all that nobody needs; return how many rows went, by what they were."""
    using = router.db_for_write(SyncRun)
    old = timezone.now() - conf.RUN_RETENTION
    delete = partial(delete_where, using=using, batch_size=conf.BATCH_SIZE)
    removed = purge_accounts()
    _forget_tracks_of_albums(using)
    removed |= {
        "staged_pages": delete(StagedPage, Q(created_at__lt=timezone.now() - STAGED_FOR)),
        "changes": delete(LibraryChange, Q(seen_at__lt=timezone.now() - conf.CHANGES_RETENTION)),
        "sync_runs": delete(
            SyncRun,
            Q(finished_at__lt=old),
            parts=((StagedPage, "run"), (LostRow, "loss__run"), (LargeLoss, "run")),
            pointers=((LibraryChange, "run"),),
        ),
        "hours": delete(Hour, Q(at__lt=_oldest_hour(using))),
        "playlists": delete_playlists(using),
        "tracks": delete(
            Track, unused(Track, using, but=TrackArtist), parts=((TrackArtist, "track"),)
        ),
        "albums": delete(
            Album, unused(Album, using, but=AlbumArtist), parts=((AlbumArtist, "album"),)
        ),
        "artists": delete(Artist, unused(Artist, using)),
        "episodes": delete(Episode, unused(Episode, using)),
        "shows": delete(Show, unused(Show, using)),
        "audiobooks": delete(Audiobook, unused(Audiobook, using)),
    }
    logger.info("pruned: %s", ", ".join(f"{count} {name}" for name, count in removed.items()))
    return removed


def _oldest_hour(using: str) -> datetime:
    """Return from when on hours are kept: the last look of the schedule is among them, however long ago it was."""
    old = timezone.now() - KEPT_FOR
    looked_at = Hour.objects.using(using).last_look()
    return min(old, hour_of(looked_at)) if looked_at else old


def _forget_tracks_of_albums(using: str) -> None:
    """Delete which tracks stand on albums that nobody has saved any more, so that these tracks may go themselves.

    An album loses all of them or none, and is not called whole any more. If somebody saves it at that very moment, its
    next whole listing brings them back.
    """
    pointing = {"album": OuterRef("pk")}
    saved = SavedAlbum.objects.using(using).filter(**pointing)
    listed = AlbumTrack.objects.using(using).filter(**pointing)
    delete_parts(
        Album,
        Q(Exists(listed)) & ~Q(Exists(saved)),
        using,
        batch_size=conf.BATCH_SIZE,
        parts=((AlbumTrack, "album"),),
        leaving={"tracks_version": ""},
    )
