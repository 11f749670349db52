"""What one request for samples has under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import takewhile

from ttc.core import Completion

Found = dict[bytes, Completion]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples `start .. start + n - 1` of one prompt, drawn in one call."""

    start: int
    n: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a chunk, by its places; None where nothing did: for lack of money or, where
    `late`, because the run's time was up.
    """

    samples: list[Completion | None]
    late: bool


class Drawing:
    """The chunks of one `sample` request that are drawn, up to about twice `most` at a time."""

    def __init__(self, most: int) -> None:
        self.looks: list[asyncio.Task[Found]] = []
        self.refused = False  # whether the budget has no more for this request
        self._tasks: list[asyncio.Task[Drawn]] = []
        self._most = most
        self._pending = 0
        self._failed = False
        self._few = asyncio.Event()

    def add(self, task: asyncio.Task[Drawn]) -> None:
        self._tasks.append(task)
        self._pending += 1
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Drawn]) -> None:
        self._pending -= 1
        if task.cancelled() or task.exception() is not None:
            self._failed = True
        if self._failed or self._pending <= self._most:
            self._few.set()

    async def goes_on(self) -> bool:
        """Wait until more may be drawn; False where none shall."""
        if self._pending > self._most and not self._failed:
            self._few.clear()
            await self._few.wait()
        return not (self._failed or self.refused)

    async def completions(self) -> list[Completion]:
        """All that came, in order; what was lost for lack of money leaves no gap.

        Where the run's time was up, only those before the first that was not there by then: later
        ones that were would be the short ones, as what takes long is what did not come in time.
        Money looks at nobody's length: a lost reply is not asked for again when others, whatever
        they say, have used up what that takes.
        """
        done = await asyncio.gather(*self._tasks)
        await asyncio.gather(*self.looks)
        found: list[Completion] = []
        for drawn in done:
            if drawn.late:
                return found + [c for c in takewhile(bool, drawn.samples) if c is not None]
            found += [c for c in drawn.samples if c is not None]
        return found

    async def cancel(self) -> None:
        """End all that is under way."""
        tasks = [*self.looks, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
