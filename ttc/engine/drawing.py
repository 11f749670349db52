"""What one request for samples has under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ttc.core import Completion

Found = dict[bytes, Completion]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples `start .. start + n - 1` of one prompt, drawn in one call."""

    start: int
    n: int


class Drawing:
    """The chunks of one `sample` request that are drawn, up to about twice `most` at a time."""

    def __init__(self, most: int) -> None:
        self.looks: list[asyncio.Task[Found]] = []
        self.refused = False  # whether the budget has no more for this request
        self._parts: list[Chunk] = []
        self._tasks: list[asyncio.Task[list[Completion]]] = []
        self._most = most
        self._pending = 0
        self._failed = False
        self._few = asyncio.Event()

    def add(self, part: Chunk, task: asyncio.Task[list[Completion]]) -> None:
        self._parts.append(part)
        self._tasks.append(task)
        self._pending += 1
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[list[Completion]]) -> None:
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
        """All up to the first that is missing because the run's time was up."""
        done = await asyncio.gather(*self._tasks)
        await asyncio.gather(*self.looks)
        found: list[Completion] = []
        for part, completions in zip(self._parts, done, strict=True):
            found += completions
            if len(completions) < part.n:
                break
        return found

    async def cancel(self) -> None:
        """End all that is under way."""
        tasks = [*self.looks, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
