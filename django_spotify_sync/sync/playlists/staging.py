"""Many playlists at once: requests in parallel across lists and pages, and answers that wait in the database.

What is staged serves a run that is cut short and goes on later. It is filed under the list and the snapshot that it was
listed with: if that is another one by then, it is of no use. Each answer serves once; what has to be asked a second
time is asked of Spotify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django_spotify_sync.exceptions import SpotifyError
from django_spotify_sync.models import StagedPage
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.playlists.items.reading import Answer, Reading
from django_spotify_sync.sync.staging import KEPT_THROUGH, Stage

_GIVE_UP = 3  # lists that fail for good, at which the fault is Spotify's and not theirs
_LONGEST_NAME = 300
_ADDRESSES = ("items", "tracks")


def read_all(
    work: Work, readings: Iterable[Reading], stage: ItemStage, note: Callable[[], None]
) -> None:
    """Read lists in parallel, across lists and pages, until nothing more is to be had of any.

    :raises SpotifyUnavailable: if several lists fail for good.
    :raises SpotifyError: if Spotify refuses more than the items of single lists.
    """
    waiting = list(readings)
    faulty: set[str] = set()
    try:
        while waiting:
            reading_of = {get.path: reading for reading in waiting for get in reading.gets}
            gets = [get for reading in waiting for get in _not_staged(reading, stage)]
            for get, answer in work.fetch.each(gets):
                reading = reading_of[get.path]
                reading.take(get, answer)
                stage.keep(reading.row, get, answer)
                note()
                if reading.fault:
                    faulty.add(reading.row.spotify_id)
                    if len(faulty) >= _GIVE_UP:
                        raise reading.fault
            waiting = [reading for reading in waiting if reading.advance()]
    except KEPT_THROUGH:
        stage.flush()  # the run goes on later, from here
        raise


def _not_staged(reading: Reading, stage: ItemStage) -> list[Get[Answer]]:
    """Give the reading what is staged; return what is left to be asked."""
    left = []
    for get in reading.gets:
        answer = None if reading.asks_only else stage.recall(reading.row, get)
        if answer is None:
            left.append(get)
        else:
            reading.take(get, answer)
    return left


class ItemStage:
    """The staged answers of a run's playlists."""

    def __init__(self, work: Work) -> None:
        self._stage = Stage(work.run, work.using)
        rows = StagedPage.objects.using(work.using).filter(run=work.run)
        self._left = set(rows.values_list("listing", flat=True).distinct())
        self._loaded: dict[str, dict[int, Answer]] = {}

    def recall(self, row: PlaylistRow, get: Get[Answer]) -> Answer | None:
        """Return what an earlier attempt was answered, once."""
        listing = _listing(row)
        if listing in self._left:
            self._left.discard(listing)
            self._loaded[listing] = self._stage.load(listing)
        return self._loaded.get(listing, {}).pop(_place(get), None)

    def keep(self, row: PlaylistRow, get: Get[Answer], answer: Answer) -> None:
        """Stage an answer; a refusal is soon asked for again."""
        listing = _listing(row)
        if (
            row.snapshot_id
            and len(listing) <= _LONGEST_NAME
            and not isinstance(answer, SpotifyError)
        ):
            self._stage.keep(listing, _place(get), answer)

    def forget(self, row: PlaylistRow) -> None:
        """Throw away what was answered about a list: it does not fit together."""
        self._loaded.pop(_listing(row), None)
        self._stage.forget(_listing(row))

    def flush(self) -> None:
        """Write what is waiting: the run ends here, and goes on later."""
        self._stage.flush()


def _listing(row: PlaylistRow) -> str:
    return f"{row.spotify_id} {row.snapshot_id}"


def _place(get: Get[Answer]) -> int:
    """Return a number for each thing that may be asked about one list: itself, and the offsets of either address."""
    name = get.path.rpartition("/")[2]
    if "offset" not in get.params or name not in _ADDRESSES:
        return 0
    return 1 + 2 * int(get.params["offset"]) + _ADDRESSES.index(name)
