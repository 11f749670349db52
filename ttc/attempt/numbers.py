"""Which samples of a prompt a request gets, so that no two requests get the same ones.

Samples of a prompt are numbered, and a number fixes the sample. Requests for the same thing one
after the other go on where the last one ended, so that an adaptive method draws the samples that an
independent one draws at once. Equal asks within one request have numbers far apart: how many the
first of them gets must not change what the second gets. So have those of other branches, which may
ask for the same at the same time, and of another attempt at the same problem.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence

from ttc.errors import UsageError

STRIDE = 1 << 20
"""More samples than one ask may be for."""
_EQUAL = 1 << 12  # more equal asks than a request has, by far; else they run into other branches
_STREAMS = 1 << 30


class Numbers:
    """Of one branch of an attempt."""

    def __init__(self, repeat: int = 0, path: tuple[int, ...] = ()) -> None:
        self._used: Counter[tuple[Hashable, int]] = Counter()
        self._first = 0
        if repeat or path:
            text = f"{repeat}/{'.'.join(map(str, path))}".encode()
            digest = hashlib.blake2b(text, digest_size=8, person=b"ttc-numbers").digest()
            self._first = (1 + int.from_bytes(digest, "big") % _STREAMS) * _EQUAL

    def copy(self) -> Numbers:
        """Goes on from the same numbers, by itself."""
        other = Numbers()
        other._used, other._first = self._used.copy(), self._first
        return other

    def take(self, asks: Sequence[tuple[Hashable, int]]) -> list[int]:
        """The first number for each ask of a request. asks: what for, and how many."""
        equal: Counter[Hashable] = Counter()
        starts = []
        for content, n in asks:
            stream = (content, equal[content])
            equal[content] += 1
            if self._used[stream] + n > STRIDE:
                raise UsageError(f"more than {STRIDE:,} samples of one prompt for one problem")
            starts.append((self._first + stream[1]) * STRIDE + self._used[stream])
            self._used[stream] += n
        return starts
