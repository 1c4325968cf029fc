"""Who is connected to Spotify, and the sealed tokens of that grant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import SealBroken
from django_spotify_sync.secret import Secret, hushed
from django_spotify_sync.spotify.answers.profile import ProfileRow
from django_spotify_sync.spotify.answers.storable import MAX_ID
from django_spotify_sync.spotify.scopes import is_covered, scopes_for


class AnyUser(Protocol):
    """Whoever is asking: a user of any model, or nobody (whose key is None and who owns nothing)."""

    @property
    def pk(self) -> Any: ...


OPEN_URL = "https://open.spotify.com"
#: A token this close to its end is renewed before it is used.
EXPIRY_MARGIN = timedelta(seconds=60)
_SEAL_VERSION = b"\x01"
_MONTHS = 6  # calendar months for which a consent is good


def open_url(kind: str, spotify_id: str) -> str:
    """Return where Spotify shows what has this id, which may hold any character: people once chose theirs."""
    return f"{OPEN_URL}/{kind}/{quote(spotify_id, safe='')}"


def wanted_scopes() -> list[str]:
    """Return the scopes that a user is asked for."""
    return list(conf.SCOPES) if conf.SCOPES is not None else scopes_for(conf.RESOURCES)


class AccountStatus(models.TextChoices):
    CONNECTED = "connected", _("connected")
    SUSPECT = "suspect", _("suspect")
    REAUTHORIZATION_REQUIRED = "reauthorization_required", _("reauthorization required")
    DISCONNECTED = "disconnected", _("disconnected")


class SpotifyAccountQuerySet(models.QuerySet["SpotifyAccount"]):
    def connected(self) -> SpotifyAccountQuerySet:
        """Accounts whose grant may be used."""
        return self.filter(status=AccountStatus.CONNECTED)

    def get_for_user(self, user: AnyUser) -> SpotifyAccount | None:
        """Return the user's account whatever its status, or None."""
        return self.filter(user_id=user.pk).first()

    def get_locked(self, **which: Any) -> SpotifyAccount | None:
        """Return the account, which nobody else changes until the transaction ends; None if it is not among these.

        Others may add rows that point at it: a sync that is writing need not wait, nor be waited for.
        """
        return self.select_for_update(no_key=True).filter(**which).first()

    def suspect(self) -> SpotifyAccountQuerySet:
        """Accounts whose grant Spotify refused once, and whose second look is still to come."""
        return self.filter(status=AccountStatus.SUSPECT)

    def linked(self) -> SpotifyAccountQuerySet:
        """Accounts that hold on to their Spotify ids: all but the disconnected."""
        return self.exclude(status=AccountStatus.DISCONNECTED)

    def claiming(self, profile: ProfileRow) -> SpotifyAccountQuerySet:
        """Linked accounts that hold on to an id of this profile, be they the same Spotify account or not."""
        same = models.Q(spotify_id=profile.spotify_id)
        if profile.spotify_account_id:
            same |= models.Q(spotify_account_id=profile.spotify_account_id)
        return self.linked().filter(same)

    def get_for_profile(self, profile: ProfileRow) -> SpotifyAccount | None:
        """Return the linked account of this Spotify account; None if there is none, or two that claim its ids."""
        claims = list(self.claiming(profile)[:2])
        return claims[0] if len(claims) == 1 and claims[0].is_of(profile) else None


