"""A large loss is a question: what a run did not believe to be gone is listed, and somebody accepts that or keeps it.

What is kept stays in the library behind all that Spotify lists, and is no part of what later runs compare. The state of
the resource is locked by whoever decides, as by a run that writes, so that a run sees a decision whole or not at all.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, count
from typing import Any

from django.db import router, transaction
from django.db.models import BigIntegerField, Case, F, Model, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.db.upsert import insert
from django_spotify_sync.exceptions import LossSettled
from django_spotify_sync.models import AlbumArtist, LargeLoss, LostRow, SyncState, TrackArtist
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.models.playlists import SHOWS_DETAILS
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.handover import Fetched, Work, Written

logger = logging.getLogger(__name__)


def _behind(name: str, border: int, distance: int) -> dict[str, Any]:
    """Return what puts rows behind all others, but those that an earlier decision has put there."""
    is_before = {f"{name}__lt" if distance > 0 else f"{name}__gte": border}
    put = When(**is_before, then=F(name) + distance)
    return {name: Case(put, default=F(name), output_field=BigIntegerField())}


#: What puts rows that are kept behind all that Spotify lists, where a library has an order.
_LAST: dict[str, dict[str, Any]] = {
    Resource.TRACKS: _behind("rank", -(2**61), -(2**62)),
    Resource.PLAYLISTS: _behind("position", 2**30, 2**30),
    Resource.FOLLOWING: _behind("position", 2**30, 2**30),
}


_NONE, _ITS_OWN = Value(""), F("spotify_id")


@dataclass(frozen=True, slots=True)
class _Naming:
    """What rows of a library are called by: what they hold, and the artists of that by a table of links."""

    holds: str
    title: Any
    subtitle: Any = _NONE
    artists: type[Model] | None = None
    spotify_id: Any = _ITS_OWN


def _shown(field: str) -> Case:
    """Return what the owner of a playlist's link was shown, and nothing that only others were."""
    return Case(When(SHOWS_DETAILS, then=F(field)), default=_NONE, output_field=TextField())


_NAMING: dict[str, _Naming] = {
    Resource.TRACKS: _Naming(
        "track",
        F("track__name"),
        artists=TrackArtist,
        spotify_id=Coalesce("spotify_id", "track__spotify_id", _NONE),
    ),
    Resource.PLAYLISTS: _Naming(
        "playlist",
        _shown("playlist__name"),
        _shown("playlist__owner_name"),
        spotify_id=F("playlist__spotify_id"),
    ),
    Resource.FOLLOWING: _Naming("artist", F("artist__name"), spotify_id=F("artist__spotify_id")),
    Resource.ALBUMS: _Naming("album", F("album__name"), artists=AlbumArtist),
    Resource.SHOWS: _Naming("show", F("show__name"), F("show__publisher")),
    Resource.EPISODES: _Naming("episode", F("episode__name"), F("episode__show__name")),
    Resource.AUDIOBOOKS: _Naming("audiobook", F("audiobook__name"), F("audiobook__authors")),
}

# What a run leaves


def with_losses(work: Work, fetched: Fetched) -> Fetched:
    """Have what the run found out of a large loss written together with what it fetched."""
    loss = work.loss
    if not loss.is_judged or (loss.asked is None and loss.doubted is None):
        return fetched

    def write(keys: Keys) -> Written:
        if loss.doubted is None:
            _settle(work)
        elif loss.asked is not None and not loss.is_new:
            _shorten(loss.asked, loss.listed - set(loss.doubted), work.using)
        else:
            _settle(work)
            _ask(work, loss.doubted)
        return fetched.write(keys)

    return replace(fetched, write=write)


def _settle(work: Work) -> None:
    """Leave nothing to decide about what was asked before."""
    losses = LargeLoss.objects.using(work.using).waiting()
    mine = losses.filter(account_id=work.account.pk, resource=work.run.resource)
    mine.update(settled_at=timezone.now())


def _shorten(asked: LargeLoss, back: Collection[int], using: str) -> None:
    """Take rows that came back off the list."""
    rows = LostRow.objects.using(using).filter(loss=asked)
    for batch in batched(sorted(back), conf.BATCH_SIZE):
        rows.filter(row_id__in=batch)._raw_delete(using)
    if back:
        losses = LargeLoss.objects.using(using).filter(pk=asked.pk)
        losses.update(total=F("total") - len(back))


