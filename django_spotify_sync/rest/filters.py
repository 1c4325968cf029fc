"""What a query string may ask of a list: some words, one artist, one album, a day to begin with."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.fields import CharField, Field
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from django_spotify_sync.rest.cursors import parameter

MAX_IDS = 50
MAX_TEXT = 255
MAX_WORDS = 10


def asked(request: Request, name: str, field: Field[Any, Any, Any, Any]) -> Any:
    """Return the query's parameter ``name`` as ``field`` reads it, None if it is not there or empty.

    :raises ValidationError: if ``field`` cannot read it.
    """
    raw = request.query_params.get(name)
    if not raw:
        return None
    try:
        return field.run_validation(raw)
    except ValidationError as error:
        raise ValidationError({name: error.detail}) from None


def asked_ids(request: Request) -> list[str]:
    """Return the Spotify ids of ``?ids=a,b``, each once.

    :raises ValidationError: if there is none, or there are more than 50.
    """
    text = asked(request, "ids", CharField(max_length=MAX_IDS * MAX_TEXT)) or ""
    ids = dict.fromkeys(filter(None, (part.strip() for part in text.split(","))))
    if not 1 <= len(ids) <= MAX_IDS:
        wanted = _("From 1 to %(most)d Spotify ids, with commas between them.") % {"most": MAX_IDS}
        raise ValidationError({"ids": [wanted]})
    return list(ids)


class WordSearch(BaseFilterBackend):
    """``?search=``: rows that have every word, each wherever the view's ``has_word`` looks, however it is written."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        text = asked(request, "search", CharField(allow_blank=True, max_length=MAX_TEXT)) or ""
        words = text.split()
        if len(words) > MAX_WORDS:
            too_many = _("No more than %(most)d words.") % {"most": MAX_WORDS}
            raise ValidationError({"search": [too_many]})
        for word in words:
            queryset = queryset.filter(view.has_word(word))
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [parameter("search", f"Words, {MAX_WORDS} at most, all of which are to be there.")]
