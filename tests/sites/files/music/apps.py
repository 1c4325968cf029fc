from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class MusicConfig(AppConfig):
    name = "music"

    def ready(self) -> None:
        import_module("music.receivers")
