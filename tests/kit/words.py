"""What operators call things, and no user should be told."""

from __future__ import annotations

import re

#: A text of the kind that a log or an admin page may hold.
FOR_OPERATORS = (
    "Token 7 is sealed with key 0f3a9c0d1b2e: check SPOTIFY_SYNC_CLIENT_SECRET in /srv/site/settings.py; "
    "GET /me/tracks: Spotify answered 500 (upstream); SELECT sealed FROM spotify_sync_token"
)
_OPERATORS_WORDS = re.compile(
    r"\w+_\w+"  # settings, codes, tables
    r"|\b[0-9a-f]{12,}\b"  # ids of keys
    r"|(?<!\w)/\w+"  # paths
    r"|\b(?:GET|POST|SELECT|FROM|UPDATE|Redis|cache|broker|client id|secret|dashboard|Premium|HTTP|Error)\b"
)


def words_of_operators(text: str) -> list[str]:
    """Return what stands in a text that is no business of a user's."""
    return _OPERATORS_WORDS.findall(text)
