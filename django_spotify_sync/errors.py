"""What users are told about an error: one sentence for each code, in the user's language.

The text of the exception itself is for the operators of the site. It may contain settings, keys and URLs, and what
Spotify said; it is in the log, in the admin and in what commands print.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_AGAIN = _("That did not work. Please try again later.")
_KEYS = _(
    "This site cannot use its access to your Spotify account right now. Please try again later."
)
_RECONNECT = _("Your consent at Spotify has ended. Please connect Spotify again.")
_SITE = _(
    "Spotify does not let this site in right now. Only the people who run the site can change that."
)
_SLOWER = _("Spotify asks this site to slow down. Please try again later.")
_SYNC = _("The sync could not be done. Please try again later.")

#: By the ``code`` of an exception, or of an answer.
MESSAGES: dict[str, Promise] = {
    "error": _AGAIN,
    # Sealed tokens
    "sealing_error": _KEYS,
    "no_sealing_key": _KEYS,
    "unknown_sealing_key": _KEYS,
    "seal_broken": _(
        "This site has lost its access to your Spotify account. Please connect Spotify again."
    ),
    # Spotify
    "spotify_error": _("Spotify refused what this site asked for. Please try again later."),
    "spotify_unavailable": _("Spotify does not answer as it should. Please try again later."),
    "refresh_under_way": _(
        "This site's access to your Spotify account is just being renewed. Please try again in a moment."
    ),
    "rate_limited": _SLOWER,
    "tokens_rate_limited": _SLOWER,
    "quota_exceeded": _(
        "This site has used up what Spotify allows it for today. Please try again later."
    ),
    "pace": _("This site is busy with other libraries. Please try again in a moment."),
    "access_token_rejected": _(
        "Spotify did not accept this site's access to your account. Please try again later."
    ),
    "forbidden": _("Spotify does not allow this."),
    "insufficient_scope": _(
        "Your consent at Spotify does not cover this. Please connect Spotify again, and agree to all of it."
    ),
    "app_forbidden": _SITE,
    "not_found": _("Spotify does not know this, or does not show it."),
    "bad_request": _("Spotify did not understand this site. Please try again later."),
    "invalid_grant": _RECONNECT,
    "invalid_client": _SITE,
    # Connecting
    "connect_failed": _("Spotify could not be connected. Please begin again."),
    "state_missing": _("What came back from Spotify was not complete. Please begin again."),
    "state_expired": _(
        "This attempt to connect took too long, or was not begun here. Please begin again."
    ),
    "state_replayed": _(
        "This attempt to connect was finished already. Look at your account, or begin again."
    ),
    "state_other_browser": _(
        "This attempt to connect was begun in another browser or by another user. Please begin again here."
    ),
    "access_denied": _("You did not agree at Spotify, so nothing was connected."),
    "invalid_redirect_uri": _(
        "Spotify cannot send you back to this address. Please open the site under its usual address, and begin again."
    ),
    "not_allowlisted": _(
        "Spotify does not let you use this site yet. Those who run the site have to add you first."
    ),
    "linked_elsewhere": _(
        "This Spotify account is connected to another user, or you have connected another Spotify account. "
        "Disconnect that one first."
    ),
    "no_user": _(
        "Nobody can sign in here with this Spotify account. Sign in as you did before, then connect Spotify."
    ),
    "signed_in_as_other": _(
        "This Spotify account belongs to another user than the one who is signed in. Sign out first."
    ),
    "throttled": _("That was asked for too often. Please wait a moment."),
    "permission_denied": _("This site does not allow this right now."),
    "cache_unavailable": _("This site cannot do that right now. Please try again in a moment."),
    # The account
    "not_connected": _("No Spotify account is connected."),
    "suspect": _(
        "Spotify does not accept your consent right now, perhaps by mistake. This site will ask again by itself."
    ),
    "reauthorization_required": _RECONNECT,
    "unknown_parameter": _("This list takes no such parameter."),
    # A sync
    "sync_error": _SYNC,
    "inside_transaction": _SYNC,
    "unknown_resource": _("There is no such resource to sync."),
    "not_whole": _("Spotify did not send the whole library. Nothing was removed."),
    "loss_settled": _(
        "Nothing is left to decide: these rows were removed, came back, or are part of a later question."
    ),
    "run_lost": _("This sync stopped, or another one took its place."),
    "interrupted": _("This sync was interrupted. It goes on by itself."),
    "cancelled": _("Spotify was disconnected during the sync. Nothing was written."),
}


def message_for(code: str) -> str:
    """Return the sentence for a code, in the language that is active; a general one for a code that is not known."""
    return str(MESSAGES.get(code, _AGAIN))
