"""Where everything is: one line mounts the package."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

handler500 = "pages.views.faults.server_error"

urlpatterns = [
    path("", include("pages.urls")),
    path("spotify/", include("django_spotify_sync.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    # Pages that name no icon of their own, such as the admin's, are asked for this one.
    path("favicon.ico", RedirectView.as_view(url=static("pages/disc.svg"))),
]
