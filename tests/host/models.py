"""The host's users, with a primary key that is no number."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A user whose primary key is a UUID: it finds what assumes an integer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
