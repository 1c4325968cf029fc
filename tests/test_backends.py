from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user
from django.test import RequestFactory

from django_spotify_sync.accounts import Proof, Purpose
from django_spotify_sync.accounts.states import Attempt
from django_spotify_sync.backends import SpotifyBackend
from django_spotify_sync.hooks import get_user as user_of_profile
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.answers.profile import ProfileRow
from django_spotify_sync.spotify.oauth import Grant
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db

PROFILE = ProfileRow(spotify_id="ada", spotify_account_id="acct", display_name="", image_url="")
GRANT = Grant(Secret("access"), Secret("refresh"), expires_in=3600, scope="")


@pytest.fixture(autouse=True)
def login_enabled(settings: Any) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = [
        "django_spotify_sync.backends.SpotifyBackend",
        "django.contrib.auth.backends.ModelBackend",
    ]


def proof(purpose: Purpose = Purpose.LOGIN, profile: ProfileRow = PROFILE) -> Proof:
    attempt = Attempt("", "", "https://site.example/", "", None, purpose)
    return Proof(attempt, profile, GRANT, user=None, was_linked=True)


def test_a_proof_signs_in_whom_it_is_of(user: Any) -> None:
    account_of(user, "ada", spotify_account_id="acct")

    found = authenticate(None, proof=proof())

    assert found == user
    assert found.backend == "django_spotify_sync.backends.SpotifyBackend"
    assert async_to_sync(aauthenticate)(None, proof=proof()) == user


@pytest.mark.parametrize(
    "claim",
    [None, "ada", "acct", {"spotify_id": "ada"}, PROFILE, proof(Purpose.CONNECT), True],
    ids=["nothing", "name", "id", "dict", "profile", "connecting", "true"],
)
def test_nothing_but_a_proof_of_signing_in_does(user: Any, claim: Any) -> None:
    account_of(user, "ada", spotify_account_id="acct")

    assert authenticate(None, proof=claim) is None
    assert SpotifyBackend().authenticate(None, claim) is None
    assert authenticate(None, spotify_id="ada") is None
    assert authenticate(None, username="ada", password="acct") is None


def test_nothing_does_where_signing_in_is_off(user: Any, settings: Any) -> None:
    account_of(user, "ada", spotify_account_id="acct")
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = False

    assert authenticate(None, proof=proof()) is None


def test_passwords_stay_another_backend_s(user: Any) -> None:
    found = authenticate(None, username="ada", password="ada")

    assert found == user
    assert found.backend == "django.contrib.auth.backends.ModelBackend"


def test_a_session_ends_when_its_user_is_shut_out(user: Any, client: Any) -> None:
    account_of(user, "ada", spotify_account_id="acct")
    client.force_login(user, "django_spotify_sync.backends.SpotifyBackend")
    request = RequestFactory().get("/")
    request.session = client.session
    assert get_user(request) == user

    user.is_active = False
    user.save()

    assert get_user(request).is_anonymous


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        (("ada", "acct"), True),
        (("former", "acct"), True),
        (("ada", None), True),
        (("ada", "acct-2"), False),
        (("former", None), False),
    ],
)
def test_by_which_ids_a_user_is_found(user: Any, stored: Any, found: bool) -> None:
    account_of(user, stored[0], spotify_account_id=stored[1])

    assert (user_of_profile(PROFILE, None) == user) is found


def test_no_token_is_shown_by_a_proof() -> None:
    assert "access'" not in repr(proof())
    assert repr(proof()).count("<Secret>") == 2
