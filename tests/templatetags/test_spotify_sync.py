"""What a site may put on its own pages: buttons, progress, words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.urls import include, path, resolve

from django_spotify_sync.errors import MESSAGES, message_for
from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import NOON, run_of
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: Any) -> HttpRequest:
    """Give Ada's visit of a page of the site."""
    request = RequestFactory().get("/page/?a=1&spotify_error=throttled")
    request.user = user
    return request


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


def rendered(source: str, request: HttpRequest, **values: Any) -> str:
    template = Template(f"{{% load spotify_sync %}}{source}")
    return " ".join(template.render(RequestContext(request, values)).split())


# Buttons


def test_the_way_to_spotify_leads_back_to_the_page(page: HttpRequest) -> None:
    said = rendered("{% spotify_connect_button %}", page)

    assert 'href="/spotify/auth/?next=/page/%3Fa%3D1"' in said
    assert ">Connect Spotify</a>" in said


@pytest.mark.parametrize(
    ("arguments", "address"), [("", "/spotify/sync/"), ("'tracks'", "/spotify/sync/tracks/")]
)
def test_a_form_asks_for_a_sync(page: HttpRequest, arguments: str, address: str) -> None:
    said = rendered(f"{{% spotify_sync_button {arguments} %}}", page)

    assert said.startswith(f'<form method="post" action="{address}">')
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="' in said
    assert '<input type="hidden" name="next" value="/page/?a=1">' in said
    assert ">Sync now</button>" in said


@pytest.mark.parametrize("button", ["spotify_connect_button", "spotify_sync_button"])
def test_a_button_says_what_the_site_wants(page: HttpRequest, button: str) -> None:
    said = rendered(f"{{% {button} label=words %}}", page, words="Go <now>")

    assert ">Go &lt;now&gt;</" in said


def test_a_context_that_only_holds_the_request_serves(page: HttpRequest) -> None:
    template = Template("{% load spotify_sync %}{% spotify_connect_button %}")

    assert "/spotify/auth/" in template.render(Context({"request": page}))


urlpatterns = [
    path("music/", include("django_spotify_sync.urls", namespace="music")),
    path("other/", include(([path("spotify/", include("django_spotify_sync.urls"))], "other"))),
]


@pytest.mark.urls(__name__)
def test_a_namespace_of_the_site_s_is_found(page: HttpRequest) -> None:
    assert 'href="/music/auth/?' in rendered("{% spotify_connect_button %}", page)
    page.resolver_match = resolve("/other/spotify/")
    assert 'href="/other/spotify/auth/?' in rendered("{% spotify_connect_button %}", page)


# Progress


def test_a_run_that_is_named(page: HttpRequest, account: SpotifyAccount) -> None:
    run = run_of(account, status="running", done=30, total=120)

    said = rendered("{% spotify_progress run %}", page, run=run)

    assert "Saved tracks: running, 30 of 120" in said
    assert '<progress value="30" max="120"></progress>' in said


def test_a_run_that_has_ended_has_no_bar(page: HttpRequest, account: SpotifyAccount) -> None:
    run = run_of(account, status="succeeded", done=120, total=120, finished_at=NOON)

    said = rendered("{% spotify_progress run %}", page, run=run)

    assert "Saved tracks: succeeded" in said
    assert "<progress" not in said


def test_without_a_name_all_that_is_under_way_for_who_asks(
    page: HttpRequest, account: SpotifyAccount, other_user: Any, django_assert_num_queries: Any
) -> None:
    run_of(account, status="running", done=30, total=120)
    run_of(account, resource="playlists", status="queued")
    run_of(account, resource="following", status="succeeded", finished_at=NOON)
    run_of(account_of(other_user), resource="albums", status="running")

    with django_assert_num_queries(1):
        said = rendered("{% spotify_progress %}", page)

    assert said.count("<progress") == 2
    assert "Playlists: queued" in said
    assert "ollowed" not in said
    assert "lbums" not in said


@pytest.mark.parametrize("is_known", [True, False])
def test_nobody_has_nothing_under_way(account: SpotifyAccount, is_known: bool) -> None:
    run_of(account, status="running")
    request = RequestFactory().get("/page/")
    if is_known:
        request.user = AnonymousUser()

    template = Template("{% load spotify_sync %}{% spotify_progress %}")

    assert "<progress" not in template.render(Context({"request": request}))


# Words


def test_the_error_of_the_address(page: HttpRequest) -> None:
    assert rendered("{% spotify_error %}", page) == message_for("throttled")
    assert rendered("{% spotify_error as it %}[{{ it }}]", page) == f"[{message_for('throttled')}]"


def test_no_error_is_no_word() -> None:
    request = RequestFactory().get("/page/")

    template = Template("{% load spotify_sync %}[{% spotify_error %}]")

    assert template.render(Context({"request": request})) == "[]"


@pytest.mark.parametrize("code", [*MESSAGES, "made-up"])
def test_every_error_by_its_code(page: HttpRequest, code: str) -> None:
    said = rendered(
        "{% autoescape off %}{% spotify_error code %}{% endautoescape %}", page, code=code
    )

    assert said == message_for(code)
