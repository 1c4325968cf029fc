"""Everything the package raises. Each class's docstring is its default message and says what to do.

::

    SpotifySyncError
    ├── SealingError
    │   ├── NoSealingKey
    │   ├── UnknownSealingKey
    │   └── SealBroken
    ├── SpotifyError                    Spotify answered, or failed to
    │   ├── SpotifyUnavailable
    │   │   └── RefreshUnderWay
    │   ├── RateLimited
    │   │   ├── QuotaExceeded
    │   │   ├── TokensRateLimited
    │   │   └── Paced
    │   ├── AccessTokenRejected
    │   ├── Forbidden
    │   │   ├── InsufficientScope
    │   │   └── AppForbidden
    │   ├── NotFound
    │   ├── BadRequest
    │   ├── GrantRejected
    │   └── ClientRejected
    ├── ConnectError                    connecting an account went wrong
    │   ├── StateMissing
    │   ├── StateExpired
    │   ├── StateReplayed
    │   ├── StateOtherBrowser
    │   ├── AccessDenied
    │   ├── InvalidRedirectURI
    │   ├── NotAllowlisted
    │   ├── LinkedElsewhere
    │   ├── NoUser
    │   └── SignedInAsOther
    ├── CacheUnavailable
    ├── NotConnected
    │   ├── GrantInDoubt
    │   └── ReauthorizationRequired
    ├── UnknownParameter
    └── SyncError                       one run
        ├── InsideTransaction
        ├── UnknownResource
        ├── NotWhole
        ├── LossSettled
        ├── RunLost
        ├── RunInterrupted
        └── RunCancelled

``code`` is the stable word that APIs answer and run records keep; ``str()`` is for those who run the site, and
``errors`` has what users are told. None of them ever holds a token, a code or a secret.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any


class Words(str):
    """A text that is translated where it is shown. Marks it for the catalogues; nothing here knows Django."""

    __slots__ = ()


class SpotifySyncError(Exception):
    """Something in django_spotify_sync went wrong."""

    code = "error"

    def __init__(self, message: str | None = None, **values: object) -> None:
        """``message`` may name ``values``, as "%(name)s": so it can be translated before they are put in."""
        self.template = message or " ".join(cleandoc(self.__doc__ or "").split())
        self.values = values
        super().__init__(self.template % values if values else self.template)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args, vars(self))


def _remade(
    kind: type[SpotifySyncError], args: tuple[Any, ...], state: dict[str, Any]
) -> SpotifySyncError:
    """Unpickle an error, which Celery sends from process to process, without asking for its keywords again."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class SealingError(SpotifySyncError):
    """A stored token could not be read."""

    code = "sealing_error"


class NoSealingKey(SealingError):
    """No key to seal tokens with: set SPOTIFY_SYNC_FERNET_KEYS (spotify_generate_key prints a new one)."""

    code = "no_sealing_key"


class UnknownSealingKey(SealingError):
    """A stored token is sealed with a key that SPOTIFY_SYNC_FERNET_KEYS no longer holds: put that key back."""

    code = "unknown_sealing_key"


class SealBroken(SealingError):
    """A stored token is damaged or belongs to another account: the user has to connect Spotify again."""

    code = "seal_broken"


class SpotifyError(SpotifySyncError):
    """Spotify refused a request."""

    code = "spotify_error"

    def __init__(
        self, message: str | None = None, *, status: int | None = None, **values: object
    ) -> None:
        super().__init__(message, **values)
        self.status = status


class SpotifyUnavailable(SpotifyError):
    """Spotify does not answer, or answers nonsense: try again later."""

    code = "spotify_unavailable"


class RefreshUnderWay(SpotifyUnavailable):
    """The token is being refreshed elsewhere, and that takes long: try again in a moment."""

    code = "refresh_under_way"


