"""Take away what nobody needs any more: orphans of the catalogue, old runs, staged pages that were forgotten.

In batches, each a short transaction of its own: candidates are locked, tested again, and deleted by SQL, never by
cascade. A sync that takes up an orphan in that very moment finds it gone, and writes it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connections, models, router, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    AlbumArtist,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    StagedPage,
    SyncRun,
    Track,
    TrackArtist,
)

logger = logging.getLogger(__name__)

#: Staged pages serve a run that waits for a day's quota; after so long they are old news.
STAGED_FOR = timedelta(days=3)


def prune() -> dict[str, int]:
    """Remove all that nobody needs; return how many rows went, by what they were."""
    using = router.db_for_write(SyncRun)
    old = timezone.now() - conf.RUN_RETENTION
    removed = {
        "staged_pages": _delete(StagedPage, Q(created_at__lt=timezone.now() - STAGED_FOR), using),
        "sync_runs": _delete(SyncRun, Q(finished_at__lt=old), using, parts=((StagedPage, "run"),)),
        "playlists": _delete(
            Playlist,
            _unused("playlist", AccountPlaylist),
            using,
            parts=((PlaylistItem, "playlist"),),
        ),
        "tracks": _delete(
            Track,
            _unused("track", SavedTrack, PlaylistItem),
            using,
            parts=((TrackArtist, "track"),),
        ),
        "albums": _delete(Album, _unused("album", Track), using, parts=((AlbumArtist, "album"),)),
        "artists": _delete(
            Artist, _unused("artist", TrackArtist, AlbumArtist, FollowedArtist), using
        ),
    }
    logger.info("pruned: %s", ", ".join(f"{count} {name}" for name, count in removed.items()))
    return removed


def _unused(field: str, *users: type[models.Model]) -> Q:
    """Return the condition that no row of ``users`` points here by ``field``."""
    condition = Q()
    for user in users:
        condition &= ~Q(Exists(user._default_manager.filter(**{field: OuterRef("pk")})))
    return condition


def _delete(
    model: type[models.Model],
    condition: Q,
    using: str,
    *,
    parts: tuple[tuple[type[models.Model], str], ...] = (),
) -> int:
    """Delete the rows of ``model`` under ``condition``, their ``parts`` first, a batch at a time."""
    rows: models.QuerySet[Any] = model._default_manager.using(using)
    lock = _lock(using)
    removed = last = 0
    while candidates := list(
        rows.filter(condition, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[: conf.BATCH_SIZE]
    ):
        last = candidates[-1]
        with transaction.atomic(using=using):
            locked = list(
                lock(rows.filter(pk__in=candidates)).order_by("pk").values_list("pk", flat=True)
            )
            gone = list(rows.filter(condition, pk__in=locked).values_list("pk", flat=True))
            for part, field in parts:
                part._default_manager.using(using).filter(**{f"{field}__in": gone})._raw_delete(
                    using
                )
            removed += rows.filter(pk__in=gone)._raw_delete(using)
    return removed


def _lock(using: str) -> Callable[[models.QuerySet[Any]], models.QuerySet[Any]]:
    """Lock what nobody else has locked; a database without row locks has the whole file."""
    if connections[using].features.has_select_for_update_skip_locked:
        return lambda rows: rows.select_for_update(skip_locked=True)
    return lambda rows: rows
