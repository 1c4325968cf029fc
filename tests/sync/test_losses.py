"""A large loss is asked about, accepted or kept; and what is kept disturbs no later run."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import LossSettled
from django_spotify_sync.models import (
    AccountPlaylist,
    LargeLoss,
    LostRow,
    SpotifyAccount,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync import decide_loss, sync
from django_spotify_sync.sync.runs.transaction import write
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect
from tests.kit.losing import COUNT, LOSABLE, LOST, Losing, ids_stored, losing
from tests.kit.saved import ALL, SCOPE

every = pytest.mark.parametrize("resource", LOSABLE)
#: One of each way to store them.
each = pytest.mark.parametrize("resource", ["tracks", "playlists", "following", "albums"])
in_both_modes = pytest.mark.parametrize("mode", ["second_run", "ask"])
only_tracks = pytest.mark.parametrize("resource", ["tracks"])


@pytest.fixture
def mode() -> str:
    return "ask"


@pytest.fixture
def library(
    transactional_db: None, spotify: FakeSpotify, user: Any, settings: Any, resource: str, mode: str
) -> Losing:
    """Give Ada 70 of the resource at Spotify, where the site asks."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", *ALL]
    settings.SPOTIFY_SYNC_LARGE_LOSS = mode
    spotify.cohort = "extended" if resource == "shows" else "new"  # which is told publishers
    return losing(spotify.user, resource)


