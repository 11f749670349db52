"""One after the other, for work of the same name that must not be done twice at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A lock for each name, forgotten when nobody holds or wants it. Belongs to one event loop."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def __call__(
        self, name: bytes, queueing: Callable[[int], None] = lambda more: None
    ) -> AsyncIterator[bool]:
        """Wait for one's turn; whether there was nobody to wait for.

        queueing: told 1 when the wait begins, and -1 when it is over; not where there is none.
        """
        lock = self._locks.get(name)
        alone = lock is None
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        if not alone:
            queueing(1)
        try:
            await lock.acquire()
        finally:
            if not alone:
                queueing(-1)
        try:
            yield alone
        finally:
            lock.release()
