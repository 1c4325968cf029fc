"""The catalogue of one run, written while its pages are still under way.

That hides most of what a large import costs a database: 60 % of it are the checks of foreign keys at the end of a
transaction, which no way of writing avoids. At the end there are only the rows of the library to be written.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future

from django.db import DatabaseError, InterfaceError, transaction

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.db.locks import wait_at_most
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.sync.catalog import Keys, hold_catalog, no_keys, write_catalog
from django_spotify_sync.sync.packing import pack, unpack

logger = logging.getLogger(__name__)

AHEAD = 2_000  # tracks that are worth a transaction of their own
LONGEST_WAIT = 2.0  # seconds for somebody else's lock, while pages wait to be staged behind
MOST_WAITING = (
    4 * AHEAD
)  # tracks for which the reading waits, where the database is slower than Spotify


class CatalogWriter:
    """Takes the facts in as they come, and writes them in batches ``beside``. For one thread.

    What was written is kept packed, should it be needed again. A batch that fails is written with the rest, at the end:
    nothing depends on writing ahead.
    """

    def __init__(self, beside: Beside, using: str) -> None:
        self._beside = beside
        self._using = using
        self._rest = Catalog()
        self._keys = no_keys()
        self._under_way: Future[tuple[Keys, bytes]] | None = None
        self._batch = Catalog()
        self._written: list[bytes] = []
        self._goes_ahead = True

    def update(self, catalog: Catalog) -> None:
        """Take in what an answer holds."""
        self._rest.update(catalog)
        waiting = len(self._rest.tracks)
        if self._under_way is not None and (self._under_way.done() or waiting >= MOST_WAITING):
            self._settle()
        is_free = self._goes_ahead and self._under_way is None
        if is_free and len(self._rest.tracks) >= AHEAD:
            self._write_ahead()

    def write(self) -> Keys:
        """Write what is left, outside a transaction; return the primary keys of all that came.

        :raises IntegrityError: if rows were removed while they were looked up: the caller begins anew.
        """
        self._settle()
        _add(self._keys, write_catalog(self._rest, using=self._using))
        return self._keys

    def hold(self) -> Keys:
        """Write all of it in the caller's transaction, and lock it: until its end nobody prunes anything of it.

        :raises IntegrityError: as ``write`` does.
        """
        self._settle()
        everything = Catalog()
        for packed in self._written:
            everything.update(unpack(packed, Catalog))
        everything.update(self._rest)
        return hold_catalog(everything, using=self._using)

    def _write_ahead(self) -> None:
        batch, self._rest = self._rest, Catalog()
        self._batch = batch
        self._under_way = self._beside.do(lambda: self._write_batch(batch))

    def _write_batch(self, batch: Catalog) -> tuple[Keys, bytes]:
        with transaction.atomic(using=self._using):
            wait_at_most(LONGEST_WAIT, using=self._using)
            keys = write_catalog(batch, using=self._using)
        return keys, pack(batch, Catalog)

    def _settle(self) -> None:
        """Wait for the batch that is under way; take it back if it could not be written."""
        if self._under_way is None:
            return
        under_way, self._under_way = self._under_way, None
        try:
            keys, packed = under_way.result()
        except (DatabaseError, InterfaceError) as error:
            logger.info("the catalogue is not written ahead any more (%s)", type(error).__name__)
            self._goes_ahead = False
            self._batch.update(self._rest)
            self._rest = self._batch
        else:
            _add(self._keys, keys)
            self._written.append(packed)
        self._batch = Catalog()


def _add(keys: Keys, more: Keys) -> None:
    for kind, ids in more.items():
        keys[kind].update(ids)
