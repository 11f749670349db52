"""Solutions cut into reasoning steps: the one place that knows where a step ends.

Pieces joined again are the text: each step keeps the blank lines behind it, as process reward
models and step search need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator

_NAMED = {
    "blank_line": re.compile(r"\n[^\S\n]{0,100}\n\s*"),
    "line": re.compile(r"\n\s*"),
}
"""What ends a step; it belongs to it."""
_PREFIX = "begins:"
_LONGEST = 200


def _known(name: str) -> str:
    _rule(name)
    return name


def _rule(name: str) -> re.Pattern[str]:
    if name in _NAMED:
        return _NAMED[name]
    mark = name.removeprefix(_PREFIX)
    if mark == name or not mark.strip() or len(mark) > _LONGEST:
        raise ValueError(
            f"steps are cut at {', '.join(_NAMED)}, or before lines that begin with a text, as in "
            f"'{_PREFIX}Step'"
        )
    return re.compile(rf"\n(?=[^\S\n]{{0,8}}{re.escape(mark)})")


StepRule = Annotated[str, AfterValidator(_known)]
"""A field that says where steps end: blank_line, line, or begins:TEXT (`begins:Step`, `begins:##`)
for lines that begin with a text, each of which begins a step."""


def split_steps(text: str, rule: str = "blank_line") -> tuple[str, ...]:
    """The steps of a text, none of them blank; joined they are the text.

    rule: see `StepRule`. Blank space before the first step belongs to it. A text that is all blank
    has no steps. Takes time linear in the text.
    """
    return tuple(_pieces(text, _rule(rule)))


def closed(steps: Sequence[str], rule: str = "blank_line") -> tuple[str, ...]:
    """Steps of which the last one ends as all others do, which a text's end leaves open."""
    if not steps:
        return ()
    end = "\n\n" if rule == "blank_line" else "\n"
    last = steps[-1]
    return (*steps[:-1], last if last.endswith(end) else last.rstrip() + end)


def stop_of(rule: str) -> str:
    """The stop text that ends a step: what parts it from the next one, or how that one begins."""
    mark = rule.removeprefix(_PREFIX)
    return f"\n{mark}" if mark != rule else {"blank_line": "\n\n", "line": "\n"}[rule]


def _pieces(text: str, ends: re.Pattern[str]) -> Iterator[str]:
    start, ink = 0, len(text.rstrip())
    for found in ends.finditer(text, 0, ink):
        if text[start : found.start()].strip():
            yield text[start : found.end()]
            start = found.end()
    if start < ink:
        yield text[start:]
