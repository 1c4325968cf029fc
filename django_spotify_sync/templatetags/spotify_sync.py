"""Buttons, progress and words for the templates of any page: ``{% load spotify_sync %}``.

Each but ``spotify_error`` is a small template, which one of the same name in the site replaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import Context
from django.urls import reverse

from django_spotify_sync.errors import message_for
from django_spotify_sync.models import SyncRun
from django_spotify_sync.rest.pinned import own_url

APP = "spotify_sync"
ERROR = "spotify_error"  # in the query of an address that a failure led to

register = template.Library()


@register.inclusion_tag("spotify_sync/connect_button.html", takes_context=True)
def spotify_connect_button(context: Context, label: str = "") -> dict[str, Any]:
    """Show a link to Spotify's consent page, which leads back to the page that it is on."""
    request = _request(context)
    return {"address": _address(request, "auth"), "next": _here(request), "label": label}


@register.inclusion_tag("spotify_sync/sync_button.html", takes_context=True)
def spotify_sync_button(context: Context, resource: str = "", label: str = "") -> dict[str, Any]:
    """Show a form that asks for a sync, of one resource or of all, and leads back to the page that it is on."""
    request = _request(context)
    address = _address(request, "sync", resource) if resource else _address(request, "sync-all")
    return {"address": address, "next": _here(request), "label": label}


@register.inclusion_tag("spotify_sync/progress.html", takes_context=True)
def spotify_progress(context: Context, run: SyncRun | None = None) -> dict[str, Any]:
    """Show how far a sync has come; without one, how far each has come that is under way for the user who is asking."""
    return {"runs": [run] if run is not None else _runs_under_way(_request(context))}


@register.simple_tag(takes_context=True)
def spotify_error(context: Context, code: str = "") -> str:
    """Return an error in words: of this code, or of the one in the page's address. Empty if there is none."""
    code = code or _request(context).GET.get(ERROR, "")
    return message_for(code) if code else ""


def _runs_under_way(request: HttpRequest) -> Iterable[SyncRun]:
    user = getattr(request, "user", AnonymousUser())
    return SyncRun.objects.for_user(user).live().order_by("pk")


def _request(context: Context) -> HttpRequest:
    """Return the request, whether or not the site has a context processor for it."""
    request: HttpRequest = getattr(context, "request", None) or context["request"]
    return request


def _address(request: HttpRequest, name: str, *args: object) -> str:
    """Return an address of ours: where we are mounted, seen from a page of ours or of the site's."""
    match = request.resolver_match
    if match and APP in match.app_names:
        return own_url(request, name, *args)
    return reverse(f"{APP}:{name}", args=args)


def _here(request: HttpRequest) -> str:
    """Return the page's own address, without the error that it may have told."""
    query = request.GET.copy()
    query.pop(ERROR, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path
