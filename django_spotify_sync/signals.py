"""Signals: what happened, for a host site to react to. They are sent robustly: a receiver that raises stops nothing."""

from __future__ import annotations

from django.dispatch import Signal

#: A user connected Spotify, anew or again. Arguments: ``account`` (SpotifyAccount), ``created`` (bool).
account_connected = Signal()

#: A Spotify account was linked by which its user can sign in from now on (LOGIN_ENABLED): tell the user, as of a new
#: password. Arguments: ``account`` (SpotifyAccount, with its user and Spotify's name), ``linked_at`` (datetime).
sign_in_linked = Signal()

#: A user's Spotify account is no longer connected: by the user's or an admin's word, because the user was deleted, or
#: because a lost grant was not renewed in time. Arguments: ``account`` (SpotifyAccount, whose row may be gone by now),
#: ``counts`` (rows of the library that went, by what they were).
account_disconnected = Signal()

#: A grant ends soon. Arguments: ``account`` (SpotifyAccount), ``notice`` (timedelta: which distance of GRANT_NOTICE was
#: reached), ``reauthorize_by`` (datetime).
grant_expiring = Signal()

#: A grant is no more; the user has to connect again. Arguments: ``account`` (SpotifyAccount), ``reason`` (``expired``
#: or ``refused``).
grant_lost = Signal()

#: A run ended ``succeeded`` or ``partial``. Arguments: ``run`` (SyncRun), ``added`` and ``removed`` (Spotify ids),
#: ``changes`` (primary keys of the lines that it wrote into the journal, as LibraryChange has them).
sync_finished = Signal()

#: A run ended ``failed``. Arguments: ``run`` (SyncRun), ``error`` (SpotifySyncError).
sync_failed = Signal()
