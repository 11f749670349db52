"""Small Python functions with one injected fault, as the embedded repair network learned them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.nano.repair.tasks import Exam


@register
class NanoRepair(DatasetPart):
    """Broken Python functions to repair, apart from what the embedded network was trained on.

    Hidden tests are the gold answer; public ones, the faulty program, the name of its function and
    the right program, which no prompt shows, are metadata.
    """

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["patch"], "equivalence": "code", "time_limit_s": 1.0}
    )
    default_prompt: ClassVar[str] = "nano-repair"

    type: Literal["nano-repair"] = "nano-repair"
    templates: Literal["known", "unseen", "both"] = "both"
    """known: new functions from the templates that the network was trained on; unseen: from other
    templates, which are harder for it; both: in turn."""
    problems: int = Field(default=32, ge=1, le=100_000)
    """Functions in all."""
    public: int = Field(default=6, ge=1, le=100)
    """Public tests, of which the first is the failing call that the question shows."""
    hidden: int = Field(default=16, ge=1, le=1000)
    """Hidden tests, none of which is public; functions that can't be called in so many ways have
    fewer."""
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)
    """Another seed gives other functions."""
    split: Literal["heldout", "train"] = "heldout"
    """train: the functions of known templates that training drew from."""

    def load(self) -> Sequence[Problem]:
        from ttc.nano.repair.tasks import exams
        from ttc.nano.repair.templates import Kind

        kinds: tuple[Kind, ...] = ("known", "unseen")
        taken = kinds if self.templates == "both" else (self.templates,)
        found = [exams(kind, self.seed, self.public, self.hidden, self.split) for kind in taken]
        return [_problem(next(found[i % len(found)])) for i in range(self.problems)]


def _problem(exam: Exam) -> Problem:
    from ttc.nano.repair.tasks import written

    made = exam.problem
    metadata = {
        "tests": written(exam.public),
        "entry_point": made.entry_point,
        "program": "\n".join(made.broken),
        "reference": "\n".join(made.right),
        "templates": made.kind,
        "fault": made.fault,
    }
    return Problem(made.id, made.question, exam.gold, metadata=metadata)
