"""Turing machines that halt: after how many steps? As problems without end (arXiv 2508.15878)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.levelled import in_turns
from ttc.datasets.turing.drawing import LEVELS, machines
from ttc.datasets.turing.machine import LEFT, Machine, Run, letter
from ttc.datasets.turing.statement import halting_theorem
from ttc.registry import register

_QUESTION = """\
A Turing machine works on a tape without ends whose squares hold the symbols {symbols}; at first \
all hold 0. It starts in state A. In each step it reads the symbol under its head, writes a symbol \
in its place, moves one square to the left or right, and goes to its next state. The step in which \
it halts writes and moves too, and counts. These are its rules:

{rules}

{asked}"""
_ASKED = {
    "steps": "After how many steps does the machine halt?",
    "ones": "How many squares hold a symbol other than 0 when the machine has halted?",
}


@register
class BusyBeaver(DatasetPart):
    """Turing machines that halt from a blank tape, with exact step counts (arXiv 2508.15878).

    Metadata hold the machine's text, and the theorem as a statement of Lean 4 (`lean`).
    """

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer", "last_number"], "equivalence": "numeric"}
    )

    type: Literal["busy-beaver"] = "busy-beaver"
    levels: tuple[Annotated[int, Field(ge=1, le=max(LEVELS))], ...] = Field(
        default=(1, 2, 3), min_length=1
    )
    """Difficulties, as states x symbols and steps: 1: 3x2, 4 to 9; 2: 4x2, 10 to 19; 3: 3x3, 20 to
    39; 4: 4x3, 40 to 79; 5: 5x3, 80 to 159. The problems are spread evenly over them."""
    problems: int = Field(default=48, ge=1, le=100_000)
    """Machines in all, no two of which differ only in names, direction or what is never used."""
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)
    """Another seed gives other machines."""
    ask: Literal["steps", "ones"] = "steps"
    """steps: after how many steps it halts; ones: how many squares are not blank then."""

    def load(self) -> Sequence[Problem]:
        return in_turns(self.levels, self.problems, self._of_level)

    def _of_level(self, level: int, number: int) -> list[Problem]:
        """The first `number` machines of a level; fewer where there are no more."""
        found = machines(LEVELS[level], random.Random(f"busy-beaver/{level}/{self.seed}"))
        drawn = zip(range(number), found, strict=False)
        return [self._problem(level, i, *one) for i, one in drawn]

    def _problem(self, level: int, index: int, machine: Machine, run: Run) -> Problem:
        metadata = {
            "level": level,
            "machine": str(machine),
            "states": machine.states,
            "symbols": machine.symbols,
            "lean": halting_theorem(machine, run.steps),
        }
        return Problem(
            id=f"busy-beaver-{level}-{self.seed}-{index}",
            question=_question(machine, _ASKED[self.ask]),
            answer=str(run.steps if self.ask == "steps" else run.ones),
            metadata=metadata,
        )


def _question(machine: Machine, asked: str) -> str:
    rules = []
    for q, row in enumerate(machine.table):
        for s, (write, move, state) in enumerate(filter(None, row)):
            to = "halts" if state < 0 else f"goes to state {letter(state)}"
            side = "left" if move == LEFT else "right"
            rules.append(f"- In state {letter(q)} reading {s}: writes {write}, moves {side}, {to}.")
    *others, last = map(str, range(machine.symbols))
    symbols = f"{', '.join(others)} and {last}"
    return _QUESTION.format(symbols=symbols, rules="\n".join(rules), asked=asked)
