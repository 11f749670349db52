"""Diverse verifier tree search: independent trees, each of which keeps its best of some steps."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Prompt, Reading, Role, Sample, Solution
from ttc.refs import BackendRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent

MARK = "\n"


@dataclass(frozen=True)
class Grown:
    """The steps of a tree so far. score: of the last one, -1 where the budget left none."""

    samples: tuple[Sample, ...] = ()
    steps: tuple[str, ...] = ()
    ended: bool = False
    score: float = -1.0

    def then(self, step: Sample) -> "Grown":
        ended = step.completion.stopped_by != MARK  # by the model's end of text, or cut off
        text = step.completion.text + ("" if ended else MARK)
        return Grown((*self.samples, step), (*self.steps, text), ended)


class StepTree(SamplerPart):
    """A step tree (arXiv 2408.03314, DVTS): each of its trees is a branch of the attempt."""

    type: Literal["step_tree"] = "step_tree"
    roles: ClassVar[Mapping[str, Role]] = {"prm": "reward"}
    draw: Independent = Independent(temperature=1.0, max_tokens=16)
    """How each step is drawn."""
    prm: BackendRef
    trees: int = Field(default=3, ge=1)
    width: int = Field(default=3, ge=1)
    """Steps of which a tree keeps one."""
    most: int = Field(default=6, ge=1)
    """Steps at most."""

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        trees = attempt.split(*[1 / self.trees] * self.trees)
        found = [one for one in await asyncio.gather(*map(self._grow, trees)) if one[0].steps]
        if found:
            attempt.answer(max(found, key=lambda one: (one[0].ended, one[0].score))[1])
        return [solution for _, solution in found]

    async def _grow(self, tree: Attempt) -> tuple[Grown, Solution]:
        path = Grown()
        while not path.ended and len(path.steps) < self.most and not tree.refused:
            ask = self._ask(tree, path)
            (children,) = await tree.sample(ask)
            if children:
                path = await self._best(tree, [path.then(child) for child in children])
        return path, tree.solution("".join(path.steps), path.samples, path.steps)

    async def _best(self, tree: Attempt, children: Sequence[Grown]) -> Grown:
        prompt: Prompt = self.draw.ask(tree, 1).prompt
        read = await tree.read(*[Reading(prompt, one.steps, by="prm") for one in children])
        known = zip(children, read, strict=False)  # fewer where the budget ends
        scored = [replace(one, score=said.scores[-1]) for one, said in known]
        return max(scored or children[:1], key=lambda one: one.score)

    def _ask(self, tree: Attempt, path: Grown) -> Ask:
        ask = self.draw.ask(tree, self.width)
        prompt = replace(ask.prompt, prefill=ask.prompt.prefill + "".join(path.steps))
        after = path.samples[-1] if path.samples else None
        return replace(ask, prompt=prompt, params=replace(ask.params, stop=(MARK,)), after=after)
