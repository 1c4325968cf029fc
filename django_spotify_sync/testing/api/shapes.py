"""Things as JSON, in the shapes of the three cohorts (spotify-web-api.md, sections 2 and 3).

``new`` is a development app made since 11 February 2026, ``legacy`` an older one, ``extended`` an
app with extended quota. Keys, nulls and types follow recorded answers; what no recording shows
(the new cohort's playlist entries, ``account_id``) follows the sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_spotify_sync.testing.music.catalog import Album, Artist, Track
from django_spotify_sync.testing.music.saved import Saved
from django_spotify_sync.testing.music.words import words
from django_spotify_sync.testing.site import Cohort

if TYPE_CHECKING:
    from django_spotify_sync.testing.music.following import Followed
    from django_spotify_sync.testing.music.users import User

type Json = dict[str, Any]

COVER_SIZES = (640, 300, 64)
OPEN = "https://open.spotify.com"
# Where a track can be played: long lists, which make up half of a page outside the new cohort.
MARKETS = words(
    "AD AE AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CG CH "
    "CI CL CM CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ES ET FI FJ FM FR GA GB GD GE GH GM GN "
    "GQ GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IS IT JM JO JP KE KG KH KI KM KN KR KW KZ LA LB "
    "LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MN MO MR MT MU MV MW MX MY MZ NA NE NG NI "
    "NL NO NP NR NZ OM PA PE PG PH PK PL PR PS PT PW PY QA RO RS RW SA SB SC SE SG SI SK SL SM SN "
    "SR ST SV SZ TD TG TH TJ TL TN TO TR TT TV TW TZ UA UG US UY UZ VC VE VN VU WS XK ZA ZM ZW"
)


class _Removed:
    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Any = _Removed()
"""In a patch: take the key away."""


def merged(answer: Json | None, raw: Mapping[str, Any]) -> Json:
    """Lay *raw* over *answer*: objects key by key, anything else as a whole."""
    result = dict(answer) if isinstance(answer, dict) else {}
    for key, value in raw.items():
        if value is REMOVED:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = merged(result.get(key), value)
        else:
            result[key] = value
    return result


class Shapes:
    """Write things as the JSON one cohort is answered; *native* picks the names' alphabet."""

    def __init__(self, cohort: Cohort, url: str) -> None:
        """Point hrefs and pictures at the fake at *url*."""
        self.cohort = cohort
        self.new = cohort == "new"
        self.url = url
        self.api_url = f"{url}/v1"

    def images(self, stem: str, sizes: tuple[int, ...] = COVER_SIZES) -> list[Json]:
        """Write pictures of a thing, widest first."""
        return [
            {"height": size, "width": size, "url": f"{self.url}/image/{size:04d}{stem}"}
            for size in sizes
        ]

    def artist_link(self, artist: Artist, *, native: bool) -> Json:
        """Write the simplified artist of tracks and albums."""
        return {
            "external_urls": {"spotify": f"{OPEN}/artist/{artist.id}"},
            "href": f"{self.api_url}/artists/{artist.id}",
            "id": artist.id,
            "name": (artist.native_name or artist.name) if native else artist.name,
            "type": "artist",
            "uri": f"spotify:artist:{artist.id}",
        }

    def artist(self, artist: Artist, *, native: bool) -> Json:
        """Write the full artist of /me/following."""
        answer = {
            **self.artist_link(artist, native=native),
            "genres": list(artist.genres),
            "images": self.images(f"ar{artist.id}", artist.picture_sizes),
        }
        if not self.new:
            answer["followers"] = {"href": None, "total": artist.followers}
            answer["popularity"] = artist.popularity
        return answer

    def album(self, album: Album, *, native: bool) -> Json:
        """Write the simplified album inside a track."""
        answer: Json = {
            "album_type": album.kind,
            "artists": [self.artist_link(artist, native=native) for artist in album.artists],
            "external_urls": {"spotify": f"{OPEN}/album/{album.id}"},
            "href": f"{self.api_url}/albums/{album.id}",
            "id": album.id,
            "images": self.images(album.cover),
            "name": album.name,
            "release_date": album.release_date,
            "release_date_precision": album.release_date_precision,
            "total_tracks": album.total_tracks,
            "type": "album",
            "uri": f"spotify:album:{album.id}",
        }
        if not self.new:
            answer["available_markets"] = MARKETS
        return answer

    def track(
        self, track: Track, *, native: bool, market: bool = False, restriction: str | None = None
    ) -> Json:
        """Write a track as /me/tracks and /tracks do; *restriction* is this user's.

        ``linked_from`` comes only when the call names a market, and never in ``new``.
        """
        restriction = restriction or track.restriction
        playable = restriction is None
        album = self.album(track.album, native=native)
        album["is_playable"] = playable
        answer = self._bare_track(track, album, native=native)
        answer["is_playable"] = playable
        if not playable and not self.new:
            answer["available_markets"] = []
        if not playable:
            answer["restrictions"] = {"reason": restriction}
        if track.linked_from is not None and market and not self.new:
            answer["linked_from"] = self.track_link(track.linked_from)
        return answer

    def track_link(self, track: Track) -> Json:
        """Write the track of ``linked_from``."""
        return {
            "external_urls": {"spotify": f"{OPEN}/track/{track.id}"},
            "href": f"{self.api_url}/tracks/{track.id}",
            "id": track.id,
            "type": "track",
            "uri": track.uri,
        }

    def _bare_track(self, track: Track, album: Json, *, native: bool) -> Json:
        answer = {
            "album": album,
            "external_ids": {"isrc": track.isrc},
            **self.simple_track(track, native=native),
        }
        if not self.new:
            answer["popularity"] = track.popularity
        return answer

    def simple_track(self, track: Track, *, native: bool) -> Json:
        """Write what a track says of itself inside an album, too: no ISRC, no album."""
        answer: Json = {
            "artists": [self.artist_link(artist, native=native) for artist in track.artists],
            "disc_number": track.disc_number,
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "external_urls": {"spotify": f"{OPEN}/track/{track.id}"},
            "href": f"{self.api_url}/tracks/{track.id}",
            "id": track.id,
            "is_local": False,
            "name": track.name,
            "preview_url": None,
            "track_number": track.track_number,
            "type": "track",
            "uri": track.uri,
        }
        if not self.new:
            answer["available_markets"] = MARKETS
        return answer

    def saved(self, entry: Saved, *, native: bool, market: bool = False) -> Json | None:
        """Write one entry of /me/tracks."""
        if entry.bare:
            return None
        track = None
        if entry.track is not None:
            why = entry.restriction
            track = self.track(entry.track, native=native, market=market, restriction=why)
        answer: Json = {"added_at": entry.added_at, "track": track}
        return merged(answer, entry.raw) if entry.raw else answer

    def followed(self, entry: Followed, *, native: bool) -> Json:
        """Write one entry of /me/following."""
        answer = self.artist(entry.artist, native=native)
        return merged(answer, entry.raw) if entry.raw else answer

    def user_link(self, user_id: str) -> Json:
        """Write the user of ``added_by``, and of ``owner`` save its name."""
        return {
            "external_urls": {"spotify": f"{OPEN}/user/{user_id}"},
            "href": f"{self.api_url}/users/{user_id}",
            "id": user_id,
            "type": "user",
            "uri": f"spotify:user:{user_id}",
        }

    def me(self, user: User, scopes: set[str]) -> Json:
        """Write /me; what a scope buys is only there outside ``new``, e-mail only in extended."""
        answer: Json = {
            "display_name": user.display_name,
            **self.user_link(user.id),
            "images": self.images(user.picture, (300, 64)) if user.picture else [],
        }
        if user.account_id is not None:
            answer["account_id"] = user.account_id
        if self.new:
            return answer
        answer["followers"] = {"href": None, "total": user.followers}
        if "user-read-private" in scopes:
            answer["country"] = user.country
            answer["explicit_content"] = {"filter_enabled": False, "filter_locked": False}
            answer["product"] = user.product
        if self.cohort == "extended" and "user-read-email" in scopes:
            answer["email"] = user.email
        return answer
