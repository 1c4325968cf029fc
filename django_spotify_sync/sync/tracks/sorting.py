"""What the saved tracks of a long library are sorted by, kept in their own rows.

Names and durations stand in the catalogue, which all accounts share, and no index spans two tables. A library of some
thousands of tracks is sorted whenever somebody asks for it in an order of names, which takes some milliseconds. The
rows of a longer one carry copies, under indexes of their own; writing those for all would slow down each first sync.
"""

from __future__ import annotations

from django.db.models import Q

from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.models.saved_tracks import sort_keys

#: A library of more entries keeps its keys.
LONG = 15_000


def refresh_sort_keys(account: SpotifyAccount, *, is_whole: bool, using: str) -> int:
    """Bring the keys of the account's rows up to date in one statement; return how many rows that wrote.

    All of them are compared with the catalogue where the list was read as a whole; else only rows that have no keys are
    filled. Those of a short library stay without. In the caller's transaction.
    """
    rows = SavedTrack.objects.using(using).filter(account=account, track__isnull=False)
    is_long = rows.order_by("pk")[LONG : LONG + 1].exists()
    if not is_long and not SavedTrack.objects.using(using).keeps_sort_keys(account):
        return 0
    keys = sort_keys()
    outdated = Q(name_key__isnull=True)
    if is_whole:
        for name, key in keys.items():
            outdated |= ~Q(**{name: key})
    return rows.filter(outdated).update(**keys)
