"""Tasks of reasoning-gym (arXiv 2505.24760): generated problems with checkers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from ttc.answers import AnswerRule
from ttc.answers.gym import asked_gym
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.levelled import in_turns
from ttc.errors import DataError
from ttc.registry import register
from ttc.words import nearest

_LOOKED_AT = 20  # times as many problems as are wanted, of which enough must differ
_LONGEST_S = 30.0  # for a problem to be made


@register
class ReasoningGym(DatasetPart):
    """Tasks of reasoning-gym, scored by its own checkers (arXiv 2505.24760).

    An answer's score in [0, 1] is kept as `gold_score`; it is right from `right_at` on.
    """

    extra: ClassVar[str | None] = "reasoning-gym"
    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {
            "extract": [{"regex": r"(?s)<answer>(.*?)</answer>"}, "boxed", "final_answer"],
            "equivalence": "scored",
        }
    )
    default_prompt: ClassVar[str] = "answer-tags"

    type: Literal["reasoning-gym"] = "reasoning-gym"
    tasks: str | Annotated[tuple[str, ...], Field(min_length=1)]
    """A task by its name in the library, such as countdown, or a list of tasks that take turns."""
    problems: int = Field(default=48, ge=1, le=100_000)
    """Problems in all, no two with the same question."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """The library's. In most of its tasks problem i of seed s is problem 0 of seed s + i, so take
    seeds that are far apart."""
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """Settings of the task, as the library names them, such as min_numbers."""
    right_at: float = Field(default=1.0, gt=0, le=1)
    """From which score on an answer is right."""

    def load(self) -> Sequence[Problem]:
        tasks = (self.tasks,) if isinstance(self.tasks, str) else self.tasks
        return in_turns(tasks, self.problems, self._of_task, "task")

    def _of_task(self, task: str, number: int) -> list[Problem]:
        """The first problems of a task that ask what none before asks."""
        if number == 0:
            return []
        order = {
            "do": "make",
            "task": task,
            "seed": self.seed,
            "settings": self.settings,
            "number": number,
            "most": _LOOKED_AT * number,
        }
        found = asked_gym(order, _LONGEST_S * number)
        if isinstance(found, list):
            return [self._problem(task, *one) for one in found]
        if names := found.get("unknown"):
            known = nearest(task, names)
            raise DataError(f"dataset.tasks: reasoning-gym has no task {task[:60]!r}{known}")
        raise DataError(
            f"dataset.settings: the task {task} does not take them: {found.get('refused')}"
        )

    def _problem(self, task: str, index: int, question: str, asks: str, answer: str) -> Problem:
        from ttc.answers.scored import GymProblem  # loads numpy

        gold = GymProblem(
            task=task,
            seed=self.seed,
            index=index,
            settings=self.settings,
            asks=asks,
            answer=answer,
            right_at=self.right_at,
        )
        metadata = {"task": task, "index": index}
        return Problem(
            f"{task}-{self.seed}-{index}", question, gold.model_dump_json(), metadata=metadata
        )
