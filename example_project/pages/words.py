"""Codes in words that people understand and can act upon."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise

#: Why connecting or signing in did not work: ``?spotify_error=<code>``.
SPOTIFY_ERRORS: dict[str, Words] = {
    "access_denied": _(
        "You did not agree at Spotify, so nothing has changed. You can try again whenever you like."
    ),
    "state_missing": _("Spotify’s answer was incomplete. Please try again."),
    "state_expired": _("That took longer than ten minutes. Please try again."),
    "state_replayed": _(
        "This page was opened twice. Unless you see your account below, please try again."
    ),
    "state_other_browser": _(
        "You began in another browser, or as another user. Please try again here."
    ),
    "invalid_redirect_uri": _(
        "Spotify would not find the way back to this address. "
        "On your own machine, open the site at 127.0.0.1 rather than at localhost."
    ),
    "not_allowlisted": _(
        "This app is still in development at Spotify, and its owner has not added you yet. "
        "Ask them to add your Spotify account."
    ),
    "linked_elsewhere": _(
        "This Spotify account is connected to another user of this site. "
        "Disconnect it there, or choose another one."
    ),
    "no_user": _(
        "Nobody here belongs to this Spotify account. Sign in first, and connect it then."
    ),
    "signed_in_as_other": _(
        "You are signed in as somebody else. Sign out first, or connect Spotify instead."
    ),
    "rate_limited": _("Spotify asks us to slow down. Please try again in a minute."),
    "tokens_rate_limited": _("Spotify asks us to slow down. Please try again in a minute."),
    "quota_exceeded": _(
        "This app has used up what Spotify allows it for today. Please try again tomorrow."
    ),
    "pace": _("This site is busy with Spotify just now. Please try again in a minute."),
    "throttled": _("That was asked very often just now. Please try again in a minute."),
    "spotify_unavailable": _(
        "Spotify does not answer right now. Please try again in a few minutes."
    ),
    "refresh_under_way": _(
        "This site is busy with Spotify just now. Please try again in a minute."
    ),
    "cache_unavailable": _(
        "This site has a problem of its own right now. Please try again in a few minutes."
    ),
    "invalid_client": _(
        "Spotify does not let this app in right now. Its owner has to see to that."
    ),
}
ANY_ERROR = _("That did not work. Please try again.")

#: What the shelves are called.
SHELVES: dict[str, Words] = {
    "tracks": _("Saved tracks"),
    "playlists": _("Playlists"),
    "following": _("Followed artists"),
    "albums": _("Saved albums"),
    "shows": _("Saved shows"),
    "episodes": _("Saved episodes"),
    "audiobooks": _("Saved audiobooks"),
}

#: The same, where there is little room.
SPOKEN: dict[str, Words] = {
    "shows": _("Shows"),
    "episodes": _("Episodes"),
    "audiobooks": _("Audiobooks"),
}

#: Why a sync failed, where the run's own words are for those who run the site: its ``error_code``.
FAILURES: dict[str, Words] = {
    "reauthorization_required": _("Your consent at Spotify has ended."),
    "insufficient_scope": _(
        "Your consent does not cover this. Connect Spotify again, and agree to all of it."
    ),
    "seal_broken": _("This site lost its key to your Spotify account. Connect Spotify again."),
    "app_forbidden": _("Spotify does not let this app in right now. Its owner has to see to that."),
    "spotify_unavailable": _("Spotify did not answer. Please try again later."),
    "not_connected": _("Spotify was disconnected meanwhile."),
}
ANY_FAILURE = _("This site could not finish it. Please try again later.")

#: Why a sync waits or saw only a part: a run's ``reason``.
REASONS: dict[str, Words] = {
    "rate_limited": _("Spotify asks us to slow down."),
    "tokens_rate_limited": _("Spotify asks us to slow down."),
    "quota_exceeded": _("What Spotify allows this app for today is used up."),
    "pace": _("This site keeps to the pace that Spotify allows it."),
    "suspect": _("Spotify did not take our key just now; it is tried again by itself."),
    "outage": _("Spotify turned down many users at once, which looks like a fault of theirs."),
    "interrupted": _("This site was restarted meanwhile."),
    "database_lost": _("This site lost touch with its database for a moment."),
    "database_busy": _("The database is busy with other syncs. It goes on by itself."),
    "heartbeat": _("It broke off in the middle. The next sync starts where it can."),
    "drift": _(
        "Your library changed while it was read. What is new is here; the next sync sees to the rest."
    ),
    "page_length": _(
        "Spotify sent less than it announced. What is new is here; nothing was removed."
    ),
    "count": _("Spotify sent less than it announced. What is new is here; nothing was removed."),
    "endless_cursor": _(
        "Spotify’s list did not come to an end. What is new is here; nothing was removed."
    ),
    "repeated_page": _(
        "Spotify sent one page of a playlist twice. What is certain is here; nothing was removed."
    ),
    "spotify_unavailable": _(
        "Spotify did not answer for all of it. What came is here; the next sync sees to the rest."
    ),
    "unreadable_lists": _(
        "Some playlists could not be read. The others are here; the next sync tries those again."
    ),
    "large_loss": _(
        "A large part of your library seems to be gone. If the next sync agrees, it goes here too."
    ),
    "other_account": _("Another Spotify account was connected."),
    "disconnected": _("Spotify was disconnected meanwhile."),
    "cancelled": _("Spotify was disconnected meanwhile."),
    "not_connected": _("Spotify was disconnected meanwhile."),
}

#: How a run went about it: its ``mode``.
MODES: dict[str, Words] = {
    "probe": _("a look, nothing had changed"),
    "delta": _("only what had changed"),
    "full": _("everything read"),
}

#: Who asked: a run's ``trigger``.
TRIGGERS: dict[str, Words] = {
    "user": _("asked by you"),
    "admin": _("asked in the admin"),
    "command": _("asked by a command"),
    "schedule": _("by itself"),
    "connect": _("when you connected"),
}

#: Why the items of a playlist are not here: its ``unreadable_reason``.
UNREADABLE: dict[str, Words] = {
    "forbidden": _(
        "Spotify shows the items of a playlist to its owner and to those who edit it together, "
        "and to no other app’s users."
    ),
    "not_found": _("Spotify does not find this playlist any more, or keeps it to itself."),
}
ANY_UNREADABLE = _("Spotify does not show this site what is in it.")

#: Why an entry of a list is not shown: a key of a run's ``skipped_reasons``.
SKIPPED: dict[str, Words] = {
    "unreadable_list": _("Some playlists are shown to their owners alone."),
}
ANY_SKIPPED = _(
    "Spotify has a place in the list, and nothing in it any more: it was withdrawn, for instance."
)


#: What a scope lets this site do.
SCOPES: dict[str, Words] = {
    "user-library-read": _("see the tracks, albums and shows you have saved"),
    "playlist-read-private": _("see your playlists, private ones too"),
    "playlist-read-collaborative": _("see playlists that you edit together with others"),
    "user-follow-read": _("see whom you follow"),
    "user-read-playback-position": _("see how far you have listened, which Shelf does not keep"),
}


def why_not_connected(code: str) -> Words:
    """Say why connecting did not work; nothing for no code."""
    return SPOTIFY_ERRORS.get(code, ANY_ERROR) if code else ""


def reason(code: str) -> Words:
    """Say why a sync waits or saw only a part; the code itself if there are no words for it."""
    return REASONS.get(code, code.replace("_", " "))


def failure(code: str) -> Words:
    """Say why a sync failed."""
    return FAILURES.get(code, ANY_FAILURE)


def skipped(code: str) -> Words:
    """Say why an entry of a list is not shown."""
    return SKIPPED.get(code, ANY_SKIPPED)


def unreadable(code: str) -> Words:
    """Say why the items of a playlist are not here."""
    return UNREADABLE.get(code, ANY_UNREADABLE)
