"""Speed and memory, measured; nothing here is asserted by a test. ``make bench``, or ``make bench ARGS=fetch``.

The host is that of the tests. ``POSTGRESQL=durable python -m tests.services`` brings its PostgreSQL, as safe as it is
by default, and its Redis.
"""

from __future__ import annotations

import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

if (default := settings.DATABASES["default"])["ENGINE"].endswith("sqlite3"):
    # As the documentation has it; tests would lose what was written if the machine went down.
    default["OPTIONS"]["init_command"] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"
