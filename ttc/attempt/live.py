"""The attempt of a run: what its parts ask goes to the engine's models and is written down."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ttc.answers import AnswerRule
from ttc.attempt.checking import TimeLeft, check_verifications, foreign
from ttc.attempt.numbers import Numbers
from ttc.core import Ask, Capabilities, Model, Problem, Purpose, Sample, Solution, Verification
from ttc.errors import UsageError
from ttc.registry import Part, Path, walk
from ttc.verifiers import VerifierPart

Models = Mapping[Path, Mapping[str, Model]]
"""The models of each part, by the part's path and the field that names the model."""


@dataclass(frozen=True)
class World:
    """What all attempts of a run share.

    models: of every part; seed: the recipe's; left: seconds until a plug-in must have returned,
    None for any.
    """

    models: Models
    answers: AnswerRule
    default_prompt: str
    seed: int
    left: TimeLeft = lambda: None

    def begin(self, problem: Problem) -> Record:
        """A new attempt at a problem."""
        text = f"{self.seed} {problem.id}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=16, person=b"ttc-attempt").digest()
        return Record(problem, np.random.default_rng(int.from_bytes(digest, "big")))


@dataclass
class Record:
    """What one attempt has asked and got, whichever of its parts did.

    samples, solutions: how many; the samples themselves would fill the memory.
    """

    problem: Problem
    rng: np.random.Generator
    samples: int = 0
    solutions: int = 0
    verifications: list[Verification] = field(default_factory=list)
    refused: bool = False
    numbers: Numbers = field(default_factory=Numbers)
    judged: Counter[tuple[str, int]] = field(default_factory=Counter)
    under_way: bool = False

    @contextmanager
    def request(self) -> Iterator[None]:
        """One at a time: their order is what a budget's decisions follow from."""
        if self.under_way:
            raise UsageError(
                "a method has two requests of one attempt under way; put them into one `sample`"
            )
        self.under_way = True
        try:
            yield
        finally:
            self.under_way = False


class LiveAttempt:
    """See `ttc.core.Attempt`: the attempt as one part sees it, whose models it asks."""

    def __init__(
        self, world: World, record: Record, part: Part, path: Path, purpose: Purpose
    ) -> None:
        """path: where the part stands in the recipe, as the world's models have it."""
        self._world, self._record = world, record
        self._part, self._path, self._purpose = part, path, purpose

    @cached_property
    def problem(self) -> Problem:
        return replace(self._record.problem, answer="")

    @property
    def default_prompt(self) -> str:
        return self._world.default_prompt

    @property
    def rng(self) -> np.random.Generator:
        return self._record.rng

    @property
    def refused(self) -> bool:
        return self._record.refused

    def capabilities(self, by: str = "backend") -> Capabilities:
        return self._model(by).capabilities

    def _model(self, by: str) -> Model:
        models = self._world.models[self._path]
        if by not in models:
            known = ", ".join(models)
            raise UsageError(f"{type(self._part).__name__} has no model {by!r}, only {known}")
        return models[by]

    async def sample(self, *asks: Ask) -> list[list[Sample]]:
        record = self._record
        with record.request():
            models = [self._model(ask.by) for ask in asks]
            starts = record.numbers.take(
                [
                    ((*model.identity.scope, ask.prompt, ask.params.bare()), ask.n)
                    for ask, model in zip(asks, models, strict=True)
                ]
            )
            # The tasks begin in this order, and a model takes its turn at the budget first thing.
            replies = await asyncio.gather(
                *(
                    model.sample(
                        ask.prompt,
                        ask.params,
                        ask.n,
                        problem_id=record.problem.id,
                        purpose=self._purpose,
                        start=start,
                    )
                    for ask, model, start in zip(asks, models, starts, strict=True)
                )
            )
        found = []
        for ask, completions in zip(asks, replies, strict=True):
            record.refused |= len(completions) < ask.n
            after = None if ask.after is None else ask.after.number
            found.append([Sample(record.samples + i, c, after) for i, c in enumerate(completions)])
            record.samples += len(completions)
        return found

    async def judge(
        self, verifier: VerifierPart, solutions: Sequence[Solution]
    ) -> list[Verification]:
        inside = walk(self._part, self._path)
        path = next((path for path, one, _ in inside if one is verifier), None)
        if path is None:
            raise UsageError(f"{type(self._part).__name__} has no such verifier in its fields")
        return await judged(self._world, self._record, verifier, path, solutions)

    def solution(self, text: str, of: Sequence[Sample], steps: Sequence[str] = ()) -> Solution:
        completions = [sample.completion for sample in of]
        index = self._record.solutions
        self._record.solutions += 1
        known = [c.mean_logprob for c in completions]
        tokens = [c.completion_tokens for c in completions]
        total = sum(tokens)
        mean = None
        if len(known) == 1:
            mean = known[0]
        elif total and all(one is not None for one in known):
            mean = sum(m * n for m, n in zip(known, tokens, strict=True) if m is not None) / total
        return Solution(
            problem_id=self._record.problem.id,
            index=index,
            text=text,
            answer=self._world.answers.extract(text),
            prompt_tokens=completions[0].prompt_tokens if completions else 0,
            completion_tokens=total,
            finish_reason=completions[-1].finish_reason if completions else "stop",
            mean_logprob=mean,
            steps=tuple(steps),
            seconds=sum(c.seconds for c in completions),
        )

    def classes(self, solutions: Sequence[Solution]) -> NDArray[np.int32]:
        return self._world.answers.classify([s.answer for s in solutions], None).index


async def judged(
    world: World,
    record: Record,
    verifier: VerifierPart,
    path: Path,
    solutions: Sequence[Solution],
) -> list[Verification]:
    """Have a verifier of the recipe, which stands at a path, judge; what it says is recorded."""
    desk = LiveAttempt(world, record, verifier, path, "verification")
    found = await foreign(verifier, verifier.verify(desk, solutions), world.left)
    checked = check_verifications(verifier, record.problem, solutions, found)
    # Who judges a solution again goes on numbering.
    stored = [
        replace(one, index=one.index + record.judged[one.verifier, one.solution_index])
        for one in checked
    ]
    for one in stored:
        key = (one.verifier, one.solution_index)
        record.judged[key] = max(record.judged[key], one.index + 1)
    record.verifications += stored
    return stored
