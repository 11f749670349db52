"""Which constraints responses satisfy, read strictly or loosely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ttc.constraints.base import Alone, Constraint, Together

Reading = Literal["strict", "loose"]


def satisfied(
    constraints: Sequence[Constraint],
    responses: Sequence[str],
    prompt: str,
    classes: Sequence[int],
    reading: Reading = "strict",
) -> list[list[bool]]:
    """(responses, constraints) which hold. classes: (responses,) of their answers, -1 for none.

    A blank response satisfies nothing. Loose: one holds if it does for any of `variants`; of
    several responses together there are no variants.
    """
    columns = [_column(c, responses, prompt, classes, reading) for c in constraints]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in responses]


def _column(
    constraint: Constraint,
    responses: Sequence[str],
    prompt: str,
    classes: Sequence[int],
    reading: Reading,
) -> list[bool]:
    if isinstance(constraint, Together):
        found = constraint.hold(responses, classes)
        return [bool(r.strip()) and one for r, one in zip(responses, found, strict=True)]
    assert isinstance(constraint, Alone)
    return [
        any(
            constraint.holds(text, prompt)
            for text in (variants(response) if reading == "loose" else (response,))
            if text.strip()
        )
        for response in responses
    ]


def variants(response: str) -> Iterator[str]:
    """A response, without its first line, its last, both, and each of these without stars.

    The loose reading of IFEval (arXiv 2311.07911): openings such as "Sure, here it is:" and marks
    of emphasis are forgiven.
    """
    lines = response.split("\n")
    for part in (lines, lines[1:], lines[:-1], lines[1:-1]):
        text = "\n".join(part).strip() if part is not lines else response
        yield text
        yield text.replace("*", "")
