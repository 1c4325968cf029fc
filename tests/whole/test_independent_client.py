"""The OAuth flow as somebody else's library sees it: oauthlib judges what our side says, over HTTP.

The site is the example project in a process of its own. Its browser is ``requests``; what it is sent, and what it
brings back, goes through oauthlib's own parsers. FakeSpotify, in turn, serves requests-oauthlib as any server would.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from oauthlib.oauth2 import (
    InvalidClientError,
    InvalidGrantError,
    RequestValidator,
    WebApplicationClient,
    WebApplicationServer,
)
from requests_oauthlib import OAuth2Session

from django_spotify_sync.accounts import REVOKE_URL
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify
from tests.browser.site import PASSWORD, Site, serving

JSON = {"Accept": "application/json"}
SCOPES = "user-library-read playlist-read-private playlist-read-collaborative user-follow-read"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let oauthlib, which insists on https, talk to this machine."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def listener(site: Site) -> Any:
    """Give somebody new at Spotify, who agrees at once and is signed in there."""
    fake = site.spotify
    fake.consent, fake.browser_user = (
        "auto",
        fake.add_user(f"listener-{len(site.people)}", tracks=5),
    )
    return fake.browser_user


class Browser(requests.Session):
    """A browser that knows HTTP, cookies and forms, and nothing of us."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def at(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        token = self.cookies.get("csrftoken") or ""
        headers = {"X-CSRFToken": token, "Referer": self.site.url} | more.pop("headers", {})
        return self.request(
            method,
            self.site.url + path,
            headers=headers,
            allow_redirects=False,
            timeout=20,
            **more,
        )

    def signed_in(self) -> Browser:
        page = self.request("GET", f"{self.site.url}spotify/auth/", timeout=60)
        form = {"username": self.site.people.pop(), "password": PASSWORD}
        address = page.url.partition("?")[0].removeprefix(self.site.url)
        form["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        assert self.at(address, "POST", data=form).status_code == 302
        return self


class Judge(RequestValidator):
    """What an authorization server would have to know of its client; the rest is oauthlib's."""

    def __init__(self, client_id: str, redirect_uri: str) -> None:
        super().__init__()
        self._client_id, self._redirect_uri = client_id, redirect_uri

    def validate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        request.client = client_id
        return client_id == self._client_id

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, *args: Any, **kw: Any
    ) -> bool:
        return redirect_uri == self._redirect_uri

    def validate_response_type(self, client_id: str, kind: str, *args: Any, **kwargs: Any) -> bool:
        return kind == "code"

    def validate_scopes(self, client_id: str, scopes: list[str], *args: Any, **kwargs: Any) -> bool:
        return scopes == SCOPES.split()

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True


def judged(site: Site, address: str) -> dict[str, Any]:
    """Let oauthlib read our request for authorization; return what it understood."""
    judge = Judge(site.spotify.client_id, f"{site.url}spotify/callback/")
    scopes, read = WebApplicationServer(judge).validate_authorization_request(address)
    assert address.startswith(f"{site.spotify.accounts_url}/authorize?")
    assert scopes == SCOPES.split()
    assert read["request"].code_challenge_method == "S256"
    assert len(read["request"].code_challenge) == 43  # RFC 7636, 4.2: SHA-256 in base64url
    assert len(read["state"]) >= 32
    return dict(read)


def agreed(site: Site, address: str) -> dict[str, str]:
    """Agree at Spotify; return what oauthlib finds in the address to which it sends the browser back."""
    state = judged(site, address)["state"]
    back = requests.get(address, allow_redirects=False, timeout=60).headers["Location"]
    assert back.startswith(f"{site.url}spotify/callback/?")
    found = WebApplicationClient(site.spotify.client_id).parse_request_uri_response(back, state)
    return {"code": found["code"], "state": found["state"]}


def test_a_browser_connects_and_disconnects(site: Site, listener: Any) -> None:
    ada = Browser(site).signed_in()

    brought = agreed(site, ada.at("spotify/auth/").headers["Location"])
    back = ada.at("spotify/callback/", params=brought)
    account = ada.at("spotify/account/").json()

    assert back.status_code == 302
    assert "spotify_error" not in back.headers["Location"]
    assert (account["spotify_id"], account["status"]) == (listener.id, "connected")
    assert sorted(account["scopes"]) == sorted(SCOPES.split())
    again = ada.at("spotify/callback/", params=brought).headers["Location"]
    elsewhere = Browser(site).signed_in().at("spotify/callback/", params=brought)
    assert again == back.headers["Location"]
    assert "spotify_error=state_replayed" in elsewhere.headers["Location"]

    gone = ada.at("spotify/disconnect/", "POST", headers=JSON)

    assert (gone.status_code, gone.json()["revoke_at"]) == (200, REVOKE_URL)
    assert ada.at("spotify/account/", headers=JSON).status_code == 409
    assert ada.at("spotify/disconnect/", "POST", headers=JSON).status_code == 409


