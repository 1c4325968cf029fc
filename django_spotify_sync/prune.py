"""Take away what nobody needs any more: orphans of the catalogue, old runs, staged pages that were forgotten.

In batches, each a short transaction of its own: candidates are locked, tested again, and deleted by SQL, never by
cascade. A sync that takes up an orphan in that very moment finds it gone, and writes it anew.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

from django.db import router
from django.db.models import Model, Q
from django.utils import timezone

from django_spotify_sync import disconnecting
from django_spotify_sync.conf import conf
from django_spotify_sync.erasure import LIBRARY, delete, delete_playlists, unused
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    SpotifyAccount,
    StagedPage,
    SyncRun,
    Track,
    TrackArtist,
)
from django_spotify_sync.models.accounts import AccountStatus

logger = logging.getLogger(__name__)

#: Staged pages serve a run that waits for a day's quota; after so long they are old news.
STAGED_FOR = timedelta(days=3)
#: Between two looks at whom to purge.
LOOK = timedelta(hours=1)


def prune() -> dict[str, int]:
    """Remove all that nobody needs; return how many rows went, by what they were."""
    using = router.db_for_write(SyncRun)
    old = timezone.now() - conf.RUN_RETENTION
    removed = purge_accounts() | {
        "staged_pages": delete(StagedPage, Q(created_at__lt=timezone.now() - STAGED_FOR), using),
        "sync_runs": delete(SyncRun, Q(finished_at__lt=old), using, parts=((StagedPage, "run"),)),
        "playlists": delete_playlists(using),
        "tracks": _orphans(Track, TrackArtist, "track", using),
        "albums": _orphans(Album, AlbumArtist, "album", using),
        "artists": delete(Artist, unused(Artist, using), using),
    }
    logger.info("pruned: %s", ", ".join(f"{count} {name}" for name, count in removed.items()))
    return removed


def _orphans(model: type[Model], part: type[Model], field: str, using: str) -> int:
    return delete(model, unused(model, using, but=part), using, parts=((part, field),))


def purge_accounts() -> dict[str, int]:
    """Delete accounts that were disconnected, or whose grant was lost, as long ago as they are kept; return the counts.

    Those whose time is over before the next look are gone at this one: the terms of Spotify know no later.
    """
    using = router.db_for_write(SpotifyAccount)
    now = timezone.now() + LOOK
    past = Q(
        status=AccountStatus.DISCONNECTED,
        status_changed_at__lt=now - conf.DISCONNECTED_RETENTION,
    ) | Q(
        status=AccountStatus.REAUTHORIZATION_REQUIRED,
        status_changed_at__lt=now - conf.GRANT_LOST_RETENTION,
    )
    accounts = SpotifyAccount.objects.using(using).filter(past).order_by("pk")
    purged = last = 0
    library = Counter(dict.fromkeys(LIBRARY, 0))
    while batch := list(accounts.filter(pk__gt=last)[: conf.BATCH_SIZE]):
        last = batch[-1].pk
        for account in batch:
            if (counts := disconnecting.purge(account, using, past)) is not None:
                purged += 1
                library.update(counts)
    return {
        "accounts": purged,
        "saved_tracks": library["saved_tracks"],
        "account_playlists": library["playlists"],
        "followed_artists": library["followed_artists"],
    }
