"""Where everything is: one line mounts the package."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("pages.urls")),
    path("spotify/", include("django_spotify_sync.urls")),
    path("admin/", admin.site.urls),
]
