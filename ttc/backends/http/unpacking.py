"""Bodies of replies, decompressed piece by piece, so that no more is unpacked than may be read."""

from __future__ import annotations

import zlib
from collections.abc import Callable

_GZIP, _ZLIB, _BARE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_MOST_PARTS = 100  # of a packed body; each may be empty
_SPOKEN = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
ACCEPTED = "gzip, deflate"


Unpack = Callable[[bytes, int], list[bytes]]


class TooLarge(Exception):
    """A body goes on beyond what may be read."""


class Unreadable(Exception):
    """A body is not packed as its header says."""


class Body:
    """What has been read of a body; `feed` raises `TooLarge` once that is over `most` bytes.

    Both methods raise `Unreadable` too.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._text = bytearray()
        self._came = 0
        self._unpack: Unpack = _unpacker(None)

    def packed_as(self, encoding: str | None) -> None:
        """Name the Content-Encoding of what comes."""
        self._unpack = _unpacker(encoding)

    def feed(self, data: bytes) -> None:
        self._came += len(data)  # what comes may unpack to nothing
        room = self._most - len(self._text)
        for piece in self._unpack(data, room + 1):
            self._text += piece
        if max(self._came, len(self._text)) > self._most:
            raise TooLarge

    @property
    def so_far(self) -> bytes:
        """What has been read, and no more of it than was allowed."""
        return bytes(self._text[: self._most])


def _unpacker(encoding: str | None) -> Unpack:
    """A function of packed bytes and of how many unpacked ones are wanted at most."""
    name = (encoding or "identity").strip().lower()
    if name in ("identity", ""):
        return lambda data, _most: [data]
    if name not in _SPOKEN:
        raise Unreadable(f"the reply is packed as {name[:40]!r}, which nobody asked for")
    return _Inflate(_SPOKEN[name])


class _Inflate:
    """gzip, also of several parts one after the other, zlib, or bare deflate named "deflate"."""

    def __init__(self, kind: int) -> None:
        self._kind, self._left = kind, _MOST_PARTS
        self._state = None if kind == _ZLIB else zlib.decompressobj(kind)

    def __call__(self, data: bytes, most: int) -> list[bytes]:
        pieces: list[bytes] = []
        try:
            while data and most > 0:
                if self._state is None:
                    self._left -= 1
                    if self._left < 0:
                        raise Unreadable("the reply is packed in too many parts")
                    bare = self._kind == _ZLIB and data[0] & 0x0F != 8
                    self._state = zlib.decompressobj(_BARE if bare else self._kind)
                pieces.append(self._state.decompress(data, most))
                most -= len(pieces[-1])
                data = self._state.unused_data
                if self._state.eof:
                    self._state = None
        except zlib.error as error:
            raise Unreadable(f"the reply can't be unpacked ({error})") from None
        return pieces
