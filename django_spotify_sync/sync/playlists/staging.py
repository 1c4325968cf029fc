"""Many playlists at once: requests in parallel across lists and pages, and answers that wait in the database.

What is staged serves a run that is cut short and goes on later. It is filed under the list and the snapshot that it was
listed with: if that is another one by then, it is of no use. Each answer serves once; what has to be asked a second
time is asked of Spotify.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager

from django_spotify_sync.exceptions import Forbidden, NotFound, SpotifyError, SpotifyUnavailable
from django_spotify_sync.models import StagedPage
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.spotify.answers.playlists import PlaylistAnswer, PlaylistRow
from django_spotify_sync.spotify.client import ATTEMPTS, Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.playlists.items.reading import Answer, Reading, catalog_of
from django_spotify_sync.sync.staging import Stage

_VAIN = 50  # requests in a row that bring nothing: the other lists are for the next run
_LONGEST_NAME = 300
_ADDRESSES = ("items", "tracks")


def read_all(
    work: Work, readings: Collection[Reading], stage: ItemStage, note: Callable[[], None]
) -> None:
    """Read lists in parallel, across lists and pages, until nothing more is to be had of any.

    What a list is refused with, or runs into, is its own matter. But where one after the other fails, the rest is not
    asked for, and bears the last one's fault. In no order, so that no list is the last one at each run.
    """
    waiting = random.sample([*readings], len(readings))
    in_vain = 0
    while waiting:
        for reading, answer in _answers(work, waiting, stage):
            note()
            if not isinstance(answer, SpotifyError):
                in_vain = 0
            elif reading.is_own or not _is_usual(answer):
                in_vain += ATTEMPTS if isinstance(answer, SpotifyUnavailable) else 1
            if isinstance(answer, SpotifyError) and in_vain >= _VAIN:
                for left in waiting:
                    left.give_up(answer)
                return
        waiting = [reading for reading in waiting if reading.advance()]


def _is_usual(error: SpotifyError) -> bool:
    """Tell whether that is how Spotify refuses somebody else's list."""
    return isinstance(error, NotFound) or type(error) is Forbidden


def _answers(
    work: Work, waiting: Collection[Reading], stage: ItemStage
) -> Iterator[tuple[Reading, Answer]]:
    """Give each reading what it asks for; yield it with each answer of Spotify's."""
    reading_of = {get.path: reading for reading in waiting for get in reading.gets}
    gets = [get for reading in waiting for get in _not_staged(work, reading, stage)]
    for get, answer in work.fetch.each(gets):
        reading = reading_of[get.path]
        work.catalog.update(catalog_of(answer))
        reading.take(get, answer)
        stage.keep(reading.row, get, answer)
        yield reading, answer


def _not_staged(work: Work, reading: Reading, stage: ItemStage) -> list[Get[Answer]]:
    """Give the reading what is staged; return what is left to be asked."""
    left = []
    for get in reading.gets:
        answer = None if reading.asks_only else stage.recall(reading.row, get)
        if answer is None:
            left.append(get)
        else:
            work.catalog.update(catalog_of(answer))
            reading.take(get, answer)
    return left


class ItemStage:
    """The staged answers of a run's playlists."""

    def __init__(self, work: Work) -> None:
        self._stage = Stage(work, PlaylistAnswer | Page[ItemRow])
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

    def kept(self) -> AbstractContextManager[None]:
        """Stage what has arrived, whatever ends the attempt."""
        return self._stage.kept()


def _listing(row: PlaylistRow) -> str:
    return f"{row.spotify_id} {row.snapshot_id}"


def _place(get: Get[Answer]) -> int:
    """Return a number for each thing that may be asked about one list: itself, and the offsets of either address."""
    name = get.path.rpartition("/")[2]
    if "offset" not in get.params or name not in _ADDRESSES:
        return 0
    return 1 + 2 * int(get.params["offset"]) + _ADDRESSES.index(name)
