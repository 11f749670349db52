"""DeepConf online (arXiv 2508.15260): solutions are cut where the solver becomes unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.core import Ask, Attempt, Role, Solution
from ttc.policies import plurality
from ttc.registry import register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.independent import Independent
from ttc.samplers.search.traces import Trace


@register
class DeepConf(SamplerPart):
    """Cuts solutions whose token confidence falls below what the first ones had; the rest vote.

    `warmup` solutions are written out. Of the lowest confidence that each had over any `window` of
    tokens, a percentile is the threshold. Later ones are written `chunk` by chunk, by a model that
    goes on from begun answers, and cut at the first window below it: what they had cost is spent.
    Those that are above it, of the first too, vote by their lowest confidence, until one answer has
    a share of `consensus`. That weight, and solutions written some at a time, are our choice where
    the paper has several.
    """

    continues: ClassVar[bool] = True

    type: Literal["deepconf"] = "deepconf"
    draw: Independent = Independent(temperature=0.6, top_p=0.95, max_tokens=32_000)
    """How solutions are drawn; its number of solutions is not used."""
    warmup: int = Field(default=16, ge=1, le=1_000_000)
    """Solutions written out first, from which the threshold is."""
    most: int = Field(default=256, ge=1, le=1_000_000)
    """Solutions at most, with the first ones and those that are cut."""
    keep: float = Field(default=90.0, gt=0, le=100)
    """Per cent of the first ones that are above the threshold: 90 is the paper's careful setting,
    10 its cheap one."""
    window: int = Field(default=2048, ge=1, le=100_000_000)
    """Tokens over which confidence is averaged."""
    top: int = Field(default=20, ge=1, le=20)
    """Likeliest tokens at each place whose log-probabilities make its confidence."""
    chunk: int = Field(default=512, ge=1, le=100_000_000)
    """Tokens written between two looks; what is written after the fall is spent, too."""
    together: int = Field(default=8, ge=1, le=100_000)
    """Solutions written side by side after the first ones."""
    consensus: float = Field(default=0.95, gt=0, le=1)
    """Share of the leading answer in all weights at which to stop."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": self.top}

    def most_solutions(self) -> int:
        return max(self.warmup, self.most)

    def most_samples(self) -> Mapping[Role, int]:
        later = max(0, self.most - self.warmup)
        return {"solver": self.warmup + later * ceil(self.draw.max_tokens / self.chunk)}

    def longest(self) -> Mapping[Role, int]:
        return self.draw.longest()

    def growing(self) -> Mapping[Role, Growing]:
        return {"solver": Growing((self.draw.prompt,), self.draw.max_tokens)}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        ask = self._ask(attempt, self.warmup)
        first = [Trace() for _ in range(self.warmup)]
        first = await self._grow(attempt, ask, first)
        lowest = [one.lowest(self.window) for one in first if not one.failed]
        threshold = float(np.percentile(lowest, 100 - self.keep)) if lowest else 0.0
        found: list[Solution] = []
        weights: list[float] = []
        drawn, traces = len(first), first
        while True:
            for one in traces:
                weight = one.lowest(self.window)
                if one.ended and not one.failed and weight >= threshold:
                    found.append(attempt.solution(one.text, one.samples))
                    weights.append(weight)
            if self._agreed(attempt, found, weights) or drawn >= self.most or attempt.refused:
                return found
            number = min(self.together, self.most - drawn)
            drawn += number
            traces = await self._written(attempt, number, threshold)

    def _ask(self, attempt: Attempt, n: int) -> Ask:
        ask = self.draw.ask(attempt, n)
        return replace(ask, params=replace(ask.params, logprobs=self.top, keep_logprobs=None))

    async def _written(self, attempt: Attempt, number: int, threshold: float) -> list[Trace]:
        """So many more, to their ends or to where they fell below the threshold."""
        ask = self._ask(attempt, number)
        longest = ask.params.max_tokens
        traces = [Trace() for _ in range(number)]
        going = traces
        while going and not attempt.refused:
            written = len(going[0].samples) * self.chunk
            params = replace(ask.params, max_tokens=min(self.chunk, longest - written))
            going = await self._grow(attempt, replace(ask, params=params), going)
            going = [t for t in going if not t.ended and not t.fell(self.window, threshold)]
        return traces

    async def _grow(self, attempt: Attempt, ask: Ask, traces: Sequence[Trace]) -> list[Trace]:
        """Each trace with one sample more; those that the budget had no sample for are left out."""
        if not traces[0].samples:
            (drawn,) = await attempt.sample(replace(ask, n=len(traces)))
            rows = [[one] for one in drawn]
        else:
            rows = await attempt.sample(*[one.further(ask) for one in traces])
        grown = [(t, row[0]) for t, row in zip(traces, rows, strict=False) if row]
        for trace, sample in grown:
            trace.add(sample, self.top, ask.params.max_tokens, self.draw.max_tokens)
        return [trace for trace, _ in grown]

    def _agreed(
        self, attempt: Attempt, found: Sequence[Solution], weights: Sequence[float]
    ) -> bool:
        """Whether the leading answer, which is said, has enough of all weights."""
        if not found:
            return False
        classes, weight = attempt.classes(found), np.array(weights)
        leader = plurality(classes, weight)
        if leader < 0:
            return False
        attempt.answer(found[int(np.argmax(np.where(classes == leader, weight, -1.0)))])
        return bool(weight[classes == leader].sum() >= self.consensus * weight.sum())
