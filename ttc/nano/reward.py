"""Step scores: the probability that a solution is right up to the end of each of its lines.

The process reward network reads the solver's prompt and the lines; a linear head on the hidden
state at each line's end gives the log odds that this line and all before it are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttc.nano.prompts import solver_prompt
from ttc.nano.reading import Text, step_scores

if TYPE_CHECKING:
    from ttc.nano.engine import NanoModel


def line_ends(prompt: str, lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """Token ids of a prompt and lines, and the position of each line's end."""
    text = Text(prompt, [line + "\n" for line in lines])
    return text.ids, text.ends


def score_steps(
    model: NanoModel, solutions: Sequence[tuple[str, Sequence[str]]]
) -> list[list[float]]:
    """For each (question, lines) the probability of each line, that all is right up to it.

    Raises `NoRewardHead` for a network without the head, `ContextOverflow` for one too long.
    """
    return step_scores(
        model, [model.text(solver_prompt(q), [f"{x}\n" for x in lines]) for q, lines in solutions]
    )