@pytest.fixture
def account(library: Losing, user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Ada's account with all of it stored."""
    account = connect(user, spotify, scope=SCOPE)
    assert sync(account, library.resource).created >= COUNT
    assert sync(account, library.resource).status == "succeeded"
    return account


@pytest.fixture
def lost(account: SpotifyAccount, library: Losing) -> list[Any]:
    """Give what is gone, as one run has seen by now."""
    lost = library.lose(slice(0, LOST))
    run = sync(account, library.resource)
    assert (run.status, run.reason, run.removed) == ("partial", "large_loss", 0)
    return lost


def of(run: SyncRun) -> LargeLoss:
    """Return the loss that a run has met."""
    loss = LargeLoss.objects.of_run(run)
    assert loss is not None
    return loss


def latest() -> SyncRun:
    return SyncRun.objects.latest("pk")


def gone_of(library: Losing, lost: list[Any]) -> set[str]:
    return {library.id_of(one) for one in lost}


# What is asked


@every
@in_both_modes
def test_what_seems_gone_is_listed(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    loss = of(latest())

    assert (loss.total, loss.decision, loss.account) == (LOST, None, account)
    rows = loss.rows.in_order()
    assert [row.position for row in rows] == list(range(LOST))
    assert {row.spotify_id for row in rows} == gone_of(library, lost)
    stored = [one for one in ids_stored(account, library.resource) if one in gone_of(library, lost)]
    assert [row.spotify_id for row in rows] == stored
    assert all(row.title for row in rows)
    assert str(rows[0]) == rows[0].title
    assert str(loss)


@pytest.mark.parametrize(
    ("resource", "title", "subtitle"),
    [
        ("tracks", lambda one: one.track.name, lambda one: names(one.track.artists)),
        ("albums", lambda one: one.name, lambda one: names(one.artists)),
        ("following", lambda one: one.name, lambda one: ""),
        ("playlists", lambda one: one.name, lambda one: one.owner.display_name),
        ("shows", lambda one: one.name, lambda one: one.publisher),
        ("episodes", lambda one: one.name, lambda one: one.show.name),
        ("audiobooks", lambda one: one.name, lambda one: names(one.authors)),
    ],
)
def test_it_is_listed_by_name(
    account: SpotifyAccount, library: Losing, lost: list[Any], title: Any, subtitle: Any
) -> None:
    said = {row.spotify_id: (row.title, row.subtitle) for row in LostRow.objects.all()}

    assert said == {library.id_of(one): (title(one), subtitle(one)) for one in lost}


@pytest.mark.parametrize("resource", ["playlists"])
def test_no_name_is_listed_that_only_others_were_shown(
    account: SpotifyAccount, library: Losing
) -> None:
    AccountPlaylist.objects.update(seen_details=None)
    library.lose(slice(0, None))

    rows = of(sync(account, "playlists")).rows.all()

    assert {(row.title, row.subtitle) for row in rows} == {("", "")}


def names(people: Any) -> str:
    return ", ".join(getattr(one, "name", one) for one in people)


@only_tracks
def test_it_is_listed_in_as_many_statements_whatever_its_length(
    account: SpotifyAccount, library: Losing
) -> None:
    def statements(lost: slice) -> int:
        library.lose(lost)
        with CaptureQueriesContext(connection) as queries:
            assert sync(account, "tracks").reason == "large_loss"
        return sum("lostrow" in query["sql"] for query in queries)

    first = statements(slice(0, 55))
    LargeLoss.objects.update(settled_at=timezone.now())
    SyncState.objects.update(suspected_shrink=None)
    assert statements(slice(0, None)) == first


@each
def test_nothing_goes_until_somebody_decides(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    first = of(latest())
    library.add(2)

    runs = [sync(account, library.resource) for _ in range(3)]

    assert {(run.status, run.reason, run.removed) for run in runs} == {("partial", "large_loss", 0)}
    assert runs[0].created == 2, "what is new comes all the same"
    assert len(ids_stored(account, library.resource)) == COUNT + 2
    assert [of(run) for run in runs] == [first] * 3
    assert LargeLoss.objects.count() == 1, "nobody is asked twice"


@each
def test_the_second_run_believes_it_where_nobody_is_to_be_asked(
    account: SpotifyAccount, library: Losing, lost: list[Any], settings: Any
) -> None:
    settings.SPOTIFY_SYNC_LARGE_LOSS = "second_run"
    first = of(latest())

    run = sync(account, library.resource)

    assert (run.status, run.removed) == ("succeeded", LOST)
    assert LargeLoss.objects.of_run(run) is None
    first.refresh_from_db()
    assert (first.decision, first.settled_at is None) == (None, False)
    for decision in ("accept", "keep"):
        with pytest.raises(LossSettled):
            decide_loss(first, decision)


@each
def test_a_loss_that_was_none_is_forgotten(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    first = of(latest())
    library.give_back(lost)

    run = sync(account, library.resource)

    assert (run.status, run.removed) == ("succeeded", 0)
    with pytest.raises(LossSettled):
        decide_loss(first, "keep")
    library.lose(slice(0, LOST))
    assert of(sync(account, library.resource)) != first


@only_tracks
def test_what_comes_back_leaves_the_list(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    library.give_back(lost[20:])

    run = sync(account, "tracks")

    assert (run.reason, run.removed) == ("large_loss", 0), "few are gone, but they were asked about"
    loss = of(run)
    assert (loss.total, loss.rows.count()) == (20, 20)
    assert {row.spotify_id for row in loss.rows.all()} == gone_of(library, lost[:20])


@only_tracks
def test_what_goes_in_small_numbers_beside_it_is_no_other_question(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    first = of(latest())
    small = library.lose(slice(0, 3))
    run = sync(account, "tracks")
    assert (run.reason, run.removed, of(run)) == ("large_loss", 0, first)
    assert first.rows.count() == LOST

    decide_loss(first, "keep")

    assert sync(account, "tracks").removed == len(small)
    assert len(ids_stored(account, "tracks", is_kept=True)) == LOST


@only_tracks
def test_another_large_loss_is_another_question(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    """Whoever saw the list of the one cannot have meant the other."""
    first = of(latest())
    library.add(200)
    sync(account, "tracks")
    library.lose(slice(0, 200))

    second = of(sync(account, "tracks"))

    assert second != first
    assert second.total == LOST + 200
    with pytest.raises(LossSettled):
        decide_loss(first, "accept")
    assert first.rows.count() == LOST, "it can be looked at all the same"


@only_tracks
def test_a_loss_is_asked_about_that_was_seen_before_the_site_asked(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    LostRow.objects.all().delete()
    LargeLoss.objects.all().delete()

    assert of(sync(account, "tracks")).total == LOST


# Accepted


@every
@in_both_modes
def test_the_next_run_removes_what_was_accepted(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    loss = of(latest())

    decided = decide_loss(loss, "accept")

    assert (decided.decision, decided.settled_at) == ("accept", None)
    assert len(ids_stored(account, library.resource)) == COUNT, "not before"
    run = sync(account, library.resource, trigger="schedule")
    assert (run.status, run.removed) == ("succeeded", LOST)
    assert set(ids_stored(account, library.resource)) == set(library.ids())
    loss.refresh_from_db()
    assert loss.settled_at is not None
    assert decide_loss(loss, "accept") == loss, "which it is"
    with pytest.raises(LossSettled):
        decide_loss(loss, "keep")


@only_tracks
def test_nobody_accepts_what_was_not_on_the_list(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    library.add(200)
    sync(account, "tracks")
    decide_loss(of(latest()), "accept")
    library.lose(slice(0, 200))

    run = sync(account, "tracks")

    assert (run.reason, run.removed) == ("large_loss", 0)
    assert of(run).total == LOST + 200


@only_tracks
def test_what_is_accepted_lasts_no_longer_than_its_loss(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    decide_loss(of(latest()), "accept")
    library.give_back(lost)
    assert sync(account, "tracks").status == "succeeded"
    library.lose(slice(0, LOST))

    assert sync(account, "tracks").reason == "large_loss"


@each
def test_an_accepted_loss_waits_for_a_run_that_can_prove_it(
    account: SpotifyAccount, library: Losing, lost: list[Any], spotify: FakeSpotify
) -> None:
    decide_loss(of(latest()), "accept")
    path = {"following": "/me/following"}.get(library.resource, f"/me/{library.resource}")
    spotify.faults.add(path, total=lambda total: total + 3, times=40)
    run = sync(account, library.resource)
    assert (run.status, run.removed, run.reason != "large_loss") == ("partial", 0, True)
    spotify.faults.clear()

    assert sync(account, library.resource).removed >= LOST


@pytest.mark.parametrize("resource", ["playlists", "following"])
def test_an_accepted_loss_waits_where_there_is_another_list_at_the_second_look(
    account: SpotifyAccount, library: Losing, lost: list[Any], spotify: FakeSpotify
) -> None:
    """What the first look alone has shown is not removed, and the next run looks for the decision again."""
    loss = decide_loss(of(latest()), "accept")
    path = f"/me/{library.resource}"
    spotify.faults.add(path, nth=2, empty=True, times=1)

    run = sync(account, library.resource)

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)
    loss.refresh_from_db()
    assert loss.settled_at is None
    assert sync(account, library.resource).removed == LOST


# Kept


@every
@in_both_modes
def test_what_is_kept_stays_and_is_asked_about_no_more(
    account: SpotifyAccount, library: Losing, lost: list[Any], spotify: FakeSpotify
) -> None:
    decide_loss(of(latest()), "keep")

    for number in range(3):
        run = sync(account, library.resource)
        assert (run.status, run.reason, run.removed, run.created) == ("succeeded", "", 0, 0), number
    stored = ids_stored(account, library.resource)
    assert set(stored) == {*library.ids(), *gone_of(library, lost)}
    assert len(stored) == COUNT
    assert set(ids_stored(account, library.resource, is_kept=True)) == gone_of(library, lost)
    if library.resource in ("tracks", "playlists", "following"):
        assert stored[: COUNT - LOST] == library.ids(), "what is kept comes last"
        assert stored[COUNT - LOST :] == [row.spotify_id for row in LostRow.objects.in_order()]


@each
def test_a_check_beside_kept_rows_costs_one_request(
    account: SpotifyAccount, library: Losing, lost: list[Any], spotify: FakeSpotify
) -> None:
    decide_loss(of(latest()), "keep")
    sync(account, library.resource)
    spotify.clear_log()

    run = sync(account, library.resource, trigger="schedule")

    assert (run.status, run.mode, run.requests) == ("succeeded", "probe", 1)
    assert len(spotify.requests) == 1


@each
def test_a_check_beside_kept_rows_costs_no_statement_more(
    account: SpotifyAccount, library: Losing
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert sync(account, library.resource).status == "succeeded"
        return len(queries)

    usual = statements()
    library.lose(slice(0, LOST))
    decide_loss(of(sync(account, library.resource)), "keep")
    sync(account, library.resource)

    assert statements() == usual


@each
def test_small_losses_and_what_is_new_go_on_as_usual(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    decide_loss(of(latest()), "keep")
    sync(account, library.resource)
    library.add(3)
    library.lose(slice(5, 7))

    first, second = sync(account, library.resource), sync(account, library.resource)

    assert [run.status for run in (first, second)] == ["succeeded"] * 2
    assert (first.created, first.removed, second.created) == (3, 2, 0)
    stored = ids_stored(account, library.resource)
    assert set(stored) == {*library.ids(), *gone_of(library, lost)}
    if library.resource in ("tracks", "playlists", "following"):
        assert stored[: len(library.ids())] == library.ids()


@each
@pytest.mark.parametrize("full", [False, True])
def test_what_is_listed_again_is_that_row_again(
    account: SpotifyAccount, library: Losing, lost: list[Any], full: bool
) -> None:
    table = LIBRARY[library.resource]
    before = set(table.of(account.pk).values_list("pk", flat=True))
    decide_loss(of(latest()), "keep")
    sync(account, library.resource)
    library.give_back(lost[:2])

    run = sync(account, library.resource, full=full)

    assert (run.status, run.created, run.removed) == ("succeeded", 0, 0)
    assert run.updated >= 2
    assert set(table.of(account.pk).values_list("pk", flat=True)) == before
    kept = ids_stored(account, library.resource, is_kept=True)
    assert set(kept) == gone_of(library, lost[2:])
    stored = ids_stored(account, library.resource)
    assert sorted(stored) == sorted({*library.ids(), *kept})
    if library.resource in ("tracks", "playlists", "following"):
        assert stored[: len(library.ids())] == library.ids()
    assert sync(account, library.resource).status == "succeeded"


@pytest.mark.parametrize("resource", ["following"])
def test_what_stays_kept_is_not_moved_along_with_what_is_listed_again(
    account: SpotifyAccount, library: Losing, lost: list[Any], spotify: FakeSpotify
) -> None:
    """Rows that go the same way are moved as a range, in which one stands that stays where it is."""
    decide_loss(of(latest()), "keep")
    sync(account, "following")
    following = spotify.user.following
    for position in (0, 1, 3, 4, 5):
        library.give_back([lost[position]])
    library.add(1)
    listed = dict(zip(following.ids(), following.entries, strict=True))
    end = [*(one.id for one in lost[:2]), following.ids()[0], *(one.id for one in lost[3:6])]
    order = [*(one for one in following.ids() if one not in end), *end]
    following.history.set(tuple(listed[one] for one in order))

    assert sync(account, "following").status == "succeeded"

    stored = ids_stored(account, "following")
    assert stored[: len(order)] == order
    assert stored[len(order)] == lost[2].id


@each
def test_all_of_it_comes_back(account: SpotifyAccount, library: Losing, lost: list[Any]) -> None:
    decide_loss(of(latest()), "keep")
    sync(account, library.resource)
    library.give_back(lost)

    assert sync(account, library.resource).status == "succeeded"
    assert not LIBRARY[library.resource].of(account.pk).filter(is_kept=True).exists()
    assert sorted(ids_stored(account, library.resource)) == sorted(library.ids())
    assert sync(account, library.resource).status == "succeeded"


@each
def test_an_empty_list_that_is_kept(account: SpotifyAccount, library: Losing) -> None:
    lost = library.lose(slice(0, None))
    decide_loss(of(sync(account, library.resource)), "keep")

    runs = [sync(account, library.resource) for _ in range(3)]

    assert [run.status for run in runs] == ["succeeded"] * 3
    assert len(ids_stored(account, library.resource)) == len(lost)
    library.add(1)
    assert sync(account, library.resource).created == 1
    assert sync(account, library.resource).status == "succeeded"


@each
def test_a_large_loss_beside_kept_rows_is_asked_about(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    first = of(latest())
    decide_loss(first, "keep")
    sync(account, library.resource)
    library.lose(slice(0, None))

    run = sync(account, library.resource)

    assert (run.reason, of(run).total) == ("large_loss", COUNT - LOST)
    decide_loss(of(run), "accept")
    assert sync(account, library.resource).removed == COUNT - LOST
    assert set(ids_stored(account, library.resource)) == gone_of(library, lost)


@only_tracks
@pytest.mark.parametrize("mode", ["second_run"])
def test_to_keep_one_loss_has_no_other_believed_at_once(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    decide_loss(of(latest()), "keep")
    library.lose(slice(0, None))

    assert sync(account, "tracks").reason == "large_loss"


# Another mind


@each
def test_what_was_kept_may_be_accepted_later(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    loss = decide_loss(of(latest()), "keep")
    sync(account, library.resource)
    sync(account, library.resource)

    decide_loss(loss, "accept")

    run = sync(account, library.resource, trigger="schedule")
    assert (run.status, run.removed) == ("succeeded", LOST)
    assert set(ids_stored(account, library.resource)) == set(library.ids())


@each
def test_what_was_accepted_may_be_kept_until_it_is_gone(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    decide_loss(of(latest()), "accept")
    decide_loss(of(latest()), "keep")

    assert sync(account, library.resource).removed == 0
    assert len(ids_stored(account, library.resource)) == COUNT


@each
def test_whoever_decides_may_think_again_and_again(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    ids = ids_stored(account, library.resource)
    loss = of(latest())

    for decision in ("keep", "accept") * 3:
        decide_loss(loss, decision)
    decide_loss(loss, "keep")

    assert sync(account, library.resource).status == "succeeded"
    assert sorted(ids_stored(account, library.resource)) == sorted(ids)


@each
def test_to_keep_while_a_run_is_about_to_remove(
    account: SpotifyAccount, library: Losing, lost: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has read its list, and believes it; then somebody keeps the rows; then the run writes."""
    loss = decide_loss(of(latest()), "accept")

    def decide_first(*args: Any, **options: Any) -> Any:
        decide_loss(loss, "keep")
        return write(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr("django_spotify_sync.sync.run.write", decide_first)
        sync(account, library.resource)

    assert len(ids_stored(account, library.resource)) == COUNT
    run = sync(account, library.resource)
    assert (run.status, run.removed) == ("succeeded", 0)
    assert len(ids_stored(account, library.resource, is_kept=True)) == LOST


@only_tracks
def test_a_decision_makes_the_resource_due(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    decide_loss(of(latest()), "accept")

    state = SyncState.objects.get(account=account, resource="tracks")
    assert state.next_sync_at is not None
    assert state.next_sync_at <= timezone.now()


# Gone


@only_tracks
def test_who_disconnects_leaves_no_question(
    account: SpotifyAccount, library: Losing, lost: list[Any]
) -> None:
    loss = of(latest())

    accounts.disconnect(account)

    assert (LargeLoss.objects.count(), LostRow.objects.count()) == (0, 0)
    with pytest.raises(LossSettled):
        decide_loss(loss, "keep")


@only_tracks
def test_who_connects_another_account_is_asked_nothing_about_the_first(
    account: SpotifyAccount,
    library: Losing,
    lost: list[Any],
    user: Any,
    spotify: FakeSpotify,
    settings: Any,
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(account)
    assert LostRow.objects.count() == LOST, "as long as the library stays, so does the question"

    connect(user, spotify, spotify.add_user("second"))

    assert (LargeLoss.objects.count(), LostRow.objects.count()) == (0, 0)


@only_tracks
def test_a_question_goes_with_its_user(
    account: SpotifyAccount, library: Losing, lost: list[Any], user: Any
) -> None:
    user.delete()

    assert (LargeLoss.objects.count(), LostRow.objects.count()) == (0, 0)


@only_tracks
def test_whose_losses(
    account: SpotifyAccount, library: Losing, lost: list[Any], user: Any, other_user: Any
) -> None:
    losses = LargeLoss.objects
    assert losses.for_user(user).count() == losses.undecided().count() == 1
    assert not losses.for_user(other_user).exists()
    decide_loss(losses.get(), "keep")
    assert (losses.undecided().count(), losses.unsettled().count()) == (0, 1)
