"""Search over REST: a name is found however it is written, and however it is typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of, follow, own, put, save, track_of
from tests.kit.shelves import album_of, save_album, save_audiobook, save_episode, save_show

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources")]

#: What stands there, what is typed to find it, and what is not to find it.
SPELLINGS = [
    ("\u00c9dith", ["\u00e9dith", "e\u0301dith", "E\u0301DITH", "edith", "dith"], ["eedith"]),
    ("E\u0301dith", ["\u00e9dith", "\u00c9DITH", "edith"], ["eedith"]),
    ("ТЫСЯЧА", ["тысяча", "Тысяча", "ысяч"], ["тысячи"]),
    ("Четвёртый", ["четвертый", "ЧЕТВЁРТЫЙ", "четве\u0308ртый"], ["пятый"]),
    ("Für", ["fur", "FÜR", "für", "Fu\u0308r"], ["fuer"]),
    ("Straße", ["STRASSE", "straße", "ẞ"], ["strase"]),
    ("Mø", ["mo", "MØ", "mø"], ["m0"]),
    ("İstanbul", ["istanbul", "ISTANBUL", "İSTANBUL", "ıstanbul"], []),
    ("Don’t", ["don't", "DON’T"], ["dont"]),
    ("100%", ["100%", "%", "１００"], ["100_", "_"]),
]
spellings = pytest.mark.parametrize(
    ("name", "typed", "others"), SPELLINGS, ids=[name for name, *_ in SPELLINGS]
)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


def found(client: Client, path: str, words: str) -> int:
    answer = client.get(f"/spotify/{path}", {"search": words})
    assert answer.status_code == 200, answer.content
    return len(answer.json()["results"])


def check(client: Client, path: str, rows: int, typed: list[str], others: list[str]) -> None:
    for words in typed:
        assert found(client, path, words) == rows, words
    for words in others:
        assert found(client, path, words) == 0, words


@spellings
def test_tracks(ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any) -> None:
    save(account, track=track_of(name))
    save(account, track=track_of("By its album", album=f"The {name} album"))
    save(account, track=track_of("By an artist", artists=["Nobody", name]))
    save(account, track=track_of("None", artists=["Nobody"]))

    check(ada, "tracks/", 3, typed, others)


@spellings
def test_playlists(
    ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any
) -> None:
    for values in ({"name": name}, {"owner_name": name}, {}):
        playlist = own(account)
        playlist.name, playlist.owner_name = "List", "Nobody"
        for field, value in values.items():
            setattr(playlist, field, value)
        playlist.save()

    check(ada, "playlists/", 2, typed, others)


@spellings
def test_items(ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any) -> None:
    playlist = own(account)
    put(playlist, kind="local", title=name)
    put(playlist, kind="episode", title="An hour", subtitle=name)
    put(playlist, track=track_of("By an artist", artists=[name]))
    put(playlist, track=track_of("None", artists=["Nobody"]))

    check(ada, f"playlists/{playlist.spotify_id}/items/", 3, typed, others)


@spellings
def test_following(
    ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any
) -> None:
    follow(account, name)
    follow(account, "Nobody")

    check(ada, "following/", 1, typed, others)


@spellings
def test_albums(ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any) -> None:
    save_album(account, album_of(name))
    save_album(account, album_of("By an artist", artists=["Nobody", name]))
    save_album(account, album_of("None", artists=["Nobody"]))

    check(ada, "albums/", 2, typed, others)


@spellings
def test_shows(ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any) -> None:
    save_show(account, name)
    save_show(account, "By its publisher", publisher=name)
    save_show(account, "None")

    check(ada, "shows/", 2, typed, others)


@spellings
def test_episodes(ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any) -> None:
    save_episode(account, name, show=None)
    save_episode(account, "By its program", show=name)
    save_episode(account, "None", show=None)

    check(ada, "episodes/", 2, typed, others)


@spellings
def test_audiobooks(
    ada: Client, account: SpotifyAccount, name: str, typed: Any, others: Any
) -> None:
    save_audiobook(account, name)
    save_audiobook(account, "By an author", authors=["Nobody", name])
    save_audiobook(account, "None")

    check(ada, "audiobooks/", 2, typed, others)


def test_words_are_each_somewhere(ada: Client, account: SpotifyAccount) -> None:
    save(account, track=track_of("Für Elise", artists=["Lang Lang"], album="Été"))

    assert found(ada, "tracks/", "fur ETE lang") == 1
    assert found(ada, "tracks/", "fur winter") == 0


@pytest.mark.parametrize("sign", ["'", '"', ";", "--", "\\", "%s", "' OR ''='", "_", "?"])
def test_signs_of_sql_are_looked_for_as_they_stand(
    ada: Client, account: SpotifyAccount, sign: str
) -> None:
    save(account, track=track_of("Plain"))
    save(account, track=track_of(f"a{sign}b"))

    assert found(ada, "tracks/", f"a{sign}b") == 1
    assert found(ada, "tracks/", f"{sign}n") == 0


def test_a_word_of_which_nothing_is_left_asks_for_nothing(
    ada: Client, account: SpotifyAccount
) -> None:
    save(account)

    assert found(ada, "tracks/", "\u0301") == 1
