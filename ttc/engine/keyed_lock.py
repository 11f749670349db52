"""One after the other, for work of the same name that must not be done twice at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A lock for each name, forgotten when nobody holds or wants it. Belongs to one event loop."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def __call__(self, name: bytes) -> AsyncIterator[bool]:
        """Wait for one's turn; whether there was nobody to wait for."""
        lock = self._locks.get(name)
        alone = lock is None
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        async with lock:
            yield alone