class RateLimited(SpotifyError):
    """Spotify asks for a pause: try again when the seconds of its retry_after are over."""

    code = "rate_limited"

    def __init__(
        self, message: str | None = None, *, retry_after: float, status: int | None = 429
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class QuotaExceeded(RateLimited):
    """The daily quota of this app at Spotify is used up: try again when the seconds of its retry_after are over."""

    code = "quota_exceeded"


class TokensRateLimited(RateLimited):
    """Spotify's accounts service asks for a pause: try again when the seconds of its retry_after are over."""

    code = "tokens_rate_limited"


class Paced(RateLimited):
    """The site asks Spotify as often as it may, and others are first: try again when its retry_after is over."""

    code = "pace"

    def __init__(self, message: str | None = None, *, retry_after: float = 30.0) -> None:
        super().__init__(message, retry_after=retry_after, status=None)


class AccessTokenRejected(SpotifyError):
    """Spotify did not accept the access token: it has to be refreshed."""

    code = "access_token_rejected"


class Forbidden(SpotifyError):
    """Spotify forbids this request."""

    code = "forbidden"


class InsufficientScope(Forbidden):
    """The user's consent does not cover this: the user has to connect Spotify again and agree to all scopes."""

    code = "insufficient_scope"


class AppForbidden(Forbidden):
    """Spotify refuses this app as a whole: look at its allow-list and its owner's Premium in Spotify's dashboard."""

    code = "app_forbidden"

    def __init__(
        self, message: str | None = None, *, status: int | None = None, lacks_premium: bool = False
    ) -> None:
        super().__init__(message, status=status)
        self.lacks_premium = lacks_premium


class NotFound(SpotifyError):
    """Spotify does not know this address, or hides it."""

    code = "not_found"


class BadRequest(SpotifyError):
    """Spotify did not understand a request."""

    code = "bad_request"


class GrantRejected(SpotifyError):
    """Spotify no longer accepts the user's consent (invalid_grant): the user has to connect Spotify again."""

    code = "invalid_grant"


class ClientRejected(SpotifyError):
    """Spotify does not accept this app: check SPOTIFY_SYNC_CLIENT_ID and SPOTIFY_SYNC_CLIENT_SECRET."""

    code = "invalid_client"


class ConnectError(SpotifySyncError):
    """Spotify could not be connected."""

    code = "connect_failed"


class StateMissing(ConnectError):
    """The answer from Spotify lacks its state or code: begin again."""

    code = "state_missing"


class StateExpired(ConnectError):
    """This attempt to connect took too long, or was never begun here: begin again."""

    code = "state_expired"


class StateReplayed(ConnectError):
    """This attempt to connect was finished already: look at your account, or begin again."""

    code = "state_replayed"


class StateOtherBrowser(ConnectError):
    """This attempt to connect was begun in another browser or by another user: begin again here."""

    code = "state_other_browser"


class AccessDenied(ConnectError):
    """Consent was not given at Spotify, so nothing was connected: begin again to connect."""

    code = "access_denied"


class InvalidRedirectURI(ConnectError):
    """This redirect URI cannot be used: it has to be the configured one, on the host that you opened."""

    code = "invalid_redirect_uri"


class NotAllowlisted(ConnectError):
    """Spotify does not let this user use the app yet: its owner has to add the user in Spotify's dashboard."""

    code = "not_allowlisted"


class LinkedElsewhere(ConnectError):
    """This Spotify account is connected to another user of this site: disconnect it there first."""

    code = "linked_elsewhere"


class NoUser(ConnectError):
    """Nobody can sign in here with this Spotify account: sign in as you did before, then connect Spotify."""

    code = "no_user"


class SignedInAsOther(ConnectError):
    """This Spotify account belongs to another user than the one who is signed in: sign out first."""

    code = "signed_in_as_other"


class CacheUnavailable(SpotifySyncError):
    """The shared cache does not answer, so nothing can be begun: try again in a moment."""

    code = "cache_unavailable"


class NotConnected(SpotifySyncError):
    """No Spotify account is connected."""

    code = "not_connected"


class GrantInDoubt(NotConnected):
    """Spotify does not accept this account's consent for now, perhaps by mistake: it is asked again by itself."""

    code = "suspect"

    def __init__(self, message: str | None = None, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ReauthorizationRequired(NotConnected):
    """The consent given at Spotify has ended: the user has to connect Spotify again."""

    code = "reauthorization_required"


class UnknownParameter(SpotifySyncError):
    """This list takes no such parameter."""

    code = "unknown_parameter"


class SyncError(SpotifySyncError):
    """A sync could not be done."""

    code = "sync_error"


class InsideTransaction(SyncError):
    """This talks to Spotify and must not hold a transaction open: call it outside atomic()."""

    code = "inside_transaction"


class UnknownResource(SyncError):
    """There is no such resource to sync."""

    code = "unknown_resource"


class NotWhole(SyncError):
    """What Spotify answered is not provably the whole library: nothing was removed."""

    code = "not_whole"

    def __init__(self, message: str | None = None, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class LossSettled(SyncError):
    """Nothing is left to decide about this loss: what it lists was removed, came back, or is part of a later one."""

    code = "loss_settled"


class RunLost(SyncError):
    """The run was taken for lost, or done by somebody else: this worker stops and writes nothing."""

    code = "run_lost"


class RunInterrupted(SyncError):
    """The worker was told to stop: what was fetched is staged, and another one goes on with the run."""

    code = "interrupted"


class RunCancelled(SyncError):
    """The account was disconnected while the run was under way: nothing was written."""

    code = "cancelled"
