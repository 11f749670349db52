"""The solver's sampled solutions as what lessons are made of."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ttc.nano.tasks import NanoProblem
from ttc.nano.training.checks import split_lines
from ttc.nano.training.data import train_problem
from ttc.nano.training.lessons import Lesson, Source, length
from ttc.nano.training.reviews import is_correct
from ttc.nano.training.samples import read_samples

LONGEST = 448  # tokens of a lesson
_problem = lru_cache(maxsize=40_000)(train_problem)


@dataclass(frozen=True)
class Drawn:
    """A problem, a solution of it, and perhaps others of the same problem."""

    problem: NanoProblem
    text: str
    others: tuple[str, ...] = ()

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.text)

    @cached_property
    def right(self) -> bool:
        return is_correct(self.problem, self.text)


Make = Callable[[Drawn, random.Random], Lesson | None]


class Solutions:
    """All sampled solutions, by problem."""

    def __init__(self, path: Path, seed: int) -> None:
        self.seed = seed
        self._texts: dict[int, list[str]] = {}
        for number, text in read_samples(path):
            if text.strip():
                self._texts.setdefault(number, []).append(text.strip())
        self._numbers = list(self._texts)

    def draw(self, rng: random.Random) -> Drawn:
        """Any solution."""
        number = self._numbers[int(rng.random() * len(self._numbers))]
        texts = list(self._texts[number])
        text = texts.pop(int(rng.random() * len(texts)))
        return Drawn(_problem(self.seed, number), text, tuple(texts))

    def lessons(self, name: str, make: Make) -> Source:
        """Lesson number i of a kind: solutions are drawn until `make` keeps one that fits."""

        def source(index: int) -> Lesson:
            rng = random.Random(f"{name}/{self.seed}/{index}")
            while True:
                lesson = make(self.draw(rng), rng)
                if lesson is not None and length(lesson) < LONGEST:
                    return lesson

        return source
