"""Small linear algebra on one thread: waking others costs more than they save."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Within it, BLAS uses the calling thread only; searches of few parameters gain most."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> ThreadpoolController:
    """Finding the libraries takes milliseconds, so once."""
    return ThreadpoolController()
