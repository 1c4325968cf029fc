"""Caches that nobody reaches."""

from __future__ import annotations

NOBODY = "redis://127.0.0.1:1/0"
CACHES_AWAY = {
    "django-redis": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": NOBODY},
    "django-redis that hides it": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": NOBODY,
        "OPTIONS": {"IGNORE_EXCEPTIONS": True},
    },
    "Django's own": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": NOBODY,
    },
}
