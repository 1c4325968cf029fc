"""Speed and memory, measured; nothing here is asserted by a test. ``make bench``, or ``make bench ARGS=fetch``.

The host is that of the tests. ``python -m tests.services`` brings its PostgreSQL and Redis.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
