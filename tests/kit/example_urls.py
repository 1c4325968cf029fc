"""The addresses of the example site, without its admin."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("pages.urls")),
    path("spotify/", include("django_spotify_sync.urls")),
    path("language/", include("django.conf.urls.i18n")),
]
