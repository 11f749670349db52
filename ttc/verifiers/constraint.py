"""Constraints that a program checks, and the share that is satisfied (arXiv 2403.06326)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ttc.constraints.base import Constraint
from ttc.constraints.judging import Reading, satisfied
from ttc.constraints.kinds import AnyConstraint
from ttc.constraints.published import published
from ttc.core import Attempt, Problem, Role, Solution, Verification
from ttc.errors import DataError
from ttc.registry import register
from ttc.thinking import after_thinking
from ttc.verifiers import VerifierPart


@register
class ConstraintCheck(VerifierPart):
    """The share of constraints that a solution satisfies, checked by program (arXiv 2403.06326)."""

    waves: ClassVar[int | None] = 0

    type: Literal["constraint"] = "constraint"
    constraints: tuple[AnyConstraint, ...] = Field(default=(), max_length=1000)
    """What every solution is to satisfy: `[{type: no_comma}, {type: number_words, number: 300}]`.
    A problem's own are added: of its metadata, `instruction_id_list` and `kwargs` of the public
    instruction set (IFEval, arXiv 2311.07911)."""
    reading: Reading = "strict"
    """strict: the text as it is; loose: perhaps without its first or last line, or its stars."""

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        return {}

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        constraints = [*self.constraints, *_own(attempt.problem)]
        if not constraints:
            raise DataError(
                f"verifier {self.label}: problem {attempt.problem.id!r:.80} has no constraints: "
                "give some under `constraints`, or `instruction_id_list` and `kwargs` as metadata"
            )
        texts = [after_thinking(solution.text) or "" for solution in solutions]
        classes = [int(number) for number in attempt.classes(solutions)]
        rows = satisfied(constraints, texts, attempt.problem.question, classes, self.reading)
        return [
            self._judgement(solution, constraints, row)
            for solution, row in zip(solutions, rows, strict=True)
        ]

    def _judgement(
        self, solution: Solution, constraints: Sequence[Constraint], holds: Sequence[bool]
    ) -> Verification:
        """verdict: whether all hold; score: the satisfaction rate."""
        broken = [_spelled(c) for c, one in zip(constraints, holds, strict=True) if not one]
        text = f"{sum(holds)} of {len(holds)} hold" + "".join(f"\nnot {one}" for one in broken)
        score = sum(holds) / len(holds)
        return self.verification(solution, 0, (), text=text, verdict=all(holds), score=score)


def _own(problem: Problem) -> list[Constraint]:
    """Those of a problem's metadata. Raises `DataError` where they can't be read."""
    ids = problem.metadata.get("instruction_id_list") or ()
    arguments: Any = problem.metadata.get("kwargs") or [None] * len(ids)
    try:
        return published(ids, arguments)
    except DataError as error:
        raise DataError(f"problem {problem.id!r:.80}: {error}") from None


def _spelled(constraint: Constraint) -> str:
    given = constraint.model_dump(exclude_defaults=True)
    type_ = type(constraint).model_fields["type"].default
    return " ".join([str(type_), *(f"{key}={value}" for key, value in given.items())])
