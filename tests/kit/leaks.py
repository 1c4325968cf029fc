"""What a traceback page, a log or an error report would show of an exception."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import django_spotify_sync

OURS = str(Path(django_spotify_sync.__file__).parent)


def shown_by(error: BaseException) -> str:
    """Put together all texts of an error and its chain, and the variables of our own frames."""
    parts: list[str] = []
    for link in chain(error):
        parts += [str(link), repr(link), repr(link.args), repr(vars(link))]
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if frame.f_code.co_filename.startswith(OURS):
                parts += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
    return "\n".join(parts)


def chain(error: BaseException) -> Iterator[BaseException]:
    """Go through an error and whatever it is chained to, whether or not it would be printed."""
    todo, seen = [error], set()
    while todo:
        link = todo.pop()
        if id(link) not in seen:
            seen.add(id(link))
            todo += [other for other in (link.__cause__, link.__context__) if other is not None]
            yield link
