"""A text that must not be seen, a wall around the frames that see it, and a mask for what others may repeat of it.

Knows nothing of Django or Spotify.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from functools import wraps
from typing import NoReturn

#: What may be a token in somebody else's text: so many characters of those that tokens are made of (RFC 6750, 2.1).
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9._~+/=-]{32,}")


class Secret:
    """Hold a token, code or key so that no repr, log, traceback or pickle shows it; ``reveal()`` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    @property
    def is_sendable(self) -> bool:
        """Whether it is what a code or token has to be: printable ASCII (RFC 6749, A). Others break HTTP, loudly."""
        return self._text.isascii() and self._text.isprintable() and bool(self._text)

    def __repr__(self) -> str:
        return "<Secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def hushed[**Given, Result](function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let no exception that leaves ``function`` bring a frame from within, nor the exceptions that it came of.

    Error pages, error mails and collectors show the variables of every frame, and some exceptions come in any line:
    Celery's soft time limit, a lack of memory, a fault of a library. What is left is the exception itself, with a note
    of where it was raised.
    """

    @wraps(function)
    def wall(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            caught = error
        # Out here, so that it is not chained to itself.
        try:
            raise _without_frames(caught)
        finally:
            del caught

    return wall


def _without_frames(error: BaseException) -> BaseException:
    *_, last = traceback.extract_tb(error.__traceback__)
    error.add_note(f"Raised at {last.filename}, line {last.lineno}; the frames hold secrets.")
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def masked(words: str) -> str:
    """Return what somebody else said with "..." for all that looks like a token, whichever it is, nobody's included.

    For words about what went wrong: of errors, logs and records. A token is 32 characters or longer; an id of Spotify's
    has 22, and passes. To be called before the words are cut, which could leave too little of a token to be known.
    """
    return _TOKEN_LIKE.sub("...", words)
