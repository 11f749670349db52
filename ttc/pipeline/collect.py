"""Problems to solutions to verifications, many problems at a time, results in problem order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ttc.answers.classes import AnswerClasses
from ttc.attempt.checking import check_solutions, foreign
from ttc.attempt.live import LiveAttempt, Seat, World, judged
from ttc.budget.limits import Shares
from ttc.core import AnswerTrace, Problem, SampleTrace, Solution, Verification
from ttc.samplers import SamplerPart
from ttc.verifiers import VerifierPart

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Attempted:
    """All that was sampled for one problem, with its answer classes."""

    problem: Problem
    solutions: tuple[Solution, ...]
    classes: AnswerClasses
    verifications: tuple[Verification, ...]
    trace: tuple[SampleTrace, ...] = ()
    answers: tuple[AnswerTrace, ...] = ()

    @property
    def samples(self) -> Counter[str]:
        """How many, by role."""
        return Counter(sample.role for sample in self.trace)


@dataclass(frozen=True)
class Method:
    """What is done with each problem: how it is solved and verified, and by what models."""

    sampler: SamplerPart
    verifiers: Sequence[VerifierPart]
    world: World
    shares: Shares = Shares()

    async def attempt(self, problem: Problem) -> Attempted:
        """Solve, grade and verify one problem."""
        world = self.world
        record = world.begin(problem)
        seat = Seat(self.sampler, ("sampler",), "solver", ("solve",))
        to_verify = self.shares.verify if self.verifiers else 0.0
        world.open(problem, seat.place, self.shares.solve, self.shares.solve + to_verify)
        desk = LiveAttempt(world, record.root, seat)
        found = await foreign(self.sampler, self.sampler.solve(desk), world.left)
        returned = check_solutions(self.sampler, problem, found)
        solutions = record.settle(returned)
        # Equivalence of hostile or merely long expressions takes time that others can use.
        classes = await asyncio.to_thread(
            world.answers.classify, [s.answer for s in solutions], problem.answer
        )
        solved = record.root.mark()
        for i, verifier in enumerate(self.verifiers):
            seat = Seat(verifier, ("verifiers", i), "verifier", ("verify", i))
            world.open(problem, seat.place, 1.0, float(len(self.verifiers) - i))
            # Each goes on from the sampler's numbers: score modes of one judge read one text.
            record.root.resume(solved)
            await judged(world, record.root, verifier, seat, solutions[: len(returned)])
        world.done(problem)
        attempted = Attempted(
            problem,
            tuple(record.with_samples(solutions)),
            classes,
            tuple(record.verifications()),
            tuple(record.trace()),
            tuple(record.answers()),
        )
        record.dissolve()
        return attempted


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
