"""The addresses, to be mounted where the site likes: ``path("spotify/", include("django_spotify_sync.urls"))``."""

from __future__ import annotations

from django.urls import path

from django_spotify_sync import views, viewsets

app_name = "spotify_sync"

urlpatterns = [
    path("auth/", views.auth, name="auth"),
    path("callback/", views.callback, name="callback"),
    path("account/", viewsets.AccountView.as_view(), name="account"),
    path("sync/<slug:resource>/", viewsets.SyncView.as_view(), name="sync"),
    path("syncs/", viewsets.SyncRunListView.as_view(), name="runs"),
    path("syncs/<int:pk>/", viewsets.SyncRunView.as_view(), name="run"),
    path("tracks/", viewsets.SavedTrackListView.as_view(), name="tracks"),
]
