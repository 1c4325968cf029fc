"""Somebody who uses the site as people do: over HTTP, with cookies, forms and redirects."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests
from django.urls import reverse
from django_spotify_sync.models import SyncRun

from pages.words import why_not_connected

POLL_FIRST, POLL_LAST = (
    0.02,
    0.3,
)  # seconds: a sync that finds nothing is over soon, and one of 10,000 is not
TIMEOUT = 30.0


class Stuck(Exception):
    """The site, or Spotify, did not do what a visitor may expect."""


class Visitor:
    """A browser of sorts, opened on one site."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy has no business between two servers of this machine

    def sign_in(self, name: str, password: str) -> None:
        """Fill in the sign-in form."""
        page = self._get(reverse("sign_in"))
        filled = {**_Form(page.text).fields, "username": name, "password": password}
        if not self._post(page.url, data=filled).history:  # the form again, no redirect
            raise Stuck("The site did not let the visitor sign in.")

    def connect_spotify(self) -> None:
        """Follow "Connect Spotify" to the consent page, agree there, and follow the way back."""
        self._agree(self._get(reverse("spotify_sync:auth")))

    def sign_in_with_spotify(self) -> str:
        """Do the same by "Sign in with Spotify"; return who that is, as the site says."""
        page = self._get(reverse("spotify_sync:login"))
        form = _Form(page.text)
        self._agree(self._post(urljoin(page.url, form.action), data=form.fields))
        return str(self._get(reverse("spotify_sync:account")).json()["display_name"])

    def _agree(self, consent: requests.Response) -> None:
        form = _Form(consent.text)
        if consent.url.startswith(self._site) or "state" not in form.fields:
            raise Stuck(f"The way to Spotify ended at {consent.url.partition('?')[0]}.")
        back = self._post(
            urljoin(consent.url, form.action), data={**form.fields, "decision": "agree"}
        )
        if "spotify_error=" in back.url:
            raise Stuck(why_not_connected(back.url.partition("spotify_error=")[2]))

    def sync(
        self, resource: str, watch: Callable[[SyncRun], None], *, full: bool = False
    ) -> SyncRun:
        """POST to the site's endpoint, ask for the run until it has ended, and return it as the database has it."""
        token = {"X-CSRFToken": self._http.cookies["csrftoken"]}
        address = reverse("spotify_sync:sync", args=[resource])
        asked = self._post(address, headers=token, json={"full": full})
        pause = POLL_FIRST
        while True:
            run = self._get(asked.headers["Location"]).json()
            watch(
                SyncRun(
                    **{name: run[name] for name in ("done", "total", "requests", "finished_at")}
                )
            )
            if run["finished_at"]:
                return SyncRun.objects.get(pk=run["id"])
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_LAST)

    def _get(self, url: str, **options: Any) -> requests.Response:
        return self._checked(self._http.get(urljoin(self._site, url), timeout=TIMEOUT, **options))

    def _post(self, url: str, **options: Any) -> requests.Response:
        return self._checked(self._http.post(urljoin(self._site, url), timeout=TIMEOUT, **options))

    @staticmethod
    def _checked(answer: requests.Response) -> requests.Response:
        if not answer.ok:
            # Without its query, which may hold a code.
            raise Stuck(f"{answer.url.partition('?')[0]} answered {answer.status_code}.")
        return answer


class _Form(HTMLParser):
    """What a page's last form posts, and where to, if nothing in it is touched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action, self.fields = given.get("action") or "", {}
        elif tag == "input" and (given.get("type") != "radio" or "checked" in given):
            self.fields[given.get("name") or ""] = given.get("value") or ""
