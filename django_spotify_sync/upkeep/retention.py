"""How long accounts are kept that were let go of, or whose grant was lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.db import router
from django.db.models import Q
from django.utils import timezone

from django_spotify_sync.accounts import disconnecting
from django_spotify_sync.conf import conf
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.library import no_counts

#: Between two looks at whom to purge.
LOOK = timedelta(hours=1)


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
    accounts = SpotifyAccount.objects.using(using).filter(past)
    purged = 0
    library = Counter(no_counts())
    for batch in in_chunks(accounts, size=conf.BATCH_SIZE):
        for account in batch:
            if (counts := disconnecting.purge(account, using, past)) is not None:
                purged += 1
                library.update(counts)
    # beside what prune removes, "playlists" are those that nobody has any more
    names = {"playlists": "account_playlists"}
    return {"accounts": purged} | {names.get(name, name): rows for name, rows in library.items()}
