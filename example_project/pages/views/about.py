"""What the site says of itself: to browsers that install it, and to people about what is kept of them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_spotify_sync.accounts import REVOKE_URL
from django_spotify_sync.conf import conf
from django_spotify_sync.models.accounts import wanted_scopes

from pages.words import SCOPES

PAPER = "#f6f1e9"  # as look.css has it


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept, for how long, who sees it, how it is removed, and on what terms the site is used."""
    context = {
        "may": [SCOPES[scope] for scope in wanted_scopes() if scope in SCOPES],
        "library_goes": conf.DELETE_LIBRARY_ON_DISCONNECT,
        "keeps_journal": conf.JOURNAL,
        "journal_days": conf.CHANGES_RETENTION.days,
        "run_days": conf.RUN_RETENTION.days,
        "lost_days": conf.GRANT_LOST_RETENTION.days,
        "left_days": conf.DISCONNECTED_RETENTION.days,
        "revoke_at": REVOKE_URL,
        "contact": getattr(settings, "CONTACT", ""),
    }
    return render(request, "pages/privacy.html", context)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the site to a browser that puts it beside other apps."""
    icon = {"type": "image/svg+xml", "sizes": "any"}
    described = {
        "name": "Shelf",
        "short_name": "Shelf",
        "description": _("A copy of your Spotify library, on a shelf of your own."),
        "lang": get_language(),
        "id": "/",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {**icon, "src": static("pages/disc.svg"), "purpose": "any"},
            {**icon, "src": static("pages/disc-maskable.svg"), "purpose": "maskable"},
            {"src": static("pages/touch-icon.png"), "type": "image/png", "sizes": "180x180"},
        ],
    }
    return JsonResponse(described, content_type="application/manifest+json")
