"""Of which versions of a shared list a run may say that its account was shown them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from django_spotify_sync.models import AccountPlaylist, Playlist
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.sync.playlists.outcomes import Outcome, Versions


@dataclass(frozen=True)
class Case:
    """``contents`` is what becomes of the link: a version, or "as it was".

    Before the run the list was at version 3 of both, and what this run itself wrote took it to 4.
    """

    contents: int | str | None
    details: int | str | None = 4
    link: dict[str, Any] | None = field(default_factory=dict)
    known: int | None = 3
    told: dict[str, Any] = field(default_factory=dict)
    total: int | None = 7
    overtaken: bool = False
    left_alone: bool = False


STALE = {"seen_details": 1, "seen_contents": 1}
WHOLE = {"can_read_items": True, "entries": [], "is_whole": True}
PART = {"can_read_items": True, "entries": []}
BORNE_OUT = {"bears_out_stored": True}

CASES = {
    # whoever was shown everything is shown what the own run adds
    "nothing learned": Case(4),
    "a part was read": Case(4, told=PART),
    "a refusal in doubt": Case(4, told={"unreadable_reason": "not_found"}),
    # whoever was not is shown it when all was read, or is what the listing names
    "stale, nothing learned": Case("as it was", link=STALE),
    "stale, a part was read": Case("as it was", link=STALE, told=PART),
    "stale, all was read": Case(4, link=STALE, told=WHOLE),
    "stale, as the listing names it": Case(4, link=STALE, told=BORNE_OUT),
    "stale, another wrote since": Case("as it was", link=STALE, told=BORNE_OUT, known=2),
    "stale, a refusal in doubt": Case(
        "as it was", link=STALE, told={"unreadable_reason": "not_found"}
    ),
    "new, all was read": Case(4, link=None, told=WHOLE),
    "new, a part was read": Case(None, link=None, told=PART),
    # no right to the items: nothing but the listing's is shown
    "refused": Case(4, link=STALE, told={"can_read_items": False}),
    "refused long since": Case(4, link=STALE | {"can_read_items": False}),
    "refused, no total said": Case(
        "as it was", link=STALE, told={"can_read_items": False}, total=None
    ),
    "new, not known": Case(4, link=None),
    # the items of a version that was put down for its total alone were not shown
    "a right regained, a part read": Case(
        None, link={"can_read_items": False, "seen_contents": 4}, told=PART
    ),
    "a right regained, all read": Case(4, link={"can_read_items": False}, told=WHOLE),
    # what another wrote meanwhile was not shown
    "items left alone": Case("as it was", link=STALE, told=WHOLE, left_alone=True),
    "overtaken": Case("as it was", "as it was", link=STALE, told=WHOLE, overtaken=True),
    "new, overtaken": Case(None, None, link=None, told=WHOLE, overtaken=True),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_seen(name: str) -> None:
    case = CASES[name]
    seen = outcome_of(case).seen(
        link_of(case),
        Playlist(total=5, details_version=3, contents_version=3),
        Versions(4, 4),
        None if case.known is None else Playlist(contents_version=case.known),
        is_overtaken=case.overtaken,
        is_left_alone=case.left_alone,
    )

    assert seen.get("seen_contents", "as it was") == case.contents
    assert seen.get("seen_details", "as it was") == case.details


def link_of(case: Case) -> AccountPlaylist | None:
    if case.link is None:
        return None
    shown = {"can_read_items": True, "seen_details": 3, "seen_contents": 3}
    return AccountPlaylist(**shown | case.link)


def outcome_of(case: Case) -> Outcome:
    said = dict.fromkeys(PlaylistRow.__annotations__)
    row = PlaylistRow(**said | {"spotify_id": "list", "total": case.total})
    nothing = {
        "row": row,
        "position": 0,
        "can_read_items": None,
        "unreadable_reason": "",
        "snapshot_id": None,
        "entries": None,
        "is_whole": False,
        "surplus": None,
        "problem": "",
        "bears_out_stored": False,
    }
    return Outcome(**nothing | case.told)
