"""Small Python functions with one injected fault, as the embedded repair network learned them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.nano.repair.tasks import Call, Repair
    from ttc.nano.repair.templates import Kind


@register
class NanoRepair(DatasetPart):
    """Broken Python functions to repair, apart from what the embedded network was trained on.

    Hidden tests are the gold answer; public ones, the faulty program and the name of its function
    are metadata.
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
        kinds: tuple[Kind, ...] = ("known", "unseen")
        taken = kinds if self.templates == "both" else (self.templates,)
        found = [self._of_kind(kind) for kind in taken]
        return [next(found[i % len(found)]) for i in range(self.problems)]

    def _of_kind(self, kind: Kind) -> Iterator[Problem]:
        """Endless; functions whose fault no hidden test shows are left out."""
        from ttc.nano.repair.running import Outcome, compiled
        from ttc.nano.repair.tasks import calls, draw

        for index in itertools.count():
            made = draw(kind, self.seed, index, self.split)
            more = calls(made, self.public - 1 + self.hidden, "tests")
            # Functions that can't be called in so many ways share what there is.
            shown = min(self.public - 1, len(more) // 3)
            broken = compiled(made.broken)
            assert broken is not None
            if any(not broken(a).same(Outcome(value)) for a, value in more[shown:]):
                yield _problem(made, more[:shown], more[shown:])


def _problem(made: Repair, public: Sequence[Call], hidden: Sequence[Call]) -> Problem:
    gold = {"entry_point": made.entry_point, "tests": _written(hidden)}
    metadata = {
        "tests": _written([made.failing, *public]),
        "entry_point": made.entry_point,
        "program": "\n".join(made.broken),
        "templates": made.kind,
        "fault": made.fault,
    }
    return Problem(made.id, made.question, json.dumps(gold), metadata=metadata)


def _written(some: Sequence[Call]) -> list[list[Any]]:
    return [[list(arguments), value] for arguments, value in some]
