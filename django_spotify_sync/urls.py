"""The addresses, to be mounted where the site likes: ``path("spotify/", include("django_spotify_sync.urls"))``."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from django_spotify_sync import library_viewsets, rest, views, viewsets

app_name = "spotify_sync"

router = SimpleRouter(use_regex_path=False)
router.register("syncs", viewsets.SyncRunViewSet, "run")
router.register("tracks", library_viewsets.SavedTrackViewSet, "track")
router.register("playlists", library_viewsets.PlaylistViewSet, "playlist")
router.register(
    "playlists/<str:spotify_id>/items", library_viewsets.PlaylistItemViewSet, "playlist-item"
)
router.register("following", library_viewsets.FollowedArtistViewSet, "followed-artist")

urlpatterns = [
    path("auth/", views.auth, name="auth"),
    path("login/", views.login, name="login"),
    path("callback/", views.callback, name="callback"),
    path("account/", viewsets.AccountView.as_view(), name="account"),
    path("refresh/", rest.outside_transactions(viewsets.RefreshView.as_view()), name="refresh"),
    path(
        "disconnect/",
        rest.outside_transactions(viewsets.DisconnectView.as_view()),
        name="disconnect",
    ),
    path("sync/", viewsets.SyncAllView.as_view(), name="sync-all"),
    path("sync/<str:resource>/", viewsets.SyncView.as_view(), name="sync"),
    *router.urls,
]