def _ask(work: Work, doubted: Sequence[int]) -> None:
    """Write down what seems gone, with its names out of the catalogue: three statements a batch."""
    resource, using = work.run.resource, work.using
    loss = LargeLoss.objects.using(using).create(
        run=work.run,
        account=work.account,
        resource=resource,
        total=len(doubted),
        created_at=timezone.now(),
    )
    positions = count()
    for pks in batched(doubted, conf.BATCH_SIZE):
        rows = LIBRARY[resource].of(work.account.pk, using).filter(pk__in=pks)
        names = {pk: said for pk, *said in _names(rows, _NAMING[resource], using)}
        listed = [
            (loss.pk, position, pk, *names[pk])
            for pk, position in zip(pks, positions, strict=False)
            if pk in names
        ]
        columns = ("loss_id", "position", "row_id", "spotify_id", "title", "subtitle")
        insert(LostRow, columns, listed, using=using, batch_size=conf.BATCH_SIZE)


def _names(rows: QuerySet[Any], naming: _Naming, using: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield primary key, Spotify id, title and subtitle of each row, empty where they are not known."""
    found = list(
        rows.values_list(
            "pk", f"{naming.holds}_id", naming.spotify_id, naming.title, naming.subtitle
        )
    )
    artists: dict[int, list[str]] = defaultdict(list)
    if naming.artists is not None:
        links = naming.artists._default_manager.using(using).order_by("position")
        mine = links.filter(**{f"{naming.holds}__in": [held for _, held, *_ in found]})
        for held, name in mine.values_list(f"{naming.holds}_id", "artist__name"):
            artists[held].append(name)
    for pk, held, spotify_id, title, subtitle in found:
        below = artists[held] if naming.artists is not None else subtitle
        if isinstance(below, list):
            below = ", ".join(map(str, below))
        yield pk, spotify_id, title or "", below or ""


# What somebody says


def decide_loss(loss: LargeLoss, decision: str) -> LargeLoss:
    """Accept a loss, so that the next run removes what it lists, or keep the rows; return it as it is then.

    Until the rows are removed either can be changed into the other. The resource becomes due for the schedule.

    :raises LossSettled: if nothing is left to decide.
    """
    using = router.db_for_write(LargeLoss)
    return done_again(partial(_decide, loss, Decision(decision), using), using=using)


def _decide(loss: LargeLoss, decision: Decision, using: str) -> LargeLoss:
    with transaction.atomic(using=using):
        states = SyncState.objects.using(using).select_for_update()
        state = states.filter(account_id=loss.account_id, resource=loss.resource).first()
        now = LargeLoss.objects.using(using).filter(pk=loss.pk).first()
        if now is None or state is None:
            raise LossSettled
        if now.decision == decision:
            return now
        if now.settled_at is not None:
            raise LossSettled
        _mark(now, using, is_kept=decision == Decision.KEEP)
        # only a doubted loss has a run look for what was said of it
        state.suspected_shrink = now.total if decision == Decision.ACCEPT else None
        state.full_due, state.next_sync_at = True, timezone.now()
        state.save(using=using, update_fields=["suspected_shrink", "full_due", "next_sync_at"])
        now.decision, now.decided_at = decision, timezone.now()
        now.save(using=using, update_fields=["decision", "decided_at"])
    logger.info(
        "account %s: the loss of %d %s is decided: %s",
        *(now.account_id, now.total, now.resource, decision),
    )
    return now


def _mark(loss: LargeLoss, using: str, *, is_kept: bool) -> None:
    """Mark the rows that a loss lists as kept, or not any more: one statement."""
    listed = LostRow.objects.using(using).filter(loss=loss).values("row_id")
    rows = LIBRARY[loss.resource].of(loss.account_id, using).filter(pk__in=listed)
    last = _LAST.get(loss.resource, {}) if is_kept else {}
    rows.filter(is_kept=not is_kept).update(is_kept=is_kept, **last)
