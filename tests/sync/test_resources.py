"""One set of names: what can be synced is declared once on each floor that knows something of it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from django_spotify_sync import conf
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.spotify.scopes import SCOPES
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.urls import router


@pytest.mark.parametrize("names", [conf.RESOURCES, LIBRARY, RESOURCES, SCOPES])
def test_each_floor_knows_the_same_resources(names):
    assert sorted(names) == sorted(Resource.values)


def test_each_resource_has_a_list():
    assert {prefix for prefix, *_ in router.registry} >= {*Resource.values}
    assert [reverse("spotify_sync:sync", args=[name]) for name in Resource.values]


def test_no_two_resources_are_counted_by_one_word():
    words = [table.counted_as for table in LIBRARY.values()]

    assert len(set(words)) == len(words)
