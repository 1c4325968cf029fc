"""What browsers come to: the way to Spotify and back, the package's own page, and the forms on it.

API clients use the same addresses.
"""

from __future__ import annotations

from django_spotify_sync.views.begin import AuthAPI, LoginAPI, auth, login
from django_spotify_sync.views.finish import CallbackAPI, callback
from django_spotify_sync.views.forms import disconnect, loss, sync, sync_all
from django_spotify_sync.views.home import home

__all__ = ["auth", "callback", "disconnect", "home", "login", "loss", "sync", "sync_all"]

# Where generators of schemas look for an address's REST view, as DRF's own as_view() leaves it.
for _view, _api in ((auth, AuthAPI), (login, LoginAPI), (callback, CallbackAPI)):
    vars(_view).update(cls=_api, initkwargs={})
