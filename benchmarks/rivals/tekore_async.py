"""tekore, asynchronously, and ``bulk_create(update_conflicts=True)``.

It wants fields that Spotify does not give to apps made since February 2026 (`popularity`), and so can only be measured
with the answers that older apps get.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import tekore
import tekore._client.base

from benchmarks.rivals import bulk

WORKERS = 8


def sync(token: str, api_url: str, account: int) -> None:
    """Bring the account's saved tracks up to date."""
    tekore._client.base.prefix = f"{api_url}/"
    items = asyncio.run(_items(token))
    bulk.write(items, account)


async def _items(token: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as http:
        client = tekore.Spotify(token, sender=tekore.AsyncSender(client=http))
        first = await client.saved_tracks(limit=50)
        turns = asyncio.Semaphore(WORKERS)

        async def page(offset: int) -> Any:
            async with turns:
                return await client.saved_tracks(limit=50, offset=offset)

        rest = await asyncio.gather(*(page(offset) for offset in range(50, first.total, 50)))
        return [_plain(item) for page in (first, *rest) for item in page.items]


def _plain(item: Any) -> dict[str, Any]:
    track, album = item.track, item.track.album
    return {
        "added_at": item.added_at,
        "track": {
            "id": track.id,
            "artists": _artists(track),
            **{name: getattr(track, name) for name in bulk.TRACK},
            "album": {
                "id": album.id,
                "artists": _artists(album),
                "images": [{"url": image.url, "width": image.width} for image in album.images],
                **{name: getattr(album, name) for name in bulk.ALBUM},
            },
        },
    }


def _artists(thing: Any) -> list[dict[str, str]]:
    return [{"id": artist.id, "name": artist.name} for artist in thing.artists]