class SpotifyAccount(models.Model):
    """A user's link to one Spotify account."""

    Status = AccountStatus

    id = models.BigAutoField(primary_key=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="spotify_account",
        verbose_name=_("user"),
    )
    spotify_id = models.CharField(_("Spotify id"), max_length=MAX_ID)
    # The one that never changes; not every answer has it yet (Spotify Web API, changes of May 2026).
    spotify_account_id = models.CharField(
        _("Spotify account id"), max_length=MAX_ID, null=True, blank=True
    )
    display_name = models.TextField(_("display name"), blank=True)
    image_url = models.TextField(_("picture"), blank=True)
    status = models.CharField(
        _("status"), max_length=30, choices=AccountStatus.choices, default=AccountStatus.CONNECTED
    )
    status_changed_at = models.DateTimeField(_("status changed at"), default=timezone.now)
    # When Spotify is asked again whether it still accepts a suspect grant.
    judge_at = models.DateTimeField(_("judged again at"), null=True, blank=True)
    authorized_at = models.DateTimeField(_("authorized at"))
    reauthorize_by = models.DateTimeField(_("reauthorize by"))
    # Nobody knows when the user agreed: this is the earliest end, and Spotify may accept the grant for longer.
    reauthorize_by_estimated = models.BooleanField(
        _("reauthorize by is estimated"), default=False, db_default=False
    )
    grant_noticed_at = models.DateTimeField(
        _("last notice of the grant's end"), null=True, blank=True
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = SpotifyAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("Spotify account")
        verbose_name_plural = _("Spotify accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["spotify_id"],
                condition=~models.Q(status=AccountStatus.DISCONNECTED),
                name="spotify_sync_account_sid",
            ),
            models.UniqueConstraint(
                fields=["spotify_account_id"],
                condition=~models.Q(status=AccountStatus.DISCONNECTED),
                name="spotify_sync_account_said",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "status_changed_at"], name="spotify_sync_account_status"
            ),
            models.Index(fields=["reauthorize_by"], name="spotify_sync_account_reauth"),
        ]

    def __str__(self) -> str:
        return f"{self.display_name or self.spotify_id} ({self.get_status_display()})"

    def get_absolute_url(self) -> str:
        return open_url("user", self.spotify_id)

    def is_of(self, profile: ProfileRow) -> bool:
        """Tell whether this is the profile's Spotify account: by the stable id where both have it."""
        if self.spotify_account_id and profile.spotify_account_id:
            return self.spotify_account_id == profile.spotify_account_id
        return self.spotify_id == profile.spotify_id

    @property
    def scopes(self) -> list[str]:
        """The scopes that the user agreed to; none without a token."""
        token = SpotifyToken.objects.using(self._state.db).filter(pk=self.pk).first()
        return sorted(token.scope.split()) if token else []

    @property
    def missing_scopes(self) -> list[str]:
        """The scopes that the site wants and the user has not agreed to: connecting again asks for them."""
        granted = set(self.scopes)
        return [scope for scope in wanted_scopes() if scope not in granted]

    def agreed(self, resources: Iterable[str]) -> list[str]:
        """Return those of ``resources`` for which Spotify answers under the scopes that the user agreed to."""
        granted = self.scopes
        return [resource for resource in resources if is_covered(resource, granted)]

    @property
    def days_left(self) -> int:
        """Whole days until the consent ends, whatever is done before; 0 on the last day and ever after."""
        return max(0, (self.reauthorize_by - timezone.now()).days)

    @property
    def is_expiring_soon(self) -> bool:
        """Whether the grant serves, and its end is nearer than the largest distance of GRANT_NOTICE."""
        notice = max(conf.GRANT_NOTICE, default=timedelta(0))
        connected = self.status == AccountStatus.CONNECTED
        return connected and self.reauthorize_by <= timezone.now() + notice


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two tokens of a grant, in the clear but not on show."""

    access: Secret
    refresh: Secret


class SpotifyTokenQuerySet(models.QuerySet["SpotifyToken"]):
    def by_key(self) -> dict[str, int]:
        """Return how many tokens each key seals, by the key's id; the settings are not asked."""
        return dict(self.order_by("key_id").values_list("key_id").annotate(rows=models.Count("pk")))

    def not_sealed_with(self, key_id: str) -> SpotifyTokenQuerySet:
        """Tokens that another key than this one sealed."""
        return self.exclude(key_id=key_id)


