"""What the page "Next to allauth" has sites do, as it stands there, with the real django-allauth and social-auth."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.utils.module_loading import import_string

from django_spotify_sync import accounts
from django_spotify_sync.accounts import wanted_scopes
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.signals import account_disconnected
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect
from tests.kit.documentation import DOCS
from tests.kit.other_logins import allauth_account, allauth_row, social_auth_row
from tests.whole.test_docs import blocks

pytestmark = pytest.mark.usefixtures("other_logins")

BLOCKS = blocks(DOCS / "how-to/next-to-allauth.md", "python")


@pytest.fixture(autouse=True)
def adopting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the site's own module that the recipes import."""
    module = ModuleType("music.adopting")
    exec(block_with("def adopt_soon"), vars(module))
    monkeypatch.setitem(sys.modules, "music.adopting", module)


def block_with(words: str) -> str:
    [block] = [one for one in BLOCKS if words in one]
    return block


def run(words: str) -> dict[str, Any]:
    """Run a block of the page; return what it defines."""
    said: dict[str, Any] = {"__name__": "music"}
    exec(block_with(words), said)
    return said


def test_a_sign_in_with_these_scopes_can_be_adopted() -> None:
    said = run("SOCIALACCOUNT_PROVIDERS = {")

    assert set(wanted_scopes()) <= set(said["SOCIALACCOUNT_PROVIDERS"]["spotify"]["SCOPE"])
    assert said["SOCIAL_AUTH_SPOTIFY_SCOPE"] == said["SOCIALACCOUNT_PROVIDERS"]["spotify"]["SCOPE"]


# django-allauth


@pytest.fixture
def allauth(db: None) -> Iterator[dict[str, Any]]:
    """Receive allauth's signals as the page has it; give the signals."""
    said = run("allauth.account.signals")
    signals = {name: said[name] for name in ("user_logged_in", "social_account_added")}
    yield signals
    for signal in signals.values():
        assert signal.disconnect(said["connect_spotify"])


def login_of(user: Any, who: Any, spotify: FakeSpotify, **values: Any) -> Any:
    """Make what allauth makes of a sign-in, which stores no token."""
    grant = spotify.grant(who)
    kept = {"token": grant["access_token"], "token_secret": grant["refresh_token"]}
    kind = import_string("allauth.socialaccount.models.SocialLogin")
    login = kind(user=user, account=allauth_account(user, who, **values))
    login.token = apps.get_model("socialaccount", "SocialToken")(**kept)
    return login


@pytest.mark.parametrize("name", ["user_logged_in", "social_account_added"])
def test_a_sign_in_by_allauth_connects(
    user: Any,
    spotify: FakeSpotify,
    allauth: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
    name: str,
) -> None:
    login = login_of(user, spotify.user, spotify)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            allauth[name].send(sender=type(user), request=None, user=user, sociallogin=login)

    account = SpotifyAccount.objects.get()
    assert (account.user_id, account.status) == (user.pk, "connected")
    assert account.authorized_at == login.account.date_joined
    assert not account.reauthorize_by_estimated
    assert spotify.count() == 2, "the second sign-in costs no request"


def test_other_sign_ins_by_allauth_connect_nothing(
    user: Any,
    spotify: FakeSpotify,
    allauth: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    without = login_of(user, spotify.user, spotify)
    without.token.token_secret = ""
    elsewhere = login_of(user, spotify.user, spotify, provider="google")
    tokenless = login_of(user, spotify.add_user("grace"), spotify)
    tokenless.token = None

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        allauth["user_logged_in"].send(sender=type(user), request=None, user=user)
        for login in (without, elsewhere, tokenless):
            allauth["user_logged_in"].send(sender=type(user), user=user, sociallogin=login)

    assert callbacks == []


def test_what_cannot_be_adopted_is_no_fault_of_the_sign_in(
    user: Any,
    spotify: FakeSpotify,
    allauth: dict[str, Any],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    login = login_of(user, spotify.user, spotify)
    spotify.revoke()

    with caplog.at_level(logging.INFO), django_capture_on_commit_callbacks(execute=True):
        allauth["user_logged_in"].send(sender=type(user), user=user, sociallogin=login)

    assert "is not connected by signing in: POST /api/token" in caplog.text
    assert login.token.token_secret not in caplog.text
    assert not SpotifyAccount.objects.exists()


def test_who_disconnects_is_forgotten_there(
    user: Any, spotify: FakeSpotify, django_capture_on_commit_callbacks: Any
) -> None:
    said = run("def forget_token")
    allauth_row(user, spotify.user, spotify)
    account = connect(user, spotify)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            accounts.disconnect(account)
    finally:
        assert account_disconnected.disconnect(said["forget_token"])

    assert not said["SocialToken"].objects.exists()
    assert apps.get_model("socialaccount", "SocialAccount").objects.exists(), "and may sign in"


# social-auth


@pytest.mark.filterwarnings("ignore:defusedxml.cElementTree is deprecated:DeprecationWarning")
def test_a_sign_in_by_social_auth_connects(
    user: Any, spotify: FakeSpotify, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SOCIAL_AUTH_SPOTIFY_KEY = spotify.client_id
    strategy = import_string("social_django.utils.load_strategy")()
    backend = import_string("social_core.backends.spotify.SpotifyOAuth2")(strategy)
    social = social_auth_row(user, spotify.user, spotify)
    step = run("def connect_spotify(backend")["connect_spotify"]

    answers: list[dict[str, Any]] = [{}, social.extra_data, social.extra_data]
    for response in answers:
        with django_capture_on_commit_callbacks(execute=True):
            step(backend=backend, response=response, user=user, social=social, is_new=True)

    account = SpotifyAccount.objects.get()
    assert (account.user_id, account.authorized_at) == (user.pk, social.created)
    assert spotify.count() == 2


def test_the_step_stands_at_the_end_of_the_pipeline() -> None:
    pipeline = run("SOCIAL_AUTH_PIPELINE = ")["SOCIAL_AUTH_PIPELINE"]

    assert pipeline[-1] == "music.pipeline.connect_spotify"
    assert "social_core.pipeline.social_auth.load_extra_data" in pipeline[:-1]
