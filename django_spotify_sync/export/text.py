"""Text for formats in which a line break has a meaning."""

from __future__ import annotations

#: Besides those that JSON escapes by itself, what some readers take for the end of a line.
_BREAKS = str.maketrans({one: f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"})


def one_line(text: str) -> str:
    """Return a text with its line breaks as spaces."""
    return " ".join(text.splitlines())


def without_breaks(json: str) -> str:
    """Return JSON of one line that is one for every reader."""
    return json.translate(_BREAKS)
