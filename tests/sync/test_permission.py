"""Who is asked whether a sync may be: hooks of three arguments always, those of two about the schedule alone."""

from __future__ import annotations

import pytest

from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.sync import may_sync, request_all
from tests.kit.libraries import account_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user):
    return account_of(user)


def test_by_default_everybody_may(account):
    assert all(may_sync(account, "tracks", trigger) for trigger in Trigger.values)


def test_a_hook_is_told_who_asks(account, settings):
    asked = []

    def hook(account, resource, trigger):
        asked.append((account, resource, trigger))
        return trigger == "schedule"

    settings.SPOTIFY_SYNC_MAY_SYNC = hook

    assert may_sync(account, "tracks", Trigger.SCHEDULE)
    assert not may_sync(account, "tracks", Trigger.USER)
    assert asked == [(account, "tracks", "schedule"), (account, "tracks", "user")]


def test_operators_are_not_asked_about(account, settings):
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource, trigger: False

    assert may_sync(account, "tracks", Trigger.ADMIN)
    assert may_sync(account, "tracks", Trigger.COMMAND)


def test_a_hook_of_two_arguments_is_about_the_schedule_as_before(account, settings):
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource: False

    assert not may_sync(account, "tracks", Trigger.SCHEDULE)
    assert may_sync(account, "tracks", Trigger.USER)


def test_what_a_hook_refuses_is_left_out_where_all_is_asked_for(account, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource, trigger: resource == "tracks"

    runs = request_all(account, trigger=Trigger.USER)

    assert [run.resource for run in runs] == ["tracks"]
    by_operator = request_all(account, trigger=Trigger.ADMIN)
    assert [run.resource for run in by_operator] == ["tracks", "following"]
