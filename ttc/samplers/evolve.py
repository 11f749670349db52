"""Population search with mutation prompts and a hardened score (after robust-kbench)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.core import Attempt, Role, Sample, Solution
from ttc.errors import DataError
from ttc.registry import register
from ttc.samplers import SamplerPart
from ttc.samplers.search.population import Member, Mutation, Population
from ttc.unit_tests.fitness import Trial
from ttc.unit_tests.given import given_tests
from ttc.unit_tests.patches import program_in
from ttc.unit_tests.suspicion import suspicions


@register
class Evolve(SamplerPart):
    """Mutates programs, generation by generation, paid by tests that can't be gamed.

    It begins with the problem's own program. A program is worth its share of the tests that are
    shown or of those held back, whichever is lower.
    """

    executes: ClassVar[bool] = True

    type: Literal["evolve"] = "evolve"
    mutations: tuple[Mutation, ...] = Field(min_length=1, max_length=20)
    """Prompts that ask for a child of a program."""
    generations: int = Field(default=4, ge=1, le=100_000)
    """Generations at most."""
    children: int = Field(default=8, ge=1, le=10_000)
    """Samples of each generation."""
    population: int = Field(default=6, ge=1, le=10_000)
    """Programs that a generation hands on."""
    elites: int = Field(default=2, ge=0, le=10_000)
    """The best so far, which stay whatever comes."""
    tournament: int = Field(default=2, ge=1, le=10_000)
    """Programs drawn for each child, of which the best is its parent."""
    accept: float = Field(default=1.0, gt=0, le=1)
    """The score that ends the search."""
    tests: str = Field(default="tests", max_length=200)
    """Metadata with the public tests: pieces of Python, or [arguments, value] of calls."""
    entry_point: str = Field(default="entry_point", max_length=200)
    """Metadata with the name of the function that is called."""
    program: str = Field(default="program", max_length=200)
    """Metadata with the program to begin with."""
    reference: str = Field(default="reference", max_length=200)
    """Metadata with a trusted program that says what calls of new inputs give, where there is one;
    it runs in the sandbox, too."""
    shown: float = Field(default=0.5, gt=0, le=1)
    """Share of the public tests, the first ones, that the model is told when they fail. One more is
    when a program passes all of these and fails others; one is always held back."""
    varied: int = Field(default=8, ge=0, le=10_000)
    """Calls of new inputs that are held back, too, where there is a reference."""
    speed: float = Field(default=0.0, ge=0, lt=1)
    """Weight of time in the score, for programs that pass all tests: the reference's time by that
    of both."""
    time_s: float = Field(default=2.0, gt=0, le=600)
    """Longest time of a test, in seconds."""
    memory_mib: int = Field(default=1024, ge=16, le=1 << 20)
    """Memory of a program, in MiB."""

    def most_solutions(self) -> int:
        return 1

    def most_samples(self) -> Mapping[Role, int]:
        most = self.generations * self.children
        return {"solver": most, "program": most + 2}

    def longest(self) -> Mapping[Role, int]:
        return {"solver": max(one.max_tokens for one in self.mutations)}

    @property
    def first_longest(self) -> str:
        one = max(range(len(self.mutations)), key=lambda i: self.mutations[i].max_tokens)
        return f"mutations.{one}.max_tokens"

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        trial = await self._trial(attempt)
        begun = self._given(attempt, self.program)
        (result,) = await trial.run(attempt, [begun])
        if result is None:
            return []
        population, seen = Population(trial, [Member(begun, result)]), {begun}
        answer: tuple[Member, Solution] | None = None
        for _ in range(self.generations):
            population.admit(
                await self._born(attempt, population, seen), self.population, self.elites
            )
            best = next((one for one in population.members if one.sample is not None), None)
            if best is not None and best.sample is not None and (not answer or answer[0] != best):
                text = f"```python\n{best.program}\n```"
                answer = best, attempt.solution(text, [best.sample])
                attempt.answer(answer[1])
            if attempt.refused or (best and population.rating(best).score >= self.accept):
                break
        return [answer[1]] if answer else []

    async def _trial(self, attempt: Attempt) -> Trial:
        """What programs are paid by. Raises `DataError`."""
        metadata = attempt.problem.metadata
        tests = given_tests(metadata, self.tests, self.entry_point)
        if not tests:
            self._given(attempt, self.tests)
        shown = set(range(min(max(1, round(self.shown * len(tests))), len(tests) - 1)))
        trial = Trial(tests, shown, self.time_s, self.memory_mib, self.speed)
        if self.speed or metadata.get(self.reference):
            reference = self._given(attempt, self.reference)
            await trial.vary(attempt, reference, self.varied)
        return trial

    def _given(self, attempt: Attempt, key: str) -> str:
        """A text of the problem's metadata. Raises `DataError`."""
        found = attempt.problem.metadata.get(key)
        if not isinstance(found, str) or not found.strip():
            raise DataError(
                f"sampler evolve: problem {attempt.problem.id!r:.80} has no {key!r} among its "
                "metadata; name its column under `dataset.columns.metadata`"
            )
        return found

    async def _born(self, attempt: Attempt, population: Population, seen: set[str]) -> list[Member]:
        """New programs of a generation; those that reach for their checker are none."""
        shares = np.array([one.share for one in self.mutations])
        wanted: Counter[tuple[Member, Mutation]] = Counter()
        for _ in range(self.children):
            kind = int(attempt.rng.choice(len(shares), p=shares / shares.sum()))
            wanted[population.parent(attempt, self.tournament), self.mutations[kind]] += 1
        rows = await attempt.sample(
            *[how.ask(attempt, *population.told(who), n) for (who, how), n in wanted.items()]
        )
        born: dict[str, Sample] = {}
        for (who, _), row in zip(wanted, rows, strict=False):
            for sample in row:
                child = program_in(sample.completion.text, {"program": who.program})
                if child is not None and child not in seen and not suspicions(child):
                    born.setdefault(child, sample)
        seen |= set(born)
        results = await population.trial.run(attempt, list(born))
        return [
            Member(program, result, sample)
            for (program, sample), result in zip(born.items(), results, strict=True)
            if result is not None
        ]
