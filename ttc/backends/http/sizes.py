"""How large a reply may be, in bytes after decompression: what a server can have to say, no more.

The limit of a call follows from what it asks for; see docs/how-to/when-samples-fail.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ttc.core import Call

MEGABYTE = 1 << 20
LISTING = 32 * MEGABYTE
"""For lists of models, and for whatever else is no reply to a call."""
ERROR = MEGABYTE
"""Of the body of an error; the rest of a longer one is not read."""
_FRAME = 4 * MEGABYTE
# A token's text is some bytes, each of up to 12 in JSON's escapes, and may come twice (as thoughts
# in two fields); its log probability comes with its text, its bytes in decimal and names of fields.
_TOKEN, _ALTERNATIVE = 256, 512

_most: ContextVar[int] = ContextVar("most", default=64 * MEGABYTE)


def reply_bytes(call: Call) -> int:
    """The most bytes that a reply to a call may have."""
    wanted = call.params.logprobs
    token = _TOKEN if wanted is None else _TOKEN + _ALTERNATIVE * (max(1, wanted) + 1)
    return _FRAME + max(1, len(call.seeds)) * call.params.max_tokens * token


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Let no reply be larger in here. (The official client has no way to tell its transport.)"""
    before = _most.set(size)
    try:
        yield
    finally:
        _most.reset(before)


def most() -> int:
    """The limit of the reply that is being read."""
    return _most.get()


def shown(size: int) -> str:
    return f"{size / MEGABYTE:.3g} MB" if size >= MEGABYTE else f"{size} bytes"