class SpotifyToken(models.Model):
    """The sealed tokens of one account. Only the row can seal and unseal them, because only it knows its account."""

    account = models.OneToOneField(
        SpotifyAccount,
        models.CASCADE,
        primary_key=True,
        related_name="token",
        verbose_name=_("account"),
    )
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=20, db_index=True)
    version = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField()
    scope = models.TextField(blank=True)
    refreshed_at = models.DateTimeField(default=timezone.now)

    objects = SpotifyTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("Spotify token")
        verbose_name_plural = _("Spotify tokens")
        indexes = [models.Index(fields=["refreshed_at"], name="spotify_sync_token_refreshed")]

    def __str__(self) -> str:
        return f"token of account {self.account_id}"

    @property
    def is_expiring(self) -> bool:
        """Whether the access token ends within 60 seconds, or has ended."""
        return self.expires_at <= timezone.now() + EXPIRY_MARGIN

    @hushed
    def seal(self, tokens: Tokens) -> None:
        """Put ``tokens`` into the row, sealed with the newest key. Does not save.

        :raises NoSealingKey: if there is no usable key.
        """
        ring = KeyRing(conf.fernet_keys)
        self.sealed = _SEAL_VERSION + ring.seal(self._plain(tokens))
        self.key_id = ring.newest

    @hushed
    def unseal(self) -> Tokens:
        """Return the tokens in the row.

        :raises UnknownSealingKey: if the key that sealed them is not in the settings.
        :raises SealBroken: if the column was damaged or comes from another account's row.
        """
        sealed = bytes(self.sealed)
        if sealed[:1] != _SEAL_VERSION:
            raise SealBroken
        tokens = self._tokens_in(KeyRing(conf.fernet_keys).unseal(sealed[1:], self.key_id))
        if tokens is None:
            raise SealBroken
        return tokens

    def _plain(self, tokens: Tokens) -> bytes:
        return json.dumps(
            {
                "account": self.account_id,
                "spotify_id": self.account.spotify_id,
                "access": tokens.access.reveal(),
                "refresh": tokens.refresh.reveal(),
            }
        ).encode()

    def _tokens_in(self, unsealed: bytes) -> Tokens | None:
        """Return the tokens, None if they are another account's, or nothing that was ever sealed here."""
        try:
            plain = json.loads(unsealed)
            whose = (plain["account"], plain["spotify_id"])
            tokens = Tokens(access=Secret(plain["access"]), refresh=Secret(plain["refresh"]))
        except (ValueError, TypeError, KeyError):
            return None
        return tokens if whose == (self.account_id, self.account.spotify_id) else None


@dataclass(frozen=True, slots=True)
class Consent:
    """When a user agreed at Spotify, and when that ends. Both are guessed if ``is_estimated``."""

    given_at: datetime
    ends_at: datetime
    is_estimated: bool = False

    @classmethod
    def of(cls, moment: datetime) -> Consent:
        """Return the consent that was given at ``moment``."""
        return cls(moment, six_months_after(moment))

    @classmethod
    def unknown(cls, now: datetime) -> Consent:
        """Return a consent of which nothing is known but that Spotify accepts it ``now``: it may end any day.

        The nearest distance of GRANT_NOTICE is taken for its end, so that the user is told at once to connect again.
        """
        ends_at = now + min(conf.GRANT_NOTICE, default=timedelta(days=1))
        return cls(_months_after(ends_at, -_MONTHS), ends_at, is_estimated=True)


def six_months_after(moment: datetime) -> datetime:
    """Return the day a consent of ``moment`` ends: six calendar months later (Spotify Web API, Refreshing Tokens)."""
    return _months_after(moment, _MONTHS)


def _months_after(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    for day in (moment.day, 30, 29, 28):  # 31 August + 6 months is the last day of February
        try:
            return moment.replace(year=year, month=month + 1, day=min(day, moment.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
