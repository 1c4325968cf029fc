"""Search in the names of tracks, of their albums and of their artists.

Two ways lead to a page of what has a word, and the wrong one takes a hundred times as long. What is rare is found in
the catalogue, by its trigram indexes, and then looked up among the rows that were asked about. What is common is asked
of row after row in the order of the page, until it is full. PostgreSQL takes neither by itself: it makes a table of all
that has the word, however much that is. So it is asked beforehand what finding the word would cost.
"""

from __future__ import annotations

import re

from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet

from django_spotify_sync.models.catalog import Album, AlbumArtist, Artist, Track, TrackArtist

#: In the planner's units, some 30 ms; by a trigram index a rare word of a catalogue of 500,000 tracks costs 1,200.
AFFORDABLE = 8_000


class _AskedOfEachRow(Exists):
    """EXISTS that PostgreSQL asks row by row: where there is an OFFSET it cannot find all rows beforehand."""

    template = "EXISTS(%(subquery)s OFFSET 0)"


def track_has(word: str) -> Q:
    """Return the condition that ``word`` is in the name of a row's ``track``, of its album or of one of its artists.

    Asks PostgreSQL one question, which way to take.
    """
    everywhere = tracks_with(word)
    if connections[everywhere.db].vendor != "postgresql":
        return _looked_into(word)
    if _is_rare(everywhere):
        return Q(track__in=everywhere)
    track = Track.objects.filter(pk=OuterRef("track"))
    artists = TrackArtist.objects.filter(track=OuterRef("track"))
    return (
        Q(_AskedOfEachRow(track.filter(folded__contains=word)))
        | Q(_AskedOfEachRow(track.filter(album__folded__contains=word)))
        | Q(_AskedOfEachRow(artists.filter(artist__folded__contains=word)))
    )


def _looked_into(word: str) -> Q:
    """Return the same condition for a database without trigrams, which looks into names one by one whatever it does.

    Each row's own name is looked into, and once those of all albums and artists: they are a third as many as tracks.
    """
    albums = Album.objects.filter(folded__contains=word)
    artists = Artist.objects.filter(folded__contains=word)
    return (
        Q(track__folded__contains=word)
        | Q(track__in=Track.objects.filter(album__in=albums).values("pk"))
        | Q(track__in=TrackArtist.objects.filter(artist__in=artists).values("track"))
    )


def album_has(word: str) -> Q:
    """Return the condition that ``word`` is in the name of a row's ``album``, or of one of its artists.

    Nobody saves so many albums that it mattered which way is taken: each row is asked.
    """
    artists = AlbumArtist.objects.filter(album=OuterRef("album"), artist__folded__contains=word)
    return Q(album__folded__contains=word) | Q(_AskedOfEachRow(artists))


def tracks_with(word: str) -> QuerySet[Track, int]:
    """Return the keys of all tracks of the catalogue that have the word."""
    own = Track.objects.filter(folded__contains=word).values_list("pk", flat=True)
    of_albums = Track.objects.filter(album__folded__contains=word).values_list("pk", flat=True)
    of_artists = TrackArtist.objects.filter(artist__folded__contains=word)
    return own.union(of_albums, of_artists.values_list("track", flat=True))


def _is_rare(everywhere: QuerySet[Track, int]) -> bool:
    """Tell whether PostgreSQL finds them at once."""
    cost = re.search(r"\.\.(\d+)", everywhere.explain())
    return cost is not None and int(cost[1]) <= AFFORDABLE
