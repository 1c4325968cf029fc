"""A refusal (403, 404): of one playlist's items, or of the whole app?

Where else a refusal passes through: ``spotify.client`` makes an error of the answer; ``items.reading`` keeps it on the
reading of that list, where its own address gave it; ``reading`` settles such a list; ``judging`` turns it into an
outcome, with the account's right withdrawn; ``stored`` asks no more until the list's snapshot changes; ``writing``
stores the right and why not, and leaves the stored items alone.
"""

from __future__ import annotations

from collections.abc import Collection

from django_spotify_sync.exceptions import AppForbidden, Forbidden, NotFound
from django_spotify_sync.spotify.answers.profile import parse_profile
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.playlists.items.reading import Reading


def refuse_if_app_wide(work: Work, readings: Collection[Reading]) -> None:
    """Tell refusals of single lists from one of the app.

    :raises AppForbidden: if no list's items came and Spotify refuses ``/me``, or several lists of the user's own,
        which it never withholds from their owner.
    """
    refused = [one for one in readings if one.refusal]
    if not refused or any(one.may_read for one in readings):
        return
    try:
        work.fetch.one(Get("/me", parse_profile))
    except (Forbidden, NotFound) as error:
        raise AppForbidden(str(error), status=error.status) from error
    if sum(one.is_own for one in refused) > 1:
        raise AppForbidden(
            f"Spotify refused the items of all {len(refused)} playlists that were asked for.",
            status=403,
        )
