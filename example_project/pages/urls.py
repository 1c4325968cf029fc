"""The addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from pages.collections import COLLECTIONS
from pages.forms import SignInForm
from pages.views import (
    about,
    catalog,
    connection,
    diary,
    finding,
    journal,
    library,
    lost,
    overview,
    preferences,
    statistics,
    syncing,
    taking,
)

urlpatterns = [
    path("", overview.home, name="home"),
    path("search/", finding.search, name="search"),
    path("tracks/", library.tracks, name="tracks"),
    path("tracks/<str:spotify_id>/", catalog.track, name="track"),
    path("playlists/", library.playlists, name="playlists"),
    path("playlists/overlap/", finding.overlap, name="overlap"),
    path("playlists/<slug:spotify_id>/", library.playlist, name="playlist"),
    path("artists/", library.artists, name="artists"),
    path("artists/<str:spotify_id>/", catalog.artist, name="artist"),
    *(
        path(f"{resource}/", library.collection, {"resource": resource}, name=resource)
        for resource in COLLECTIONS
    ),
    path("albums/<str:spotify_id>/", catalog.album, name="album"),
    path("changes/", journal.changes, name="changes"),
    path("losses/<int:run>/", journal.loss, name="loss"),
    path("lost/", lost.lost, name="lost"),
    path("duplicates/", lost.doubles, name="duplicates"),
    path("diary/", diary.diary, name="diary"),
    path("diary/<int:year>/", diary.year, name="diary_year"),
    path("diary/<int:year>/<int:month>/", diary.month, name="diary_month"),
    path("take/", taking.take, name="take"),
    path("take/found/", taking.found, name="found"),
    path("pictures/", statistics.pictures, name="pictures"),
    path("syncs/", syncing.runs, name="runs"),
    path("sync/", syncing.sync_all, name="sync_all"),
    path("sync/<slug:resource>/", syncing.sync, name="sync"),
    path("shelf/<slug:resource>/", syncing.shelf, name="shelf"),
    path("connection/", connection.connection, name="connection"),
    path("connection/leave/", connection.leave, name="leave"),
    path("connection/disconnected/", connection.disconnected, name="disconnected"),
    path("privacy/", about.privacy, name="privacy"),
    path("shelf.webmanifest", about.manifest, name="manifest"),
    path("theme/", preferences.theme, name="theme"),
    path(
        "sign-in/",
        LoginView.as_view(
            template_name="pages/sign_in.html",
            authentication_form=SignInForm,
            redirect_authenticated_user=True,
        ),
        name="sign_in",
    ),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
]
