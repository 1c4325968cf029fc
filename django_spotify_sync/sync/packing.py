"""Parsed answers as compressed MessagePack and back, for what waits in the database or in memory."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import msgspec

_FAST = 1  # zlib's level: a third of the time of the usual one, for a tenth more bytes
_encoder = msgspec.msgpack.Encoder()


def pack(answer: object, kind: Any) -> bytes:
    """Return rows, however nested, which are of this type.

    :raises TypeError: if there is something in them that is no row.
    """
    return _shape(kind) + zlib.compress(_encoder.encode(answer), _FAST)


class NotPacked(ValueError):
    """What is to be unpacked was not packed here, or not by this version."""


def unpack(packed: bytes, kind: Any) -> Any:
    """Return what was packed, which is of this type.

    :raises NotPacked: if it is not, or if its rows have other fields now.
    """
    shape = _shape(kind)
    try:
        if not packed.startswith(shape):
            raise NotPacked("It was packed when its rows had other fields.")
        return _decoder(kind).decode(zlib.decompress(packed.removeprefix(shape)))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise NotPacked(str(error)) from error


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


@cache
def _shape(kind: Any) -> bytes:
    """Return four bytes that tell a type from what it was with other fields, at any depth."""
    return zlib.crc32(repr(msgspec.inspect.type_info(kind)).encode()).to_bytes(4)
