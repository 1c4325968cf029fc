"""Pages for when something went wrong. They rely on as little as they can."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import requires_csrf_token

from pages.context_processors import theme_of


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is the site's fault, in the theme that the visitor chose."""
    text = loader.render_to_string("500.html", {"theme": theme_of(request)})
    return HttpResponse(text, status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that nothing was done, and offer the page that the form was on, loaded anew."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        came_from = ""
    return render(request, "403_csrf.html", {"came_from": came_from}, status=403)
