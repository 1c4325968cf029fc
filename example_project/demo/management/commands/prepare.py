"""manage.py prepare: what a stack needs once before its servers start. May be run at every start."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, and make the first user (DJANGO_SUPERUSER_USERNAME, _EMAIL, _PASSWORD) unless there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=1, stdout=self.stdout)
        name = os.environ.get("DJANGO_SUPERUSER_USERNAME")
        if not name or get_user_model().objects.exists():
            return
        call_command("createsuperuser", interactive=False, stdout=self.stdout)
