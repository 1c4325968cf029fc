"""The caches of rendered pages."""

from __future__ import annotations

from datetime import UTC, datetime

from django_spotify_sync.testing import REMOVED
from django_spotify_sync.testing.api.pages import OVERHEAD, PageCache, TextCache
from django_spotify_sync.testing.api.shapes import merged
from django_spotify_sync.testing.music.world import epoch, iso
from django_spotify_sync.testing.wire.server import Body


def test_a_page_is_made_once_while_it_is_used() -> None:
    cache, made = PageCache(limit=3 * (OVERHEAD + 10)), []

    def ask(key: int) -> bytes:
        def make() -> Body:
            made.append(key)
            return Body(b"x" * 10)

        return cache.get(key, make).plain

    for key in (1, 2, 3, 1, 4, 1, 2):
        assert ask(key) == b"x" * 10

    assert made == [1, 2, 3, 4, 2]


def test_a_long_page_is_kept_zipped_and_given_whole() -> None:
    body = Body(b"long " * 1_000)

    size = body.pack()

    assert size < 1_000
    assert body.pack() == size
    assert body.plain == b"long " * 1_000


def test_two_who_make_the_same_page_at_once_count_it_once() -> None:
    cache = PageCache(limit=2 * (OVERHEAD + 10))

    def make_while_another_does() -> Body:
        cache.get("a", lambda: Body(b"x" * 10))
        return Body(b"x" * 10)

    cache.get("a", make_while_another_does)
    cache.get("b", lambda: Body(b"x" * 10))

    assert cache.get("a", lambda: Body(b"made anew")).plain == b"x" * 10


def test_texts_are_kept_until_there_are_too_many() -> None:
    cache = TextCache(limit=2)

    assert (cache.get(1, lambda: 1), cache.get(2, lambda: 2)) == ("1", "2")
    assert cache.get(1, lambda: "anew") == "1"
    assert cache.get(3, lambda: 3) == "3"
    assert cache.get(1, lambda: "anew") == '"anew"'


def test_merging_goes_into_objects_only() -> None:
    answer = {"a": {"b": 1, "c": 2}, "d": [1], "e": None}

    raw = {"a": {"b": None, "c": REMOVED}, "d": [2], "e": {"f": 1}}

    assert merged(answer, raw) == {"a": {"b": None}, "d": [2], "e": {"f": 1}}
    assert merged(None, {"a": 1}) == {"a": 1}
    assert answer["a"] == {"b": 1, "c": 2}
    assert repr(REMOVED) == "REMOVED"


def test_dates_are_written_in_utc() -> None:
    assert iso(0) == "1970-01-01T00:00:00Z"
    assert iso(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02T03:04:05Z"
    assert iso(datetime(2026, 1, 2)) == "2026-01-02T00:00:00Z"  # noqa: DTZ001 - taken as UTC
    assert epoch("2026-01-02T00:00:00Z") == datetime(2026, 1, 2, tzinfo=UTC).timestamp()
