"""What a run changed → LibraryChange, in its own transaction: the one place that writes the journal.

Titles are copied out of the catalogue as they are now, by the same statement that writes the lines: what is gone
tomorrow has its name today. A line says what was seen, and never why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from django.db import connections, models

from django_spotify_sync.conf import conf
from django_spotify_sync.db.row_sets import Columns, Row
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    Audiobook,
    Episode,
    LibraryChange,
    Show,
    SyncRun,
    SyncState,
    Track,
    TrackArtist,
)
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.sync.handover import Change, Written

#: So many at once that all are of one album or label: fewer, somebody takes out by hand in one sitting.
MANY = 5

#: What a change says of itself; the catalogue says the rest.
_SAID = (
    "kind",
    "count",
    "spotify_id",
    "title",
    "subtitle",
    "playlist_spotify_id",
    "playlist_name",
    "likely_withdrawn",
)


def write(
    run: SyncRun, state: SyncState, written: Written, *, seen_at: datetime, using: str
) -> list[int]:
    """Write a line for each change of a run, in the caller's transaction; return their primary keys.

    ``state`` is what was known before the run. The first import of a resource is one line, with its count.
    """
    if not conf.JOURNAL:
        return []
    # a library that was looked at and was empty is no new one: what comes then came since
    if written.imported and state.full_at is None and state.full_total != 0:
        rows: list[Row] = [(ChangeKind.IMPORTED, written.imported, "", "", "", "", "", False)]
    else:
        withdrawn = _withdrawn(run.resource, written.changes, using)
        # What stands first in the list is to be the latest line, as it is the latest that was saved.
        rows = [_row(change, withdrawn) for change in reversed(written.changes)]
    return _insert(run, rows, seen_at, using)


def _row(change: Change, withdrawn: bool) -> Row:
    is_withdrawn = change.was_null or (withdrawn and change.kind == ChangeKind.REMOVED)
    said = (change.spotify_id, change.title, change.subtitle, *change.playlist)
    return (change.kind, 1, *said, is_withdrawn)


def _withdrawn(resource: str, changes: Sequence[Change], using: str) -> bool:
    """Tell whether all that was removed was many of one album or of one label, as it is where a right has ended.

    If one of them is of elsewhere, somebody has tidied up. Not told of what is removed from playlists: a null keeps the
    place of what was withdrawn there.
    """
    if resource not in _GROUPS:
        return False
    removed = [change.spotify_id for change in changes if change.kind == ChangeKind.REMOVED]
    if len(removed) < MANY:
        return False
    model, columns = _GROUPS[resource]
    rows = model._default_manager.using(using)
    groups = {
        group
        for batch in batched(removed, conf.BATCH_SIZE)
        for group in rows.filter(spotify_id__in=batch).values_list(*columns).distinct()
    }
    return any(len(set(column)) == 1 and column[0] for column in zip(*groups, strict=True))


#: By what those of a resource may be withdrawn together.
_GROUPS: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    Resource.TRACKS: (Track, ("album_id", "album__label")),
    Resource.ALBUMS: (Album, ("label",)),
}


def _insert(run: SyncRun, rows: Sequence[Row], seen_at: datetime, using: str) -> list[int]:
    """Write the lines, whose titles and subtitles are the catalogue's where they are None."""
    connection = connections[using]
    returns = connection.features.can_return_rows_from_bulk_insert
    said = Columns(LibraryChange, _SAID, connection)
    same = Columns(LibraryChange, ("account_id", "run_id", "resource", "seen_at"), connection)
    values = {name: f"given.{name}" for name in said.quoted}
    subtitle = _subtitle(run.resource, is_postgresql=said.is_postgresql)
    for name, known in (("title", "one.name"), ("subtitle", subtitle)):
        values[said.quote(name)] = f"coalesce(given.{name}, {known}, '')"
    sql = (
        f"INSERT INTO {said.table} ({', '.join([*same.quoted, *values])}) "
        f"SELECT {', '.join([*map(same.constant, same.fields), *values.values()])} "
        f"FROM {said.source} LEFT JOIN {_table(_CATALOGUE[run.resource][0])} AS one "
        "ON given.title IS NULL AND one.spotify_id = given.spotify_id ORDER BY place"
    )
    given = (run.account_id, run.pk, run.resource, seen_at)
    parameters = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(same.fields, given, strict=True)
    ]
    ids: list[int] = []
    for batch in batched(rows, conf.BATCH_SIZE):
        with connection.cursor() as cursor:
            if returns:
                sql_and_ids = f"{sql} RETURNING {said.primary_key}"
                cursor.execute(sql_and_ids, [*parameters, said.packed(batch)])
                ids += [pk for (pk,) in cursor.fetchall()]
            else:
                cursor.execute(sql, [*parameters, said.packed(batch)])
    if rows and not returns:
        lines = LibraryChange.objects.using(using).filter(run=run)
        ids = list(lines.order_by("pk").values_list("pk", flat=True))
    return ids


#: The names of a row's artists, in their order.
_ARTISTS = (
    "(SELECT {{joined}}(name, ', ') FROM (SELECT artist.name FROM {link} AS link "
    "JOIN {artist} AS artist ON artist.id = link.artist_id "
    "WHERE link.{owner} = one.id ORDER BY link.position) AS names)"
)
_AUTHORS = "(SELECT {joined}(texts.value, ', ') FROM {taken_apart}(one.authors) AS texts)"


def _artists(link: type[models.Model], owner: str) -> str:
    return _ARTISTS.format(link=_table(link), artist=_table(Artist), owner=owner)


def _table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'


#: Where the name of a thing stands, and its subtitle as a term of SQL over that row, which is called ``one``.
_CATALOGUE: dict[str, tuple[type[models.Model], str]] = {
    Resource.TRACKS: (Track, _artists(TrackArtist, "track_id")),
    # of items; what the lists themselves are called is told along
    Resource.PLAYLISTS: (Track, _artists(TrackArtist, "track_id")),
    Resource.FOLLOWING: (Artist, "NULL"),
    Resource.ALBUMS: (Album, _artists(AlbumArtist, "album_id")),
    Resource.SHOWS: (Show, "one.publisher"),
    Resource.EPISODES: (Episode, f"(SELECT name FROM {_table(Show)} WHERE id = one.show_id)"),
    Resource.AUDIOBOOKS: (Audiobook, _AUTHORS),
}


def _subtitle(resource: str, *, is_postgresql: bool) -> str:
    if is_postgresql:
        words = {"joined": "string_agg", "taken_apart": "jsonb_array_elements_text"}
    else:
        words = {"joined": "group_concat", "taken_apart": "json_each"}
    return _CATALOGUE[resource][1].format(**words)
