"""Blocks of Python that a model writes one after the other, as one program for the sandbox."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Text of the program that runs in the sandbox; nothing of it is evaluated here.
_KEPT = """\
import contextlib, io, random
random.seed(0)
names = {{"__name__": "__main__"}}
for block in {blocks!r}:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(BaseException):
        exec(compile(block, "<earlier>", "exec"), names)
exec(compile({last!r}, "<program>", "exec"), names)
"""
_RANDOM = re.compile(r"\brandom\b")
_ONLY_PRINTS = re.compile(r"\s*(?:print\([\d\s.+*/%()<>=,-]*\)\s*)*")


def after(earlier: Sequence[str], block: str) -> str:
    """A program that runs a block in the namespace that earlier ones leave, without what these
    print or raise.

    The earlier ones run again. So that they leave what they left before, what they draw from
    `random` is the same each time. Blocks that only print numbers leave nothing, and are left out.
    """
    kept = lasting(earlier)
    if not kept and not _RANDOM.search(block):
        return block
    return _KEPT.format(blocks=kept, last=block)


def lasting(earlier: Sequence[str]) -> list[str]:
    """The blocks that leave something, which run again before each later one."""
    return [one for one in earlier if not _ONLY_PRINTS.fullmatch(one)]
