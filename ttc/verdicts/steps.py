"""What judges are shown of a solution, and texts in which its steps are numbered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ttc.core import Solution
from ttc.steps import split_steps
from ttc.thinking import without_thinking

_NUMBERED = re.compile(
    r"^[^\S\n]{0,8}[*#]{0,4} ?Step (\d{1,6})[*]{0,2} ?[:.][*]{0,2}[^\S\n]?", re.MULTILINE
)
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")


def pieces_of(solution: Solution, rule: str, most: int | None = None) -> tuple[str, ...]:
    """The steps of what is shown, as its method knows them or else as a rule cuts them; joined,
    they are the text.

    most: where there are more, what is beyond stands in the last one.
    """
    text = without_thinking(solution.text)
    pieces = tuple(step for step in solution.steps if step.strip())
    if not pieces:
        pieces = split_steps(text, rule)
    elif "".join(pieces).strip() != text:
        pieces = tuple(step.rstrip("\n") + "\n" for step in pieces)
    if most is None or len(pieces) <= most:
        return pieces
    return (*pieces[: most - 1], "".join(pieces[most - 1 :]))


def numbered(steps: Sequence[str], first: int) -> str:
    """Steps as lines `Step 1: ...`, counted from `first`; blank lines in them are left out."""
    kept = [_BLANK.sub("\n", step.strip()) for step in steps]
    return "\n".join(f"Step {i}: {step}" for i, step in enumerate(kept, first))


def read_numbered(text: str, first: int) -> list[str]:
    """The steps of a text that numbers them from `first`; what is before them is none of them.

    Empty where they are not numbered one after the other.
    """
    found = list(_NUMBERED.finditer(text))
    if [int(one[1]) for one in found] != list(range(first, first + len(found))):
        return []
    ends = [*(one.start() for one in found), len(text)][1:]
    return [text[one.end() : end].strip() for one, end in zip(found, ends, strict=True)]
