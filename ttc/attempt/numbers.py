"""Which samples of a prompt a request gets, so that no two requests get the same ones.

Samples of a prompt are numbered, and a number fixes the sample. Requests for the same thing one
after the other go on where the last one ended, so that an adaptive method draws the samples that an
independent one draws at once. Equal asks within one request have numbers far apart: how many the
first of them gets must not change what the second gets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from ttc.errors import UsageError

STRIDE = 1 << 20
"""More samples than one ask may be for."""


class Numbers:
    """Of one attempt."""

    def __init__(self) -> None:
        self._used: Counter[tuple[Hashable, int]] = Counter()

    def copy(self) -> Numbers:
        """Goes on from the same numbers, by itself."""
        other = Numbers()
        other._used = self._used.copy()
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
            starts.append(stream[1] * STRIDE + self._used[stream])
            self._used[stream] += n
        return starts
