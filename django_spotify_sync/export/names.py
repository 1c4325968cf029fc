"""Names of files: as the exporters make them of a playlist's name, and such that every file system takes them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

#: What turns the direction of writing, and so would show another ending than there is.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EXPORTIFY = re.compile(r'[\x00-\x1f\x7f/\\<>:;"|=,.?*\[\] ]+')
_EXPORTIFY_NET = re.compile(r'[/\\:*?"<>|]')
#: Names of devices on Windows, whatever their ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
_LENGTH = 200  # bytes; file systems take 255, and an ending and a number are still to come


def exportify(name: str) -> str:
    """Return the name in small letters, with an underscore for what file systems do not like."""
    return _EXPORTIFY.sub("_", name).lower()


def exportify_net(name: str) -> str:
    """Return the name without what file systems do not like, with an underscore for white space."""
    return re.sub(r"\s+", "_", _EXPORTIFY_NET.sub("", name))


def numbered(stem: str, again: int) -> str:
    """Return the name of the second file that is called so, of the third and so on."""
    return f"{stem} ({again})"


def underscored(stem: str, again: int) -> str:
    return stem + "_" * again


@dataclass(slots=True)
class Names:
    """Names of files that stand together, no two of which are one, on file systems that know no capitals either."""

    made: Callable[[str], str]
    again: Callable[[str, int], str]
    _taken: set[str] = field(default_factory=set)

    def of(self, name: str, otherwise: str) -> str:
        """Return a name without ending for what is called ``name``; ``otherwise`` is for one that leaves nothing."""
        stem = safe(self.made(name)) or safe(self.made(otherwise)) or "playlist"
        made, count = stem, 0
        while _folded(made) in self._taken:
            count += 1
            made = self.again(stem, count)
        self._taken.add(_folded(made))
        return made


def safe(stem: str) -> str:
    """Return a name that can stand in any folder: no hidden file, no device, nothing longer than a file system takes.

    Empty if nothing is left.
    """
    stem = _CONTROL.sub("", _TURNING.sub("", stem)).lstrip(". ")
    stem = stem.encode()[:_LENGTH].decode(errors="ignore").rstrip(". ")
    return f"{stem}_" if _DEVICES.fullmatch(stem.partition(".")[0]) else stem


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
