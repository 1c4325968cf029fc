from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from django_spotify_sync.conf import conf
from django_spotify_sync.db.folded import fold_rows
from django_spotify_sync.db.trigrams import add_trigram_index, remove_trigram_index

MODELS = ("Artist", "Album", "Track", "Playlist", "PlaylistItem")
#: Items are searched within their playlist, and by the names of tracks too: no index on their own titles serves that.
INDEXES = {
    "Artist": "spotify_sync_artist_folded",
    "Album": "spotify_sync_album_folded",
    "Track": "spotify_sync_track_folded",
    "Playlist": "spotify_sync_playlist_folded",
}


def fill(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Fold what is stored, batch by batch; what is interrupted goes on where it stopped when it is run again."""
    using = editor.connection.alias
    for model in _models_on(apps, using, MODELS):
        fold_rows(model, using=using, batch_size=conf.BATCH_SIZE)


def add_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Index it where the database can, while others go on writing."""
    for model in _models_on(apps, editor.connection.alias, INDEXES):
        add_trigram_index(editor.connection, model, "folded", INDEXES[model.__name__])


def remove_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for name in INDEXES.values():
        remove_trigram_index(editor.connection, name)


def _models_on(apps: Apps, using: str, names: Any) -> list[Any]:
    models = [apps.get_model("spotify_sync", name) for name in names]
    return [model for model in models if router.allow_migrate_model(using, model)]


class Migration(migrations.Migration):
    atomic = False  # of a million rows, a batch is written at a time, and an index is made beside whoever writes

    dependencies = [
        ("spotify_sync", "0002_folded_names"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(add_indexes, remove_indexes),
    ]
