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
from ttc.attempt.record import Mark, Record
from ttc.budget.limits import Shares
from ttc.core import AnswerTrace, Problem, SampleTrace, Solution, Verification
from ttc.samplers import SamplerPart
from ttc.verifiers import VerifierPart

T = TypeVar("T")
R = TypeVar("R")
_LOOK_S = 1.0  # until a window that has grown is noticed


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
    shares: Shares | None = None
    repeats: int = 1

    async def attempt(self, problem: Problem) -> Attempted:
        """Solve, grade and verify one problem, as often as it is to be repeated."""
        tries: list[_Try] = []
        for repeat in range(self.repeats):
            first = sum(len(one.solutions) for one in tries)
            tries.append(await self._solve(problem, repeat, first))
        solutions = [solution for one in tries for solution in one.solutions]
        # Equivalence of hostile or merely long expressions takes time that others can use.
        classes = await asyncio.to_thread(
            self.world.answers.classify, [s.answer for s in solutions], problem.answer
        )
        for i in range(len(self.verifiers)):
            for one in tries:
                await self._verify(problem, i, one)
        self.world.done(problem)
        attempted = Attempted(
            problem,
            tuple(s for one in tries for s in one.record.with_samples(one.solutions)),
            classes,
            tuple(v for one in tries for v in one.record.verifications()),
            tuple(t for one in tries for t in one.record.trace()),
            tuple(a for one in tries for a in one.record.answers()),
        )
        for one in tries:
            one.record.dissolve()
        return attempted

    async def _solve(self, problem: Problem, repeat: int, first: int) -> _Try:
        """One attempt. first: the number of its first solution."""
        record = self.world.begin(problem, repeat)
        place = ("solve", *((repeat,) if self.repeats > 1 else ()))
        shares = self.shares or Shares()
        own, left = shares.solve / self.repeats, self.repeats - repeat
        to_verify = shares.verify if self.verifiers else 0.0
        longest = self.sampler.longest().get("solver", 0)
        keep = self.world.first_verdicts(problem, self.verifiers, longest)
        asked = None
        if self.shares is None and self.repeats == 1:
            asked = self.world.asked(problem, self.sampler, self.verifiers)
        self.world.open(problem, place, own, own * left + to_verify, keep, asked)
        desk = LiveAttempt(
            self.world, record.root, Seat(self.sampler, ("sampler",), "solver", place)
        )
        found = await foreign(self.sampler, self.sampler.solve(desk), self.world.left, problem.id)
        returned = check_solutions(self.sampler, problem, found)
        record.conclude(returned)
        solutions = record.settle(returned, first)
        return _Try(record, solutions, len(returned), record.root.mark())

    async def _verify(self, problem: Problem, number: int, one: _Try) -> None:
        """Have a verifier judge what an attempt returned."""
        verifier, repeat = self.verifiers[number], one.record.repeat
        place = ("verify", number, *((repeat,) if self.repeats > 1 else ()))
        done = number * self.repeats + repeat
        self.world.open(problem, place, 1.0, float(len(self.verifiers) * self.repeats - done))
        # Each goes on from the sampler's numbers: score modes of one judge read one text.
        one.record.root.resume(one.solved)
        seat = Seat(verifier, ("verifiers", number), "verifier", place, verifier.label)
        await judged(self.world, one.record.root, verifier, seat, one.solutions[: one.returned])


@dataclass(frozen=True)
class _Try:
    """An attempt that has solved. returned: how many of its solutions are to be verified; solved:
    where verifiers go on from.
    """

    record: Record
    solutions: list[Solution]
    returned: int
    solved: Mark


async def ordered(
    items: Sequence[T], work: Callable[[T], Awaitable[R]], window: Callable[[], int]
) -> AsyncIterator[R]:
    """Results of `work` in the order of `items`, at most `window()` of them under way or waiting.

    The window, which may change, bounds memory; an error or a cancellation ends all that is under
    way.
    """
    tasks: list[asyncio.Future[R]] = []
    rest = iter(items)
    try:
        while True:
            while len(tasks) < window() and (item := next(rest, None)) is not None:
                tasks.append(asyncio.ensure_future(work(item)))
            if not tasks:
                return
            if tasks[0].done():
                yield tasks.pop(0).result()
                continue
            # Not for those that are done: it would return at once, again and again.
            pending = [task for task in tasks if not task.done()]
            await asyncio.wait(pending, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            # A failure anywhere in the window ends the run at once, not when its turn comes.
            _raise_first(tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(tasks: Sequence[asyncio.Future[R]]) -> None:
    for task in tasks:
        if task.done() and task.exception() is not None:
            task.result()
