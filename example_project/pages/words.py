"""Codes in words that people understand and can act upon. Knows nothing of Django."""

from __future__ import annotations

#: Why connecting did not work: the callback's ``?spotify_error=<code>``.
SPOTIFY_ERRORS = {
    "access_denied": "You did not agree at Spotify, so nothing has changed. You can try again whenever you like.",
    "state_missing": "Spotify's answer was incomplete. Please connect again.",
    "state_expired": "That took longer than ten minutes. Please connect again.",
    "state_replayed": "This page was opened twice. Unless you see your account below, please connect again.",
    "state_other_browser": "You began in another browser, or as another user. Please connect again here.",
    "invalid_redirect_uri": "Spotify would not find the way back to this address. "
    "On your own machine, open the site at 127.0.0.1 rather than at localhost.",
    "not_allowlisted": "This app is still in development at Spotify, and its owner has not added you yet. "
    "Ask them to add your Spotify account.",
    "linked_elsewhere": "This Spotify account is connected to another user of this site. "
    "Disconnect it there, or choose another one.",
    "rate_limited": "Spotify asks us to slow down. Please try again in a minute.",
    "quota_exceeded": "This app has used up what Spotify allows it for today. Please try again tomorrow.",
    "spotify_unavailable": "Spotify does not answer right now. Please try again in a few minutes.",
    "cache_unavailable": "This site has a problem of its own right now. Please try again in a few minutes.",
    "invalid_client": "Spotify does not know this app: its owner has to check the client id and secret.",
}
ANY_ERROR = "Spotify could not be connected. Please try again."

#: What the shelves are called, and what the syncs of each count.
SHELVES = {
    "tracks": ("Saved tracks", "tracks"),
    "playlists": ("Playlists", "items"),
    "following": ("Followed artists", "artists"),
}

#: Why a sync failed, where the run's own words are for those who run the site: its ``error_code``.
FAILURES = {
    "reauthorization_required": "Your consent at Spotify has ended.",
    "app_forbidden": "Spotify does not let this app in right now. Its owner has to see to that.",
    "spotify_unavailable": "Spotify did not answer. Please try again later.",
}

#: Why a sync waits or saw only a part: a run's ``reason``.
REASONS = {
    "rate_limited": "Spotify asks us to slow down.",
    "quota_exceeded": "What Spotify allows this app for today is used up.",
    "interrupted": "The worker was restarted.",
    "heartbeat": "The worker went away. The next sync starts where it can.",
    "drift": "Your library changed while it was read. New tracks are here; the next sync sees to the rest.",
    "page_length": "Spotify sent less than it announced. New tracks are here; nothing was removed.",
    "count": "Spotify sent less than it announced. New tracks are here; nothing was removed.",
    "large_loss": "A large part of your library seems to be gone. If the next sync agrees, it goes here too.",
}


def why_not_connected(code: str) -> str:
    """Say why connecting did not work; nothing for no code."""
    return SPOTIFY_ERRORS.get(code, ANY_ERROR) if code else ""


def reason(code: str) -> str:
    """Say why a sync waits or saw only a part; the code itself if there are no words for it."""
    return REASONS.get(code, code.replace("_", " "))


def failure(code: str) -> str:
    """Say why a sync failed."""
    return FAILURES.get(code, "This site could not finish it. Please try again later.")
