"""Get Current User's Profile."""

from __future__ import annotations

from msgspec import Struct

from django_spotify_sync.spotify.answers.storable import (
    Json,
    Malformed,
    an_object,
    identifier,
    text,
    widest_image,
)


def parse_profile(answer: Json) -> ProfileRow:
    """Read Get Current User's Profile; ``account_id`` is there since May 2026, not yet for everybody."""
    profile = an_object(answer)
    spotify_id = identifier(profile.get("id"))
    if spotify_id is None:
        raise Malformed("a profile without an id")
    return ProfileRow(
        spotify_id=spotify_id,
        spotify_account_id=identifier(profile.get("account_id")),
        display_name=text(profile.get("display_name")) or "",
        image_url=widest_image(profile.get("images")) or "",
    )


class ProfileRow(Struct, frozen=True):
    """The user of a token, from Get Current User's Profile."""

    spotify_id: str
    spotify_account_id: str | None
    display_name: str
    image_url: str
