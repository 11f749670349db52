"""Blocks of Python that a model writes one after the other, as one program for the sandbox."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Text of the program that runs in the sandbox; nothing of it is evaluated here.
_KEPT = """\
import contextlib, io
names = {{"__name__": "__main__"}}
for block in {blocks!r}:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(BaseException):
        exec(compile(block, "<earlier>", "exec"), names)
exec(compile({last!r}, "<program>", "exec"), names)
"""
_ONLY_PRINTS = re.compile(r"\s*(?:print\([\d\s.+*/%()<>=,-]*\)\s*)*")


def after(earlier: Sequence[str], block: str) -> str:
    """A program that runs a block in the namespace that earlier ones leave, without what these
    print or raise.

    Blocks that only print numbers leave nothing, and are left out.
    """
    kept = [one for one in earlier if not _ONLY_PRINTS.fullmatch(one)]
    return _KEPT.format(blocks=kept, last=block) if kept else block
