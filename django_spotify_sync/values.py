"""What is wrong with the value of a setting, said in words: each function returns them, None if nothing is.

A value that may be a secret is never repeated.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import import_string

type Problem = str | None

TOKEN_LENGTH = 20  # shorter ones can be guessed
_GRANT = timedelta(days=180)  # half a year at the least
_RATE = re.compile(r"[0-9]+/[smhd][a-z]*")  # as DRF reads it


def words_for(kind: type) -> str:
    words: dict[type, str] = {
        timedelta: "a datetime.timedelta",
        str: "a string",
        int: "a whole number",
        float: "a number",
        bool: "True or False",
        list: "a list",
        tuple: "a tuple",
        dict: "a dict",
        type(None): "None",
        Promise: "a lazy one",
    }
    return words.get(kind, kind.__name__)


def above[N: (int, float, timedelta)](floor: N, words: str) -> Callable[[N], Problem]:
    return lambda value: None if value > floor else f"must be more than {words}"


def strings(value: object) -> Problem:
    items = value if isinstance(value, list | tuple) else [value]
    return (
        None
        if all(isinstance(item, str) and item for item in items)
        else "must hold non-empty strings only"
    )


def status_token(value: str) -> Problem:
    if not value or (
        len(value) >= TOKEN_LENGTH and value.isascii() and value.isprintable() and " " not in value
    ):
        return None
    return f"must be {TOKEN_LENGTH} or more letters, digits and signs without a space, or empty"


def texts(value: object) -> Problem:
    # the value itself is never repeated: it may be a secret
    items = value if isinstance(value, list | tuple) else [value]
    return None if all(isinstance(item, str) for item in items) else "must hold strings only"


def rates(value: dict[object, object]) -> Problem:
    for scope, rate in value.items():
        if rate is not None and not (isinstance(rate, str) and _RATE.fullmatch(rate)):
            return f"has {rate!r} for {scope!r}, which is no rate such as '6/min'"
    return None


def distances(value: object) -> Problem:
    items = value if isinstance(value, list | tuple) else [value]
    fine = all(isinstance(item, timedelta) and timedelta(0) < item <= _GRANT for item in items)
    return None if fine else "must hold datetime.timedeltas of up to six months (180 days) only"


def url(value: str) -> Problem:
    if not value.startswith(("https://", "http://")):
        return "must begin with https:// (or http:// for a server of your own)"
    return "must not end with a slash" if value.endswith("/") else None


def url_or_empty(value: str) -> Problem:
    return url(value.rstrip("/")) if value else None


def large_loss(value: str) -> Problem:
    return None if value in ("second_run", "ask") else 'must be "second_run" or "ask"'


def authenticators(value: list[str] | None) -> Problem:
    if value is None:
        return None
    if not value:
        return "must name one class at least, or be None: nobody could be signed in"
    if wrong := strings(value):
        return wrong
    for path in value:
        try:
            kind = import_string(path)
        except (ImportError, TypeError, ValueError) as error:  # the latter two for "..x" and ".x"
            return f"holds {path!r}, which cannot be imported ({error})"
        if not (isinstance(kind, type) and hasattr(kind, "authenticate")):
            return f"holds {path!r}, which is no class that authenticates requests"
    return None


def may_sync(function: Callable[..., Any]) -> Problem:
    if takes(function, 3) or takes(function, 2):
        return None
    return "must take an account, a resource and the trigger of the sync, in this order"


def takes(function: Callable[..., Any], arguments: int) -> bool:
    """Tell whether a function can be called with so many arguments, by their places; yes if it does not say."""
    if isinstance(function, Hashable):
        return _takes(function, arguments)
    return _takes.__wrapped__(function, arguments)


@lru_cache(maxsize=64)
def _takes(function: Callable[..., Any], arguments: int) -> bool:
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:  # some functions written in C
        return True
    return True
