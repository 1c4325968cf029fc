"""Edits by word: what each does, what is not understood, and how a line comes by HTTP."""

from __future__ import annotations

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.edits import MOST, WORDS
from tests.kit.documentation import first_column, sections
from tests.testing.conftest import Get


@pytest.fixture
def two() -> FakeSpotify:
    """Give a fake with two people, which does not listen."""
    return FakeSpotify(tracks=20, artists=5, albums=4, users=["ada", "grace"])


def test_each_of_several_people_has_a_library(two: FakeSpotify) -> None:
    assert [user.key for user in two.users] == ["ada", "grace"]
    assert [len(user.saved) for user in two.users] == [20, 20]
    assert [len(user.albums.entries) for user in two.users] == [4, 4]
    shared = {*two.users[0].track_ids()} & {*two.users[1].track_ids()}
    assert len(shared) == 10
    assert two.user is two.browser_user is two.users[0]


def test_people_like_and_unlike(two: FakeSpotify) -> None:
    ada, grace = two.users
    before = ada.track_ids()

    assert two.edit("like 3") == "ada: 23 saved tracks."
    assert ada.track_ids()[3:] == before
    assert two.edit("unlike 5 grace") == "grace: 15 saved tracks."
    assert two.edit("unlike grace 5") == "grace: 10 saved tracks."
    assert two.edit("like") == "ada: 24 saved tracks."
    assert two.edit("unlike") == "ada: 23 saved tracks."
    assert ada.track_ids()[3:] == before
    assert len(grace.saved) == 10
    assert two.edit("unlike 100") == "ada: 0 saved tracks."


def test_people_save_albums_make_playlists_and_follow(two: FakeSpotify) -> None:
    grace = two.users[1]

    assert two.edit("album 2 grace") == "grace: 6 saved albums."
    assert two.edit("follow 4 grace") == "grace: 9 followed artists."
    assert two.edit("playlist 7 grace").startswith("grace: 1 playlists, one of them '")
    assert [len(playlist.items) for playlist in grace.playlists] == [7]
    assert len(two.user.albums.entries) == 4


def test_a_site_s_access_is_revoked(fake: FakeSpotify, get: Get) -> None:
    assert get("/me").status_code == 200

    assert fake.edit("revoke listener") == "listener has revoked the site's access."

    assert get("/me").status_code == 401
    grants = fake.accounts.grants
    assert grants.approved(fake.user, {"user-library-read"}) is False


@pytest.mark.parametrize(
    ("line", "reason"), [("429 60", None), ("quota 60", "QUOTA_EXCEEDED")], ids=["429", "quota"]
)
def test_spotify_asks_for_a_pause_and_is_calm_again(
    fake: FakeSpotify, get: Get, line: str, reason: str | None
) -> None:
    fake.edit(line)

    answers = [get("/me"), get("/me/tracks")]

    assert {answer.status_code for answer in answers} == {429}
    assert {answer.headers["Retry-After"] for answer in answers} == {"60"}
    assert {answer.json()["error"].get("reason") for answer in answers} == {reason}
    assert fake.edit("calm") == "Requests are answered as usual."
    assert get("/me").status_code == 200


def test_a_pause_ends_by_itself(fake: FakeSpotify, get: Get) -> None:
    fake.edit("429 0")

    assert get("/me").status_code == 200


@pytest.mark.parametrize("line", ["help", "", "  \n"])
def test_the_words_can_be_listed(two: FakeSpotify, line: str) -> None:
    *listed, users = two.edit(line).splitlines()

    assert [one.split()[0] for one in listed] == [*WORDS]
    assert users == "Users: ada, grace"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lick 3", "There is no word 'lick'; help lists them."),
        ("like many", "like takes no 'many'; the users are ada, grace."),
        ("like -1", "like takes no '-1'"),
        ("revoke 3", "revoke takes no '3'"),
        (f"like {MOST + 1}", f"{MOST + 1} is too much"),
    ],
)
def test_what_cannot_be_understood_is_said(two: FakeSpotify, line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        two.edit(line)

    assert [len(user.saved) for user in two.users] == [20, 20]


def test_a_line_comes_by_http(session: requests.Session) -> None:
    with FakeSpotify(tracks=5, editable=True) as fake:
        done = session.post(f"{fake.url}/edit", data="like 3", timeout=10)
        wrong = session.post(f"{fake.url}/edit", data="lick 3", timeout=10)
        words = session.get(f"{fake.url}/edit", timeout=10)

        assert (done.status_code, done.text) == (200, "listener: 8 saved tracks.\n")
        assert (wrong.status_code, wrong.text.split(";")[0]) == (400, "There is no word 'lick'")
        assert words.text.startswith("like ")
        assert fake.requests == [], "which are those that a site makes"


def test_nobody_edits_what_is_not_said_to_be_editable(
    fake: FakeSpotify, session: requests.Session
) -> None:
    answer = session.post(f"{fake.url}/edit", data="like 3", timeout=10)

    assert answer.status_code == 404
    assert len(fake.user.saved) == 230


def test_each_word_is_documented() -> None:
    section = sections("docs/reference/fake-spotify.md")["Edits by word"]

    assert first_column(section) == [*WORDS]
