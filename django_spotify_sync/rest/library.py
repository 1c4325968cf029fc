"""What the lists of the library share. Nobody sees rows that are not their own, nor items that Spotify hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, Q
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.rest.cursors import CursorPages, Ordered
from django_spotify_sync.rest.filters import WordSearch
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.rest.throttles import ListsThrottle


class LibraryViewSet[Row: Model](Ordered, PinnedAPIView, ListModelMixin, GenericViewSet[Row]):
    """A list in pages, with ``?search=`` and ``?ordering=``."""

    throttle_classes = (ListsThrottle,)
    filter_backends: Any = (WordSearch,)
    pagination_class = CursorPages
    #: Says for a word under which condition a row has it.
    has_word: Callable[[str], Q]
