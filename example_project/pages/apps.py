"""The app of the pages. What takes long is looked up when a sync has written, and not while somebody waits."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django_spotify_sync.signals import sync_finished


class PagesConfig(AppConfig):
    name = "pages"

    def ready(self) -> None:
        sync_finished.connect(count_anew, dispatch_uid="pages.count_anew")


def count_anew(run: Any, **kwargs: Any) -> None:
    """Have at hand what the pages ask for of a library that has changed."""
    # what was connected stays so in a process that takes the app out again, as tests do
    if apps.is_installed("pages") and (run.created or run.updated or run.removed):
        # what needs models, which are not there before all apps are
        import_module("pages.prepared").prepare(run.account, run.resource)
