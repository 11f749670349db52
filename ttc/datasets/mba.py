"""Mixed Boolean-arithmetic identities: true or not? Problems without end (arXiv 2508.15878)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.boolean_arithmetic.drawing import LEVELS, Identity, Source
from ttc.datasets.boolean_arithmetic.writing import theorem, written
from ttc.datasets.levelled import in_turns
from ttc.registry import register
from ttc.words import counted

_QUESTION = """\
Let {names} be words of {width} bits. Below, ~, &, | and ^ are bitwise not, and, or and exclusive \
or; +, - and * are arithmetic modulo 2^{width}. Are the two expressions equal for all values of \
{names}?

{left}

{right}

Answer Yes or No."""


@register
class MixedBooleanArithmetic(DatasetPart):
    """Mixed Boolean-arithmetic identities, as many true as false (arXiv 2508.15878).

    Metadata hold both sides, and the theorem, or its refutation, as a statement of Lean 4 (`lean`).
    """

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer"], "equivalence": "string"}
    )

    type: Literal["mba"] = "mba"
    levels: tuple[Annotated[int, Field(ge=1, le=max(LEVELS))], ...] = Field(
        default=(1, 2, 3), min_length=1
    )
    """Difficulties: 1 to 4 are linear, of 2 to 4 variables, with ever more and deeper terms; 5:
    products of linear sides; 6: arithmetic below bitwise operators. 5 and 6 need the extra z3."""
    problems: int = Field(default=48, ge=1, le=100_000)
    """Identities in all, evenly over the levels; no two differ only in the names of variables or
    the order of sides and terms."""
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)
    """Another seed gives other identities."""
    width: int = Field(default=8, ge=2, le=64)
    """Bits of a word; of what is not linear, z3 decides less the wider they are."""
    solver_s: float = Field(default=20.0, gt=0, le=3600)
    """Longest that z3 may take for one identity, in seconds; what it can't decide is no problem."""

    _notes: list[str] = PrivateAttr(default_factory=list)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def load(self) -> Sequence[Problem]:
        self._notes.clear()
        return in_turns(self.levels, self.problems, self._of_level)

    def _of_level(self, level: int, number: int) -> list[Problem]:
        rng = random.Random(f"mba/{level}/{self.width}/{self.seed}")
        source = Source(LEVELS[level], self.width, self.solver_s, rng)
        found = [
            self._problem(level, i, one) for i, one in enumerate(islice(source.draw(), number))
        ]
        if source.undecided:
            left_out = counted(source.undecided, "draw")
            self._notes.append(f"mba, level {level}: {left_out} left out, undecided by z3")
        return found

    def _problem(self, level: int, index: int, made: Identity) -> Problem:
        equal = bool(made.decision.equal)
        left, right = written(made.left), written(made.right)
        *others, last = made.names
        question = _QUESTION.format(
            names=f"{', '.join(others)} and {last}", width=self.width, left=left, right=right
        )
        metadata = {
            "level": level,
            "left": left,
            "right": right,
            "width": self.width,
            "apart": dict(made.decision.apart) if made.decision.apart else None,
            "lean": theorem(made.left, made.right, equal, made.names, self.width),
        }
        name = f"mba-{level}-{self.width}-{self.seed}-{index}"
        return Problem(name, question, "Yes" if equal else "No", metadata=metadata)
