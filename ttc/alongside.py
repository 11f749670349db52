"""A thread for as long as a block goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def alongside(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Have a thread work until the block ends, which then waits for it.

    work: gets the event that says so, and is to return soon after.
    """
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
