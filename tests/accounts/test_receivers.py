"""A user is deleted, by whichever way: everything goes along, and nothing comes back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection, connections, transaction
from django.db.models.signals import post_init, pre_delete
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    LibraryChange,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync import execute, request_sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import in_processes, wait_until
from tests.kit.connecting import connect
from tests.kit.leaving import OWNED, STALE, WHOLE, heard, rows_of, run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


LIBRARY_ROWS = (*(table.model for table in LIBRARY.values()), LibraryChange, SyncRun)


def delete_user(user: Any) -> None:
    user.delete()


def delete_users(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).delete()


def delete_account(user: Any) -> None:
    SpotifyAccount.objects.get(user=user).delete()


def delete_accounts(user: Any) -> None:
    SpotifyAccount.objects.filter(user=user).delete()


class HostAdmin(admin.AdminSite):
    """A host's own admin, which shows its users beside what the package registered."""

    def __init__(self) -> None:
        super().__init__()
        self._registry.update(admin.site._registry)
        self.register(get_user_model())


urlpatterns = [path("admin/", HostAdmin().urls)]


def boss() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(username="boss", password="boss"))
    return client


def delete_in_admin(user: Any) -> None:
    address = reverse("admin:host_user_delete", args=[user.pk])
    assert boss().post(address, {"post": "yes"}).status_code == 302


ways = pytest.mark.parametrize(
    "delete", [delete_user, delete_users, delete_account, delete_accounts, delete_in_admin]
)


@ways
@pytest.mark.urls(__name__)
def test_deletion_takes_all_along(
    whole: SpotifyAccount, neighbour: SpotifyAccount, user: Any, delete: Any
) -> None:
    before = rows_of(neighbour)

    with heard() as told:
        delete(user)

    assert told == [(whole.pk, WHOLE, False)]
    assert rows_of(whole) == {}
    assert not SpotifyAccount.objects.filter(pk=whole.pk).exists()
    assert rows_of(neighbour) == before


@ways
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("listens", [False, True], ids=["", "somebody listens to every deletion"])
def test_deletion_loads_no_library(
    whole: SpotifyAccount, user: Any, settings: Any, delete: Any, listens: bool
) -> None:
    """A host may listen to each deletion, as audit logs do; Django then loads whatever cascades."""
    loaded: list[object] = []

    def note(instance: object, **kwargs: Any) -> None:
        if isinstance(instance, LIBRARY_ROWS):
            loaded.append(instance)

    post_init.connect(note)
    if listens:
        pre_delete.connect(note)
    try:
        delete(user)
    finally:
        post_init.disconnect(note)
        pre_delete.disconnect(note)

    assert loaded == []
    assert rows_of(whole) == {}


def test_deletion_asks_no_more_for_more(
    account: SpotifyAccount, neighbour: SpotifyAccount, user: Any, other_user: Any
) -> None:
    counts = []
    for who, number in ((user, 10), (other_user, 900)):
        mine = SpotifyAccount.objects.get(user=who)
        SavedTrack.objects.filter(account=mine).delete()
        SavedTrack.objects.bulk_create(SavedTrack(account=mine, rank=n) for n in range(number))
        LibraryChange.objects.filter(account=mine).delete()
        LibraryChange.objects.bulk_create(
            LibraryChange(account=mine, seen_at=timezone.now()) for _ in range(number)
        )
        FollowedArtist.objects.filter(account=mine).delete()
        AccountPlaylist.objects.filter(account=mine).delete()
        with CaptureQueriesContext(connection) as queries:
            who.delete()
        counts.append(len(queries))

    assert counts[0] == counts[1] < 50


@pytest.mark.urls(__name__)
def test_the_admin_asks_before_without_listing_the_library(
    whole: SpotifyAccount, user: Any
) -> None:
    page = boss().get(reverse("admin:host_user_delete", args=[user.pk]))

    asked = {str(name): count for name, count in page.context["model_count"]}
    assert asked["Spotify accounts"] == 1
    assert max(asked.values()) <= len(conf.RESOURCES), "the states of its syncs"


def test_a_user_without_an_account_is_deleted_as_ever(user: Any, neighbour: SpotifyAccount) -> None:
    with heard() as told:
        user.delete()

    assert told == []


def test_who_disconnected_before_is_not_told_of_twice(
    whole: SpotifyAccount, user: Any, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(whole)

    with heard() as told:
        user.delete()

    assert told == []
    assert rows_of(whole) == {}


def test_a_deletion_that_is_rolled_back_is_none(whole: SpotifyAccount, user: Any) -> None:
    with heard() as told, transaction.atomic():
        user.delete()
        transaction.set_rollback(True)

    assert told == []
    assert SavedTrack.objects.count() == 120


def test_a_worker_whose_user_is_deleted_ends_quietly(
    account: SpotifyAccount, user: Any, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    request_sync(account, "tracks")

    def leave(_: object) -> None:
        get_user_model().objects.get(pk=user.pk).delete()
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=leave)

    assert in_processes(1, STALE, **spotify.settings) == ["gone"]

    for model in OWNED:
        assert not model._default_manager.exists()


@pytest.mark.postgres
def test_a_deletion_and_a_sync_that_writes_do_not_wait_for_each_other(
    account: SpotifyAccount, user: Any, spotify: FakeSpotify
) -> None:
    for _ in range(5):
        spotify.user.like(3)
        run = request_sync(SpotifyAccount.objects.get(user=user), "tracks")
        ends: dict[str, Any] = {}
        worker = run_in_thread(ends, "worker", partial(execute, run.pk))
        wait_until(lambda: not SyncRun.objects.filter(pk=run.pk, status="queued").exists())  # noqa: B023
        delete_accounts(user)
        worker.join(timeout=90)
        assert ends == {"worker": run}
        assert not SavedTrack.objects.exists()
        connect(user, spotify)
