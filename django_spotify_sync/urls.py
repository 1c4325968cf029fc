"""The addresses, to be mounted where the site likes: ``path("spotify/", include("django_spotify_sync.urls"))``."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from django_spotify_sync import views
from django_spotify_sync.db.transactions import outside_transactions
from django_spotify_sync.rest.account import AccountView, RefreshView
from django_spotify_sync.rest.albums import SavedAlbumViewSet
from django_spotify_sync.rest.audiobooks import SavedAudiobookViewSet
from django_spotify_sync.rest.changes import LibraryChangeViewSet
from django_spotify_sync.rest.episodes import SavedEpisodeViewSet
from django_spotify_sync.rest.exporting import ExportView
from django_spotify_sync.rest.following import FollowedArtistViewSet
from django_spotify_sync.rest.losses import LossViewSet
from django_spotify_sync.rest.playlists import PlaylistItemViewSet, PlaylistViewSet
from django_spotify_sync.rest.runs import SyncRunViewSet
from django_spotify_sync.rest.shows import SavedShowViewSet
from django_spotify_sync.rest.status import MetricsView, StatusView
from django_spotify_sync.rest.tracks import SavedTrackViewSet

app_name = "spotify_sync"

router = SimpleRouter(use_regex_path=False)
router.register("syncs", SyncRunViewSet, "run")
router.register("tracks", SavedTrackViewSet, "track")
router.register("playlists", PlaylistViewSet, "playlist")
router.register("playlists/<str:spotify_id>/items", PlaylistItemViewSet, "playlist-item")
router.register("following", FollowedArtistViewSet, "followed-artist")
router.register("albums", SavedAlbumViewSet, "album")
router.register("shows", SavedShowViewSet, "show")
router.register("episodes", SavedEpisodeViewSet, "episode")
router.register("audiobooks", SavedAudiobookViewSet, "audiobook")
router.register("changes", LibraryChangeViewSet, "change")

urlpatterns = [
    path("", views.home, name="home"),
    path("auth/", views.auth, name="auth"),
    path("login/", views.login, name="login"),
    path("callback/", views.callback, name="callback"),
    path("account/", AccountView.as_view(), name="account"),
    path("refresh/", outside_transactions(RefreshView.as_view()), name="refresh"),
    path("disconnect/", outside_transactions(views.disconnect), name="disconnect"),
    path("sync/", views.sync_all, name="sync-all"),
    path("sync/<str:resource>/", views.sync, name="sync"),
    path(
        "syncs/<str:pk>/loss/",
        LossViewSet.as_view({"get": "list", "post": "create"}),
        name="run-loss",
    ),
    path("status/", StatusView.as_view(), name="status"),
    path("status/metrics/", MetricsView.as_view(), name="metrics"),
    path("export/", ExportView.as_view(), name="export"),
    *router.urls,
]
