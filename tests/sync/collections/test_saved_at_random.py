"""Random libraries of albums, shows, episodes and audiobooks, edited and ordered anew between syncs and during them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.sync import sync
from tests.kit.connecting import connect
from tests.kit.saved import ALL, PATHS, SCOPE, rows_of, truth_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

EDITS = ("save", "remove", "null", "revive", "listen", "nothing")
edits = st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 2**31)), max_size=3)
#: What happens before a sync, what does at which page of it, and who asks for it.
steps = st.lists(
    st.tuples(edits, st.dictionaries(st.integers(2, 6), edits, max_size=2), st.booleans()),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("examples", [8, pytest.param(40, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("resource", ALL)
def test_random_libraries_end_as_they_are(
    resource, examples, spotify, django_user_model, settings_of_all
):
    serial = iter(range(10_000))

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(count=st.integers(0, 130), steps=steps)
    def check(count: int, steps: Any) -> None:
        name = f"lena{next(serial)}"
        who = spotify.add_user(name, **{resource: count})
        user = django_user_model.objects.create_user(username=name)
        account = connect(user, spotify, who, scope=SCOPE)
        shelf = getattr(who, resource)
        try:
            for before, during, is_scheduled in steps:
                edit(shelf, before)
                stays = live(who, resource) & {row[0] for row in rows_of(account, resource)}
                for page, more in during.items():
                    spotify.faults.add(
                        PATHS[resource], nth=page, before=lambda fake, more=more: edit(shelf, more)
                    )
                trigger = Trigger.SCHEDULE if is_scheduled else Trigger.USER
                run = sync(account, resource, trigger=trigger)
                spotify.faults.clear()
                assert run.status in ("succeeded", "partial"), run.error_detail
                here = {row[0] for row in rows_of(account, resource)}
                assert stays & live(who, resource) <= here, "What was saved all the time is gone."
            for _ in range(3):
                run = sync(account, resource)
            assert run.status == "succeeded", run.reason
            compare(rows_of(account, resource), truth_of(who, resource), resource)
        finally:
            spotify.faults.clear()

    check()


@pytest.fixture
def settings_of_all(settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = [*ALL]


def edit(shelf: Any, edits: list[tuple[str, int]]) -> None:
    """Edit what is saved; a seed says where."""
    for what, seed in edits:
        chance = random.Random(seed)
        places = range(len(shelf.entries))
        if what == "save":
            shelf.save(chance.randint(1, 3))
        elif not places or what == "nothing":
            continue
        elif what == "remove":
            shelf.remove(chance.sample(places, k=min(len(places), chance.randint(1, 3))))
        elif what == "listen":
            if hasattr(shelf, "listen"):
                shelf.listen(chance.choice(places))
        else:
            shelf.null(chance.choice(places), null=what == "null")


def live(who: Any, resource: str) -> set[str]:
    """Return the ids that are answered."""
    return {spotify_id for spotify_id, _, is_live in truth_of(who, resource) if is_live}


def compare(rows: Any, truth: Any, resource: str) -> None:
    """Hold the rows against the truth: to the last one where Spotify says which it is."""
    assert {row for row in rows if row[2]} == {row for row in truth if row[2]}
    unavailable = {row for row in rows if not row[2]}
    nulls = {row for row in truth if not row[2]}
    assert len(unavailable) <= len(nulls)
    if resource == "episodes":  # a null says when it was saved
        assert {row[1] for row in unavailable} <= {row[1] for row in nulls}
