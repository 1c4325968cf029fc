"""A text that must not be seen. Knows nothing of Django or Spotify."""

from __future__ import annotations

from typing import NoReturn


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
