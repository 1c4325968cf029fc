"""The site as a whole: settings, addresses, Celery. Celery's app is loaded with it, so that tasks find their broker."""

from __future__ import annotations

from config.celery import app as celery_app

__all__ = ["celery_app"]
