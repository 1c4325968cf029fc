"""FoldedField: a column with what search looks for in other columns of its row. Knows nothing of Spotify.

It is filled where rows become columns: by ``save()`` and ``bulk_create()``, since both ask the field for its value, and
by ``upsert()`` and ``update()``, which bring it along whenever they write what it is made of. Nothing fills it in
``QuerySet.update()``. Its ``contains`` folds what is looked for in the same way, so that nobody who asks can forget to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models, router, transaction
from django.db.models import lookups

from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.db.folding import folded
from django_spotify_sync.db.locks import lock_free

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField

#: So much of each text is looked into; no name at Spotify is as long, but that of a local file may be.
LONGEST = 1_000
# The database has the default too, so that a release that does not know the column can go on writing rows.
_ALWAYS: dict[str, Any] = {"blank": True, "default": "", "db_default": "", "editable": False}


class FoldedField(_TextField):
    """The texts of ``sources``, folded, with a blank between them; a source may be a list of texts.

    What is set by hand is written over.
    """

    def __init__(self, *args: Any, sources: Sequence[str], **kwargs: Any) -> None:
        self.sources = tuple(sources)
        super().__init__(*args, **{**kwargs, **_ALWAYS})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        given = {key: value for key, value in kwargs.items() if key not in _ALWAYS}
        path = "django_spotify_sync.db.folded.FoldedField"
        return name, path, args, {**given, "sources": list(self.sources)}

    def fold(self, values: Mapping[str, Any]) -> str:
        """Return what the column is to hold in a row of these values."""
        texts = (folded(_text(values[name])[:LONGEST])[:LONGEST] for name in self.sources)
        return " ".join(filter(None, texts))

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.fold({name: getattr(model_instance, name) for name in self.sources})
        setattr(model_instance, self.attname, value)
        return value


def _text(value: str | Sequence[str] | None) -> str:
    return value if isinstance(value, str) else " ".join(value or ())


@FoldedField.register_lookup
class FoldedContains(lookups.Contains):
    """``folded__contains="Für"`` looks for "fur"."""

    def get_prep_lookup(self) -> Any:
        wanted = super().get_prep_lookup()
        return folded(wanted) if isinstance(wanted, str) else wanted


def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, FoldedField)]


def refolded(
    model: type[models.Model], changed: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, str]:
    """Return what has to be written with the ``changed`` columns of a row, whose others are ``stored``.

    :raises KeyError: if one of two sources changed, and the other is in neither.
    """
    return {
        field.attname: field.fold({**stored, **changed})
        for field in folded_fields(model)
        if not changed.keys().isdisjoint(field.sources)
    }


def unfolded(model: type[models.Model], names: Collection[str]) -> list[FoldedField]:
    """Return the fields that are missing among the ``names`` of those that are to be written together.

    :raises ValueError: if one cannot be filled, since only some of its sources are among them.
    """
    missing = [
        field
        for field in folded_fields(model)
        if field.attname not in names and not set(names).isdisjoint(field.sources)
    ]
    for field in missing:
        if left_out := set(field.sources).difference(names):
            raise ValueError(f"{field} is to be written too, and wants {', '.join(left_out)}.")
    return missing


def fold_all(batch_size: int = 1_000) -> int:
    """Fill what is still empty in each table that has the column, where its rows are written; return how many rows."""
    return sum(
        fold_rows(model, using=router.db_for_write(model), batch_size=batch_size)
        for model in apps.get_models()
        if folded_fields(model)
    )


def fold_rows(model: type[models.Model], *, using: str, batch_size: int) -> int:
    """Fill the column in the rows that were written before it was there; return how many were.

    May be interrupted, and begun again, and run beside whoever writes these rows: while it holds some it waits for no
    other, so that it is part of no deadlock.
    """
    done = 0
    for field in folded_fields(model):
        is_named = models.Q()
        for name in field.sources:
            is_named |= ~models.Q(**{name: ""})
        rows = model._default_manager.using(using).filter(is_named, **{field.attname: ""})
        rows = rows.only(*field.sources)
        for chunk in in_chunks(rows, size=batch_size):
            taken = _fold_free(rows.filter(pk__in=[row.pk for row in chunk]), field)
            busy = [row for row in chunk if row.pk not in taken]
            done += len(taken) + sum(_fold_alone(row, field, using) for row in busy)
    return done


def _fold_free(rows: models.QuerySet[Any], field: FoldedField) -> set[int]:
    """Fill those of the rows that nobody else is writing; return their keys."""
    with transaction.atomic(using=rows.db):
        free = list(lock_free(rows))
        for row in free:
            field.pre_save(row, add=False)
        rows.model._default_manager.using(rows.db).bulk_update(free, [field.attname])
    return {row.pk for row in free}


def _fold_alone(row: models.Model, field: FoldedField, using: str) -> int:
    """Fill one row when whoever is writing it is done, if it is then called as it was."""
    said = {name: getattr(row, name) for name in field.sources}
    same = type(row)._default_manager.using(using).filter(pk=row.pk, **said)
    return same.update(**{field.attname: field.fold(said)})
