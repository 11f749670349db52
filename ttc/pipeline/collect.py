"""Problems to solutions to verifications, many problems at a time, results in problem order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ttc.answers import AnswerRule
from ttc.answers.classes import AnswerClasses
from ttc.core import Model, Problem, Solution, Verification
from ttc.pipeline.checking import TimeLeft, check_solutions, check_verifications, foreign
from ttc.samplers import SamplerPart
from ttc.verifiers import VerifierPart

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that was sampled for one problem, with its answer classes."""

    problem: Problem
    solutions: tuple[Solution, ...]
    classes: AnswerClasses
    verifications: tuple[Verification, ...]


@dataclass(frozen=True)
class Method:
    """What is done with each problem: how it is solved, graded and verified, and by what models."""

    sampler: SamplerPart
    solver: Model
    verifiers: Sequence[VerifierPart]
    judges: Mapping[str, Model]
    answers: AnswerRule
    default_prompt: str
    left: TimeLeft = lambda: None
    """Seconds until a plug-in must have returned; None for any."""

    async def attempt(self, problem: Problem) -> Attempt:
        """Solve, grade and verify one problem."""
        sampled = self.sampler.sample(problem, self.solver, self.answers, self.default_prompt)
        found = await foreign(self.sampler, sampled, self.left)
        solutions = check_solutions(self.sampler, problem, found)
        # Equivalence of hostile or merely long expressions takes time that others can use.
        classes = await asyncio.to_thread(
            self.answers.classify, [s.answer for s in solutions], problem.answer
        )
        verifications: list[Verification] = []
        for verifier in self.verifiers:
            judge = self.judges[verifier.label]
            judged = await foreign(verifier, verifier.verify(problem, solutions, judge), self.left)
            verifications += check_verifications(verifier, problem, solutions, judged)
        return Attempt(problem, tuple(solutions), classes, tuple(verifications))


async def ordered(
    items: Sequence[T], work: Callable[[T], Awaitable[R]], window: int
) -> AsyncIterator[R]:
    """Results of `work` in the order of `items`, at most `window` of them under way or waiting.

    The window bounds memory; an error or a cancellation ends all that is under way.
    """
    tasks: list[asyncio.Future[R]] = []
    rest = iter(items)
    try:
        while True:
            while len(tasks) < window and (item := next(rest, None)) is not None:
                tasks.append(asyncio.ensure_future(work(item)))
            if not tasks:
                return
            # A failure anywhere in the window ends the run at once, not when its turn comes.
            while not tasks[0].done():
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                _raise_first(tasks)
            yield tasks.pop(0).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(tasks: Sequence[asyncio.Future[R]]) -> None:
    for task in tasks:
        if task.done() and task.exception() is not None:
            task.result()
