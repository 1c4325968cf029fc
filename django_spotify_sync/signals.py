"""Signals: what happened, for a host site to react to. They are sent robustly: a receiver that raises stops nothing."""

from __future__ import annotations

from django.dispatch import Signal

#: A user connected Spotify, anew or again. Arguments: ``account`` (SpotifyAccount), ``created`` (bool).
account_connected = Signal()

#: A run ended ``succeeded`` or ``partial``. Arguments: ``run`` (SyncRun), ``added`` and ``removed`` (Spotify ids).
sync_finished = Signal()

#: A run ended ``failed``. Arguments: ``run`` (SyncRun), ``error`` (SpotifySyncError).
sync_failed = Signal()
