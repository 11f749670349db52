r"""What stands in `\boxed{...}`: the last one of what is visible, and nothing that is cut off.

A judge may quote a solution's box, or name the boxes that it is to choose from, before it writes
its own; so the last one counts, or none where that is not of the form asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ttc.thinking import visible_span

_BOX = "\\boxed{"
_LONGEST = 64  # characters of what such a box may hold
_WRAPPED = re.compile(r"\s*(?:\\(?:text|mathrm|mathbf|textbf)\s?\{)?\s*([^{}]*?)\s*\}?\s*\}")
_HALVES = ("\\frac{1}{2}", "\\tfrac{1}{2}", "\\dfrac{1}{2}", "\\frac12")
_GRADES: Mapping[str, float] = {
    **dict.fromkeys(("0", "0.0", "0.00"), 0.0),
    **dict.fromkeys(("0.5", ".5", "0.50", "1/2", "½"), 0.5),
    **dict.fromkeys(("1", "1.0", "1.00"), 1.0),
}


class Box(NamedTuple):
    r"""What a box holds, without `\text{}` around it, and where that begins and ends."""

    text: str
    start: int
    end: int


def last_box(text: str, start: int = 0) -> Box | None:
    r"""The last box of what is visible from `start` on; None where it is cut off, or holds more
    than a word or number.
    """
    visible = visible_span(text)
    if visible is None:
        return None
    at = text.rfind(_BOX, max(start, visible[0]), visible[1])
    if at < 0:
        return None
    inside = at + len(_BOX)
    found = _WRAPPED.match(text, inside, min(visible[1], inside + _LONGEST))
    return Box(found[1], *found.span(1)) if found else None


def boxed_grade(text: str) -> float | None:
    r"""The three-level score of the last box: 0, 0.5 or 1 (DeepSeekMath-V2); None for any other."""
    for half in _HALVES:
        text = text.replace(_BOX + half + "}", _BOX + "1/2}")
    box = last_box(text)
    return None if box is None else _GRADES.get(box.text.strip("$ "))


def boxed_index(text: str) -> int | None:
    """The whole number of the last box, such as the step of the first error (arXiv 2512.10756)."""
    box = last_box(text)
    number = None if box is None else re.fullmatch(r"[-−]?[0-9]{1,9}", box.text.strip("$ "))
    return int(number[0].replace("−", "-")) if number else None


def boxed_yes_no(text: str, start: int = 0) -> tuple[bool, Box] | None:
    """Whether the last box says Yes, and that box; None where it says neither Yes nor No."""
    box = last_box(text, start)
    if box is None or box.text.lower() not in ("yes", "no"):
        return None
    return box.text.lower() == "yes", box
