"""Edits by word, for somebody who tries a site by hand: ``like 3``, ``unlike 5 grace``, ``revoke ada``, ``429 60``.

One table says which words there are. Where a line comes from, a prompt or a POST, is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.oauth.grants import Grants
from django_spotify_sync.testing.site import Site

MOST = 100_000  # of anything that a line may ask for


@dataclass(frozen=True, slots=True)
class Word:
    """What a word does to a user; it says afterwards how things stand.

    *number* is what it takes where a line names none, None if the word has no use for one.
    """

    does: Callable[[Edits, User, int], str]
    number: int | None
    help: str


class Edits:
    """Do what a line says."""

    def __init__(self, site: Site, grants: Grants) -> None:
        """Edit the libraries of *site*, and the grants of its users."""
        self._site = site
        self._grants = grants

    def do(self, line: str) -> str:
        """Do what *line* says, and give words for how things stand: to the first user unless it names another.

        :raises ValueError: with words for what cannot be understood.
        """
        name, *rest = line.split() or ["help"]
        word = WORDS.get(name)
        if word is None:
            raise ValueError(f"There is no word {name!r}; help lists them.")
        user, number = self._site.user, word.number
        for one in rest:
            if one in self._site.users_by_key:
                user = self._site.users_by_key[one]
            elif one.isdecimal() and number is not None:
                number = int(one)
            else:
                people = ", ".join(self._site.users_by_key)
                raise ValueError(f"{name} takes no {one!r}; the users are {people}.")
        if number is not None and number > MOST:
            raise ValueError(f"{number} is too much: up to {MOST} can be asked for.")
        return word.does(self, user, number or 0)

    # What people do

    def like(self, user: User, number: int) -> str:
        """Save new tracks."""
        user.like(number)
        return _stands(user, "saved tracks", user.saved)

    def unlike(self, user: User, number: int) -> str:
        """Remove the newest saved tracks."""
        user.unlike(slice(number))
        return _stands(user, "saved tracks", user.saved)

    def album(self, user: User, number: int) -> str:
        """Save new albums."""
        user.albums.save(number)
        return _stands(user, "saved albums", user.albums.entries)

    def playlist(self, user: User, number: int) -> str:
        """Make a playlist of so many tracks."""
        made = user.add_playlist(tracks=number)
        return _stands(user, f"playlists, one of them {made.name!r}", user.playlists)

    def follow(self, user: User, number: int) -> str:
        """Follow more artists."""
        user.follow(number)
        return _stands(user, "followed artists", user.following.entries)

    def revoke(self, user: User, number: int) -> str:
        """Take the site's access away, and let the access token be expired, so that the site finds out at once."""
        self._grants.revoke(user)
        self._grants.expire_access_tokens()
        return f"{user.key} has revoked the site's access."

    # What Spotify does

    def rate_limit(self, user: User, number: int) -> str:
        """Answer every request 429 for so many seconds."""
        self._refuse(number)
        return f"Every request is answered 429 for {number} seconds."

    def quota(self, user: User, number: int) -> str:
        """Do the same with the reason of a quota."""
        self._refuse(number, reason="QUOTA_EXCEEDED", message="Quota exceeded")
        return f"Every request is answered 429, QUOTA_EXCEEDED, for {number} seconds."

    def calm(self, user: User, number: int) -> str:
        """End what Spotify does."""
        self._site.faults.clear()
        return "Requests are answered as usual."

    def help(self, user: User, number: int) -> str:
        """List the words."""
        width = max(map(len, WORDS))
        lines = [f"{name:<{width}}  {word.help}" for name, word in WORDS.items()]
        return "\n".join([*lines, f"Users: {', '.join(self._site.users_by_key)}"])

    def _refuse(self, seconds: int, **words: Any) -> None:
        until = time.monotonic() + seconds
        self._site.faults.add(
            "/v1/*",
            status=429,
            retry_after=seconds,
            times=None,
            where=lambda request: request.at < until,
            **words,
        )


def _stands(user: User, what: str, entries: Any) -> str:
    return f"{user.key}: {len(entries)} {what}."


#: A number and a user's name may follow each word, in any order.
WORDS: dict[str, Word] = {
    "like": Word(Edits.like, 1, "save so many new tracks: like 3"),
    "unlike": Word(Edits.unlike, 1, "remove so many, the newest: unlike 5 grace"),
    "album": Word(Edits.album, 1, "save so many new albums: album 2"),
    "playlist": Word(Edits.playlist, 10, "make a playlist of so many tracks: playlist 20"),
    "follow": Word(Edits.follow, 1, "follow so many more artists: follow 4"),
    "revoke": Word(Edits.revoke, None, "take the site's access away, as users can: revoke ada"),
    "429": Word(Edits.rate_limit, 30, "answer every request 429 for so many seconds: 429 60"),
    "quota": Word(Edits.quota, 3600, "the same, as a daily quota that was met: quota 7200"),
    "calm": Word(Edits.calm, None, "end both"),
    "help": Word(Edits.help, None, "list these words"),
}
