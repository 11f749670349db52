"""A tree of texts that is known exactly: letters, one a line, each a step; the last one ends it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attempts import attempt_of
from letter_tree import letters_of
from readers import Reader

from ttc.core import Capabilities, Completion, ModelIdentity, Passage, Problem, Prompt, Solution
from ttc.samplers import SamplerPart


class Letters:
    """Draws letters, all as likely, or each in turn, so that as many samples are all there are.

    limit: samples after which it ends like a budget; shown: how many letters each ask stood behind.
    """

    def __init__(
        self, letters: str, depth: int, in_turn: bool = False, limit: int | None = None
    ) -> None:
        self.letters, self.depth, self.in_turn = letters, depth, in_turn
        self.limit = limit
        self.capabilities = Capabilities(raw=True, prefill=True, stop=True, logprobs=1)
        self.identity = ModelIdentity("test", f"{letters} {depth}")
        self.shown: list[int] = []

    async def sample(
        self, prompt: Prompt, params: Any, n: int, *, problem_id: str, start: int = 0, **_: Any
    ) -> list[Completion]:
        left = n if self.limit is None else min(n, self.limit - len(self.shown))
        self.shown += [len(letters_of(prompt.prefill))] * left
        return [self._one(prompt, params, problem_id, start + i) for i in range(left)]

    def _one(self, prompt: Prompt, params: Any, problem: str, number: int) -> Completion:
        left = self.depth - len(letters_of(prompt.prefill))
        seed = zlib.crc32(f"{problem} {prompt.prefill!r}".encode())
        picks = np.random.default_rng([seed, number]).integers(len(self.letters), size=left)
        picks[0] = number % len(self.letters) if self.in_turn else picks[0]
        steps = [self.letters[i] for i in picks]
        if "\n" in params.stop and left > 1:
            return Completion(steps[0], "stop", 5, 2, stopped_by="\n")
        return Completion("\n".join(steps), "stop", 5, 2 * left, stopped_by="")


def searched(
    sampler: SamplerPart, model: Letters, reward: Callable[[str], float | None], of: str = "p"
) -> tuple[list[str], list[str], Any]:
    """The letters of what it returned, of what it answered in turn, and the attempt's record.

    reward: of letters so far, the last one's score; None where it fails.
    """

    def says(passage: Passage) -> Completion:
        path = letters_of("".join(passage.steps))
        scores = [reward(path[: i + 1]) for i in range(len(path))]
        if None in scores:
            return Completion("", "gave_up", 3, 0, error="no")
        return Completion("", "read", 3, 0, scores=tuple(s for s in scores if s is not None))

    attempt = attempt_of(sampler, Problem(of, "which letters?", ""), model, prm=Reader(says))
    found: Sequence[Solution] = asyncio.run(sampler.solve(attempt))
    record = attempt._record
    said = [record.solutions[one.solution_index].text for one in record.answers()]
    return [letters_of(one.text) for one in found], [letters_of(one) for one in said], record
