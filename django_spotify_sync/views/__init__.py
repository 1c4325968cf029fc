"""OAuth for browsers: to the consent page, and back. API clients use the same addresses."""

from __future__ import annotations

from django_spotify_sync.views.begin import AuthAPI, LoginAPI, auth, login
from django_spotify_sync.views.finish import CallbackAPI, callback

__all__ = ["auth", "callback", "login"]

# Where generators of schemas look for an address's REST view, as DRF's own as_view() leaves it.
for _view, _api in ((auth, AuthAPI), (login, LoginAPI), (callback, CallbackAPI)):
    vars(_view).update(cls=_api, initkwargs={})
