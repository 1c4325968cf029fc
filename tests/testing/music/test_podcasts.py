"""Invented shows, episodes and audiobooks."""

from __future__ import annotations

from django_spotify_sync.testing.music.podcasts import Podcasts, invent_episode
from django_spotify_sync.testing.music.world import World


def test_the_same_seed_gives_the_same_however_much_is_asked_for():
    few, many = Podcasts(World(), 3), Podcasts(World(), 3)

    many.first_episodes(40)
    many.first_shows(40)
    many.first_audiobooks(40)

    for kind in ("shows", "episodes", "audiobooks"):
        asked = [thing.id for thing in getattr(few, f"first_{kind}")(9)]
        assert asked == [thing.id for thing in getattr(many, f"first_{kind}")(40)[:9]]


def test_a_few_shows_are_odd():
    shows = Podcasts(World(), 1).first_shows(8)

    assert {show.is_externally_hosted for show in shows} == {True, False, None}
    assert {show.media_type for show in shows} == {"audio", "mixed"}
    assert [show.cover for show in shows].count(None) == 1


def test_some_episodes_are_of_one_show():
    podcasts = Podcasts(World(), 1)
    episodes = podcasts.first_episodes(6)

    assert [episode.show for episode in episodes] == [
        *[podcasts.shows[0]] * 3,
        *[podcasts.shows[1]] * 3,
    ]
    assert invent_episode("one").show.id == invent_episode("one").show.id


def test_an_audiobook_is_a_show_of_its_authors():
    for book in Podcasts(World(), 1).first_audiobooks(20):
        show = book.as_show()

        assert (show.id, show.uri, show.name) == (book.id, book.uri, book.name)
        assert (show.publisher, show.total_episodes) == (
            ", ".join(book.authors),
            book.total_chapters,
        )
        assert not set(book.authors) & set(book.narrators)
        assert book.narrators
