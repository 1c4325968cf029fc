"""Rows taken away by set-based SQL, in batches: no row is loaded, nothing cascades. Knows nothing of Spotify."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import batched
from typing import Any

from django.db import models, router, transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q

from django_spotify_sync.db.locks import lock_free
from django_spotify_sync.db.transactions import done_again

#: Tables that point at another one's rows, each with the name of its foreign key.
type Parts = tuple[tuple[type[models.Model], str], ...]


def delete_rows(queryset: models.QuerySet[Any], pks: Sequence[int], *, batch_size: int) -> int:
    """Delete rows by primary key, in batches, by SQL alone: no row is loaded, nothing cascades. Return how many."""
    return sum(
        queryset.filter(pk__in=batch)._raw_delete(queryset.db)
        for batch in batched(sorted(pks), batch_size)
    )


#: The condition that everything meets.
ALWAYS = Q()


def unused(model: type[models.Model], using: str, *, but: type[models.Model] | None = None) -> Q:
    """Return the condition that nothing on that database points at a row of ``model``: no other table of ours, bar the
    one of its parts (``but``), and none of the host's.
    """
    condition = Q()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model is but:
            continue
        user, field = relation.related_model, relation.field
        if router.db_for_write(user) == using:
            pointing = {field.name: OuterRef(field.target_field.attname)}
            condition &= ~Q(Exists(user._base_manager.using(using).filter(**pointing)))
    return condition


def delete_where(
    model: type[models.Model],
    condition: Q,
    using: str,
    *,
    batch_size: int,
    parts: Parts = (),
    pointers: Parts = (),
) -> int:
    """Delete the rows of ``model`` under ``condition``, their ``parts`` first, a batch at a time; return how many.

    Rows of ``pointers`` stay, and point at nothing any more. Each batch is locked and tested again. What somebody else
    has locked is left to the next time.
    """

    def delete(rows: models.QuerySet[Any], pks: list[int]) -> int:
        _delete_parts(parts, pks, using)
        for pointer, field in pointers:
            pointing = pointer._default_manager.using(using).filter(**{f"{field}__in": pks})
            pointing.update(**{field: None})
        return rows.filter(pk__in=pks)._raw_delete(using)

    return _for_each_batch(model, condition, using, batch_size, delete)


def delete_parts(
    model: type[models.Model],
    condition: Q,
    using: str,
    *,
    batch_size: int,
    parts: Parts,
    leaving: Mapping[str, object],
) -> int:
    """Delete the ``parts`` of the rows of ``model`` under ``condition``, and write ``leaving`` into those rows.

    Return how many parts went. Batches and locks are those of ``delete_where``.
    """

    def delete(rows: models.QuerySet[Any], pks: list[int]) -> int:
        rows.filter(pk__in=pks).update(**leaving)
        return _delete_parts(parts, pks, using)

    return _for_each_batch(model, condition, using, batch_size, delete)


def _delete_parts(parts: Parts, pks: Sequence[int], using: str) -> int:
    return sum(
        part._default_manager.using(using).filter(**{f"{field}__in": pks})._raw_delete(using)
        for part, field in parts
    )


def _for_each_batch(
    model: type[models.Model],
    condition: Q,
    using: str,
    batch_size: int,
    delete: Callable[[models.QuerySet[Any], list[int]], int],
) -> int:
    rows: models.QuerySet[Any] = model._default_manager.using(using)
    removed = last = 0
    while candidates := list(
        rows.filter(condition, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch_size]
    ):
        last = candidates[-1]
        batch = partial(_delete_batch, rows, condition, candidates, using, delete)
        removed += done_again(batch, using=using)
    return removed


def _delete_batch(
    rows: models.QuerySet[Any],
    condition: Q,
    candidates: Sequence[int],
    using: str,
    delete: Callable[[models.QuerySet[Any], list[int]], int],
) -> int:
    with transaction.atomic(using=using, savepoint=False):
        found = rows.filter(pk__in=candidates).order_by("pk").only("pk")
        locked = [row.pk for row in lock_free(found)]
        gone = list(rows.filter(condition, pk__in=locked).values_list("pk", flat=True))
        # none, if they are used by now, or somebody else holds them
        return delete(rows, gone) if gone else 0