def test_an_api_client_connects(site: Site, listener: Any) -> None:
    ada = Browser(site).signed_in()
    address = ada.at("spotify/auth/", headers=JSON).json()["authorize_url"]

    answer = ada.at("spotify/callback/", "POST", json=agreed(site, address), headers=JSON)

    assert (answer.status_code, answer.json()["spotify_id"]) == (200, listener.id)


def test_a_code_of_another_attempt_is_refused(site: Site, listener: Any) -> None:
    """FakeSpotify, like Spotify, holds the verifier against the challenge that came with this very code."""
    ada = Browser(site).signed_in()
    mine, other = (agreed(site, ada.at("spotify/auth/").headers["Location"]) for _ in range(2))

    back = ada.at("spotify/callback/", params=mine | {"code": other["code"]})

    assert "spotify_error=state_expired" in back.headers["Location"]
    assert ada.at("spotify/account/", headers=JSON).status_code == 409


def test_signing_in_by_spotify(site: Site, listener: Any) -> None:
    ada, anew, thief = Browser(site).signed_in(), Browser(site), Browser(site)
    ada.at("spotify/callback/", params=agreed(site, ada.at("spotify/auth/").headers["Location"]))
    before = {cookie.name: cookie.value for cookie in anew.cookies}

    assert '<form method="post"' in anew.at("spotify/login/").text  # which sets the cookie of CSRF
    brought = agreed(site, anew.at("spotify/login/", "POST").headers["Location"])
    stolen = thief.at("spotify/callback/", params=brought)
    back = anew.at("spotify/callback/", params=brought)

    assert "spotify_error=state_other_browser" in stolen.headers["Location"]
    assert thief.at("spotify/account/", headers=JSON).status_code in (401, 403)
    assert back.status_code == 302
    assert "spotify_error" not in back.headers["Location"]
    assert anew.at("spotify/account/").json()["spotify_id"] == listener.id
    assert anew.cookies["sessionid"] not in (ada.cookies["sessionid"], before.get("sessionid"))


def test_our_challenge_is_the_standard_s() -> None:
    verifier = oauth.new_verifier()
    client = WebApplicationClient("any")

    assert oauth.challenge(verifier) == client.create_code_challenge(verifier.reveal(), "S256")
    assert oauth.challenge(Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")) == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )  # RFC 7636, appendix B


# FakeSpotify as any other server


@pytest.fixture
def session(spotify: FakeSpotify) -> OAuth2Session:
    return OAuth2Session(
        spotify.client_id,
        redirect_uri="https://elsewhere.example/back",
        scope=SCOPES.split(),
        pkce="S256",
    )


def came_back(session: OAuth2Session, spotify: FakeSpotify) -> str:
    address, _ = session.authorization_url(f"{spotify.accounts_url}/authorize")
    back = requests.get(address, allow_redirects=False, timeout=60)
    return str(back.headers["Location"])


def test_fake_spotify_serves_another_s_client(spotify: FakeSpotify, session: OAuth2Session) -> None:
    tokens = f"{spotify.accounts_url}/api/token"

    token = session.fetch_token(
        tokens,
        authorization_response=came_back(session, spotify),
        client_secret=spotify.client_secret,
        auth=(spotify.client_id, spotify.client_secret),
    )
    me = session.get(f"{spotify.api_url}/me").json()
    again = session.refresh_token(tokens, auth=(spotify.client_id, spotify.client_secret))

    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert set(token["scope"]) == set(SCOPES.split())
    assert me["id"] == spotify.user.id
    assert again["access_token"] != token["access_token"]
    assert session.get(f"{spotify.api_url}/me").status_code == 200


def test_fake_spotify_refuses_as_the_standard_has_it(
    spotify: FakeSpotify, session: OAuth2Session
) -> None:
    tokens, back = f"{spotify.accounts_url}/api/token", came_back(session, spotify)
    credentials = (spotify.client_id, spotify.client_secret)

    with pytest.raises(InvalidClientError):
        session.fetch_token(tokens, authorization_response=back, auth=(spotify.client_id, "wrong"))
    session._code_verifier = "another verifier " * 4
    with pytest.raises(InvalidGrantError):
        session.fetch_token(tokens, authorization_response=back, auth=credentials)
