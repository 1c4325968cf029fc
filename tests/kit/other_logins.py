"""The real django-allauth and social-auth in the same site, for a test: their models with tables, and rows in them.

What their apps do when they are ready (checks, providers, a strategy) is left out: it would outlast the test.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db import connection, models
from django.utils.module_loading import import_string

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.users import User

BIG = "django.db.models.BigAutoField"
#: For INSTALLED_APPS.
APPS = [f"{__name__}.{name}" for name in ("AllauthAccounts", "AllauthSocial", "SocialAuth")]
MODELS = [
    ("socialaccount", "SocialApp"),
    ("socialaccount", "SocialAccount"),
    ("socialaccount", "SocialToken"),
    ("social_django", "UserSocialAuth"),
]


class AllauthAccounts(AppConfig):
    name, default_auto_field = "allauth.account", BIG


class AllauthSocial(AppConfig):
    name, default_auto_field = "allauth.socialaccount", BIG


class SocialAuth(AppConfig):
    name, default_auto_field = "social_django", BIG


def install(settings: Any) -> None:
    """Install both for the rest of the test, whose transaction takes the tables away."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *APPS]
    for names in MODELS:
        create_table(apps.get_model(*names))


def create_table(model: type[models.Model]) -> None:
    """Create a table without its foreign keys, inside a transaction, where SQLite's own way does not go."""
    editor: Any = connection.schema_editor()
    editor.deferred_sql = []
    sql, params = editor.table_sql(model)
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def new(app_label: str, name: str, **values: Any) -> Any:
    """Store a row of a model of theirs."""
    return apps.get_model(app_label, name)._default_manager.create(**values)


def allauth_account(user: Any, who: User, **values: Any) -> Any:
    """Sign up by allauth, which kept no token, as is its default."""
    return new(
        "socialaccount", "SocialAccount", **{"provider": "spotify"} | values, user=user, uid=who.id
    )


def allauth_row(user: Any, who: User, spotify: FakeSpotify, **values: Any) -> Any:
    """Sign up by allauth, with SOCIALACCOUNT_STORE_TOKENS; return the row of the token."""
    grant = spotify.grant(who)
    return new(
        "socialaccount",
        "SocialToken",
        **{
            "account": values.pop("account", None) or allauth_account(user, who),
            "token": grant["access_token"],
            "token_secret": grant["refresh_token"],
        }
        | values,
    )


def social_auth_row(user: Any, who: User, spotify: FakeSpotify, **values: Any) -> Any:
    """Sign up by social-auth; return its row."""
    grant = spotify.grant(who)
    kept = {name: grant[name] for name in ("access_token", "refresh_token", "token_type")}
    row = {"provider": "spotify", "extra_data": {**kept, "auth_time": 1_790_000_000}}
    return new("social_django", "UserSocialAuth", **row | values, user=user, uid=who.id)


class OwnStorage:
    """A site's own storage, as SOCIAL_AUTH_STORAGE names one."""

    user: Any = None

    @classmethod
    def install(cls) -> None:
        """Make its model, once, as Django knows each model once; and its table."""
        if cls.user is None:
            abstract = import_string("social_django.models.AbstractUserSocialAuth")
            user = models.ForeignKey("host.User", models.CASCADE, related_name="own_social_auth")
            meta = type("Meta", (), {"app_label": "social_django", "db_table": "own_social_auth"})
            body = {"__module__": __name__, "Meta": meta, "user": user}
            cls.user = type("OwnSocialAuth", (abstract,), body)
        create_table(cls.user)
