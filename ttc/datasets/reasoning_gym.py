"""Tasks of reasoning-gym (arXiv 2505.24760): generated problems with checkers of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.levelled import in_turns
from ttc.errors import DataError, MissingExtra
from ttc.registry import register
from ttc.words import nearest

_LOOKED_AT = 20  # times as many problems as are wanted, of which enough must differ


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
        most = _LOOKED_AT * number
        data = self._data(task, most)
        found: dict[str, Problem] = {}
        for index in range(most):
            if len(found) == number:
                break
            entry = data[index]
            if entry["question"] not in found:
                found[entry["question"]] = self._problem(task, index, entry)
        return list(found.values())

    def _data(self, task: str, size: int) -> Any:
        try:
            import reasoning_gym
            from reasoning_gym.factory import DATASETS
        except ImportError:
            raise MissingExtra("the dataset reasoning-gym", "reasoning-gym") from None
        if task not in DATASETS:
            known = nearest(task, DATASETS)
            raise DataError(f"dataset.tasks: reasoning-gym has no task {task[:60]!r}{known}")
        settings = self.settings | {"seed": self.seed, "size": size}
        try:
            return reasoning_gym.create_dataset(task, **settings)
        except (TypeError, ValueError, AssertionError) as error:
            raise DataError(
                f"dataset.settings: the task {task} does not take them: {error}"
            ) from None

    def _problem(self, task: str, index: int, entry: dict[str, Any]) -> Problem:
        gold = {
            "scorer": "reasoning-gym",
            "task": task,
            "seed": self.seed,
            "index": index,
            "settings": self.settings,
            "answer": str(entry["answer"]),
            "right_at": self.right_at,
        }
        metadata = {"task": task, "index": index}
        name = f"{task}-{self.seed}-{index}"
        return Problem(name, str(entry["question"]), json.dumps(gold), metadata=metadata)
