"""Who is served, who waits, and who is sent away."""

from __future__ import annotations

import asyncio
import math
from collections import deque

from ttc.serve.errors import ApiError

_LONGEST_S = 60
_WEIGHT = 0.2  # of the last question in the mean of how long they take


class Place:
    """Of one question: in the line, then at work. To be left, however the question ends."""

    def __init__(self, places: Places, turn: asyncio.Future[None]) -> None:
        self._places, self._turn = places, turn
        self._left = False

    async def ready(self, seconds: float | None = None) -> None:
        """Wait for the turn. Raises `ApiError` 429 when so many seconds are over before, and 503
        when the server stops.
        """
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._turn)
        except TimeoutError:
            raise self._places.full("the question's time was up before its turn came") from None

    def leave(self, seconds: float | None = None) -> None:
        """Let the next one in. seconds: how long it took, where it was answered."""
        if not self._left:
            self._left = True
            self._places.left(self._turn, seconds)


class Places:
    """So many questions at a time, and so many that wait. Belongs to one event loop."""

    def __init__(self, at_work: int, waiting: int) -> None:
        self._at_work, self._most = at_work, waiting
        self._free = at_work
        self._line: deque[asyncio.Future[None]] = deque()
        self._mean_s = 1.0
        self._closed = False

    @property
    def working(self) -> int:
        return self._at_work - self._free

    @property
    def waiting(self) -> int:
        return len(self._line)

    def enter(self) -> Place:
        """A place, at work or in the line. Raises `ApiError` 429 where the line is full."""
        if self._closed:
            raise _stopping()
        turn = asyncio.get_running_loop().create_future()
        if self._free:
            self._free -= 1
            turn.set_result(None)
        elif len(self._line) < self._most:
            self._line.append(turn)
        else:
            raise self.full(f"{self.working} questions are being answered and {self.waiting} wait")
        return Place(self, turn)

    def full(self, why: str) -> ApiError:
        """What is said to who can't be served now."""
        wait = math.ceil(self._mean_s * (1 + self.waiting) / self._at_work)
        seconds = min(_LONGEST_S, max(1, wait))
        return ApiError(429, why, None, "server_busy", retry_after=seconds)

    def left(self, turn: asyncio.Future[None], seconds: float | None) -> None:
        if seconds is not None:
            self._mean_s += _WEIGHT * (seconds - self._mean_s)
        if turn in self._line:
            self._line.remove(turn)
            turn.cancel()
        elif turn.exception() is None:
            self._free += 1
            if self._line:
                self._free -= 1
                self._line.popleft().set_result(None)

    def close(self) -> None:
        """Nobody is let in any more, and who waits is sent away."""
        self._closed = True
        while self._line:
            self._line.popleft().set_exception(_stopping())


def _stopping() -> ApiError:
    return ApiError(503, "the server is stopping", None, "server_stopping", retry_after=5)
