"""Covers, drawn from the letters of their own address: small, distinct, and nobody's property."""

from __future__ import annotations

import colorsys
import hashlib
import re
import struct
import zlib
from functools import lru_cache

GRID = 32
SHADES = 8
LARGEST = 1_000
HALF_A_DAY = 43_200  # seconds
_DATED = re.compile(r"[0-9]{4}pl.+([0-9]{6})")


def period_of(now: float) -> int:
    """Return what stands at the end of a playlist cover's address: of which half of a day it is."""
    return int(now // HALF_A_DAY)


def has_expired(name: str, now: float) -> bool:
    """Tell whether an address is a playlist cover's from the half day before the last, so that none lasts a day."""
    dated = _DATED.fullmatch(name)
    return dated is not None and int(dated[1]) < period_of(now) - 1


@lru_cache(maxsize=512)
def picture(name: str) -> bytes:
    """Draw the PNG for an image address; its first four digits are its width in pixels."""
    size = int(name[:4]) if name[:4].isdigit() else 300
    size = min(max(size, 1), LARGEST)
    digest = hashlib.sha256(name[4:].encode()).digest()
    cells = [bytes(_shade(x, y, digest) for x in range(GRID)) for y in range(GRID)]
    rows = [bytes(row[x * GRID // size] for x in range(size)) for row in cells]
    pixels = b"".join(b"\x00" + rows[y * GRID // size] for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", _palette(digest)), (b"IDAT", zlib.compress(pixels, 6)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def _shade(x: int, y: int, digest: bytes) -> int:
    """Choose one of the shades: rings, stripes, waves or tiles, as the digest says."""
    dx, dy = x - digest[1] % GRID, y - digest[2] % GRID
    step = 2 + digest[3] % 4
    match digest[0] % 4:
        case 0:
            return int((dx * dx + dy * dy) ** 0.5) // step % SHADES
        case 1:
            return (x * (1 + digest[4] % 2) + y) // step % SHADES
        case 2:
            return abs(dx) * abs(dy) // (step * 4) % SHADES
        case _:
            return (x // (step + 2) * 3 + y // (step + 2) * 5 + digest[5]) % SHADES


def _palette(digest: bytes) -> bytes:
    """Make the shades: from a dark tone of one hue to a light tone of its neighbour."""
    hue, shift = digest[6] / 255, (digest[7] / 255 - 0.5) / 2
    colours = bytearray()
    for step in range(SHADES):
        part = step / (SHADES - 1)
        tone = colorsys.hls_to_rgb((hue + shift * part) % 1, 0.22 + 0.5 * part, 0.62)
        colours += bytes(round(channel * 255) for channel in tone)
    return bytes(colours)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
