"""Diverse verifier tree search: independent trees, each of which keeps its best of some steps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Sample, Solution
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent

MARK = "\n"


@dataclass(frozen=True)
class Grown:
    """The steps of a tree so far. score: mean log-probability of the last one."""

    samples: tuple[Sample, ...] = ()
    steps: tuple[str, ...] = ()
    ended: bool = False
    score: float = -1e9

    @property
    def text(self) -> str:
        return MARK.join(self.steps)

    def then(self, step: Sample) -> "Grown":
        done = step.completion
        return Grown(
            (*self.samples, step),
            (*self.steps, done.text),
            ended=done.stopped_by != MARK,  # by the model's end of text, or cut off
            score=-1e9 if done.mean_logprob is None else done.mean_logprob,
        )


class StepTree(SamplerPart):
    """A step tree (arXiv 2408.03314, DVTS): each of its trees is a branch of the attempt."""

    type: Literal["step_tree"] = "step_tree"
    draw: Independent = Independent(temperature=1.0, max_tokens=16, logprobs=True)
    """How each step is drawn."""
    trees: int = Field(default=3, ge=1)
    width: int = Field(default=3, ge=1)
    """Steps of which a tree keeps one."""
    most: int = Field(default=6, ge=1)
    """Steps at most."""

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        trees = attempt.split(*[1 / self.trees] * self.trees)
        found = await asyncio.gather(*map(self._grow, trees))
        if whole := [one for one in found if one[0].samples]:
            best = max(whole, key=lambda one: (one[0].ended, one[0].score))
            attempt.answer(best[1])
        return [solution for _, solution in whole]

    async def _grow(self, tree: Attempt) -> tuple[Grown, Solution]:
        path = Grown()
        while not path.ended and len(path.steps) < self.most:
            (children,) = await tree.sample(self._ask(tree, path))
            if not children:
                break
            path = max(map(path.then, children), key=lambda one: one.score)
        return path, tree.solution(path.text, path.samples, path.steps)

    def _ask(self, tree: Attempt, path: Grown) -> Ask:
        ask = self.draw.ask(tree, self.width)
        params = replace(ask.params, stop=(MARK,))
        begun = path.text + MARK if path.steps else ""
        prompt = replace(ask.prompt, prefill=ask.prompt.prefill + begun)
        return Ask(prompt, params, self.width, after=path.samples[-1] if path.samples else None)
