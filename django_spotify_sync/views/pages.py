"""How a page of the package's own is shown: in the site's look where the site has named it, and in no frame."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates
from django.views.decorators.clickjacking import xframe_options_deny

from django_spotify_sync.conf import conf


@xframe_options_deny
def page(request: HttpRequest, template: str, values: dict[str, Any]) -> HttpResponse:
    """Return a page, made of one of our templates or of the site's by the same name."""
    values = {
        "base_template": conf.BASE_TEMPLATE,
        "messages": get_messages(request),  # none where the site does not install them
        **values,
    }
    try:
        response = render(request, template, values)
    except TemplateDoesNotExist:  # a site of API clients may have none, and not know of ours
        ours = DjangoTemplates(
            {"NAME": "spotify_sync", "DIRS": [], "APP_DIRS": True, "OPTIONS": {}}
        )
        response = HttpResponse(ours.get_template(template).render(values, request))
    # without a referrer the browser would send its form with an Origin of null, which Django's CSRF check refuses
    response.headers["Referrer-Policy"] = "same-origin"
    return response
