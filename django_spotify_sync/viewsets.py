"""The REST doors: each translates in, calls one function, translates out. Nobody sees rows that are not their own."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync.cursors import CursorPages
from django_spotify_sync.exceptions import NotConnected
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SyncRun, TrackArtist
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.rest import FullSyncThrottle, PinnedAPIView, SyncThrottle
from django_spotify_sync.serializers import (
    SavedTrackSerializer,
    SpotifyAccountSerializer,
    SyncRequestSerializer,
    SyncRunSerializer,
)
from django_spotify_sync.sync import request_sync
from django_spotify_sync.tasks import queue


def own_account(request: Request) -> SpotifyAccount:
    """Return the asking user's account.

    :raises NotConnected: if there never was one.
    """
    account = SpotifyAccount.objects.get_for_user(request.user)
    if account is None:
        raise NotConnected
    return account


class AccountView(PinnedAPIView):
    """GET account/: the user's account and how its resources stand."""

    def get(self, request: Request) -> Response:
        return Response(SpotifyAccountSerializer(own_account(request)).data)


class SyncView(PinnedAPIView):
    """POST sync/<resource>/: ask for a sync; 202 with the run, which may be one that is under way."""

    throttle_classes = (SyncThrottle, FullSyncThrottle)

    def post(self, request: Request, resource: str) -> Response:
        wish = SyncRequestSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        run = request_sync(
            own_account(request), resource, full=wish.validated_data["full"], trigger=Trigger.USER
        )
        queue(run)
        location = reverse("spotify_sync:run", args=[run.pk])
        return Response(SyncRunSerializer(run).data, status=202, headers={"Location": location})


class NewestRunFirst(CursorPages):
    field = "created_at"


class SyncRunView(PinnedAPIView, RetrieveAPIView[SyncRun]):
    """GET syncs/<id>/: one run, as far as it has come."""

    serializer_class = SyncRunSerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[SyncRun]:
        return SyncRun.objects.for_user(self.request.user)


class SyncRunListView(PinnedAPIView, ListAPIView[SyncRun]):
    """GET syncs/: the user's runs, newest first."""

    serializer_class = SyncRunSerializer
    filter_backends = ()
    pagination_class = NewestRunFirst

    def get_queryset(self) -> QuerySet[SyncRun]:
        return SyncRun.objects.for_user(self.request.user)


class LatestSavedFirst(CursorPages):
    field = "added_at"


class SavedTrackListView(PinnedAPIView, ListAPIView[SavedTrack]):
    """GET tracks/: the user's saved tracks, latest saved first."""

    serializer_class = SavedTrackSerializer
    pagination_class = LatestSavedFirst
    filter_backends = ()

    def get_queryset(self) -> QuerySet[SavedTrack]:
        artists = TrackArtist.objects.select_related("artist")
        return (
            SavedTrack.objects.for_user(self.request.user)
            .filter(track__isnull=False)
            .select_related("track__album")
            .prefetch_related(Prefetch("track__track_artists", queryset=artists))
        )
