"""A list whose items do not come: is it this list, or the whole app? And is a refusal (403, 404) to be believed?

Where else a refusal passes through: ``spotify.client`` makes an error of the answer; ``items.reading`` keeps it on the
reading of that list, where its own address gave it; ``reading`` settles such a list if that is believed; ``judging``
turns it into an outcome, with the account's right withdrawn or in doubt; ``stored`` asks no more until the list's
snapshot changes, and at the next run where it is in doubt; ``writing`` stores the right and why not, and leaves the
stored items alone.

What is in doubt is noted by the link's ``unreadable_reason`` alone: its ``can_read_items`` stays what it was.
"""

from __future__ import annotations

from collections.abc import Collection

from django_spotify_sync.exceptions import AppForbidden, Forbidden, NotFound, SpotifyError
from django_spotify_sync.models import AccountPlaylist
from django_spotify_sync.spotify.answers.profile import ProfileRow, parse_profile
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.playlists.items.reading import Reading


def refuse_if_app_wide(work: Work, readings: Collection[Reading]) -> None:
    """Tell what single lists are refused with, or run into, from what the whole app is.

    :raises SpotifyError: if no list's items came and Spotify gives not even ``/me``.
    """
    if any(one.may_read for one in readings) or not any(one.error for one in readings):
        return
    me: Get[ProfileRow | SpotifyError] = Get("/me", parse_profile, failed=_itself)
    answer = work.fetch.one(me)
    if isinstance(answer, Forbidden | NotFound) and not isinstance(answer, AppForbidden):
        raise AppForbidden(str(answer), status=answer.status) from answer
    if isinstance(answer, SpotifyError):
        raise answer


def is_believed(reading: Reading, link: AccountPlaylist | None) -> bool:
    """Tell whether a refusal is to be believed: somebody else's 403 at once, any other when an earlier run met one too.

    Spotify lists the list, and withholds no list of the user's own: so the first such refusal may be a mistake.
    """
    if type(reading.refusal) is Forbidden and not reading.is_own:
        return True
    return link is not None and bool(link.unreadable_reason)


def disregard_wholesale(readings: Collection[Reading]) -> list[Reading]:
    """Make mere faults of all refusals where nothing else came, several lists of the user's own among them.

    So Spotify may treat an app that it does not like, and it says nothing of any list. Return those readings.
    """
    refused = [one for one in readings if one.refusal]
    if sum(one.is_own for one in refused) < 2 or any(one.may_read for one in readings):
        return []
    for reading in refused:
        reading.fault, reading.refusal = reading.refusal, None
    return refused


def _itself(error: SpotifyError) -> SpotifyError:
    return error
