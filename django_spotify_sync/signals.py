"""Signals: what happened, for a host site to react to. They are sent robustly: a receiver that raises stops nothing."""

from __future__ import annotations

from django.dispatch import Signal

#: A user connected Spotify, for the first time or again. Arguments: ``account`` (SpotifyAccount), ``created`` (bool).
account_connected = Signal()

#: A user connected a Spotify account, and can sign in with it from now on (LOGIN_ENABLED): tell the user, as after a
#: new password. Arguments: ``account`` (SpotifyAccount, with its user and Spotify's name), ``linked_at`` (datetime).
sign_in_linked = Signal()

#: A user's Spotify account is no longer connected: the user or an admin disconnected it, the user was deleted, or a
#: lost grant was not renewed in time. Arguments: ``account`` (SpotifyAccount, whose row may be deleted by now),
#: ``counts`` (how many rows of the library were deleted, by table).
account_disconnected = Signal()

#: A grant ends soon. Arguments: ``account`` (SpotifyAccount), ``notice`` (timedelta: the entry of GRANT_NOTICE that was
#: reached), ``reauthorize_by`` (datetime).
grant_expiring = Signal()

#: A grant has ended; the user has to connect again. Arguments: ``account`` (SpotifyAccount), ``reason`` (``expired``
#: or ``refused``).
grant_lost = Signal()

#: A run ended ``succeeded`` or ``partial``. Arguments: ``run`` (SyncRun), ``added`` and ``removed`` (Spotify ids),
#: ``changes`` (primary keys of the lines that it wrote into the journal, as LibraryChange has them).
sync_finished = Signal()

#: A run ended ``failed``. Arguments: ``run`` (SyncRun), ``error`` (SpotifySyncError).
sync_failed = Signal()
