"""What the lists of the library share. Nobody sees rows that are not their own, nor items that Spotify hides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model, Q
from django.utils.functional import cached_property
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.rest.cursors import CursorPages, Ordered
from django_spotify_sync.rest.filters import WordSearch
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account
from django_spotify_sync.rest.throttles import ListsThrottle


class LibraryViewSet[Row: Model](Ordered, PinnedAPIView, ListModelMixin, GenericViewSet[Row]):
    """A list in pages, with ``?search=`` and ``?ordering=``. It is there where the site syncs its resource."""

    throttle_classes = (ListsThrottle,)
    filter_backends: Any = (WordSearch,)
    pagination_class = CursorPages
    resource: str
    #: Says for a word under which condition a row has it.
    has_word: Callable[[str], Q]

    @cached_property
    def account(self) -> SpotifyAccount:
        """The asking user's account.

        :raises NotFound: if the site does not sync the list's resource.
        :raises NotConnected: if there never was an account.
        """
        if self.resource not in conf.RESOURCES:
            raise NotFound
        return own_account(self.request)

    def is_own(self) -> Q:
        """Return the condition that a row is the user's, and one that lists show."""
        # by the account and not by its user: only so the index that has the order is read in it
        return Q(account=self.account) & LIBRARY[self.resource].shown
