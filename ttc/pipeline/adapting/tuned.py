"""Rules tuned on one side of the split: the cheapest that loses little against the full vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import difference_interval, mean_interval
from ttc.analysis.stopping import Replayed
from ttc.pipeline.adapting.request import AnyRule, Ground, R
from ttc.pipeline.adapting.sides import used
from ttc.pipeline.tuning.file import Candidate, Choice, Figure


@dataclass(frozen=True)
class Picked(Generic[R]):
    """A rule as it was, as it was tuned, and all that was tried, with what each does where it was
    tuned.
    """

    before: R
    after: R
    tried: tuple[R, ...]
    found: Replayed

    def choice(self, side: Ground[R], others: Figure, gain: Figure) -> Choice:
        """For the file. others, gain: of the tuned one where it was not tuned."""
        success = self.found.rules.success
        old, new = (
            success[:, [t.label for t in self.tried].index(one.label)]
            for one in (self.before, self.after)
        )
        gained = difference(new - old, side.clusters)
        return Choice(
            label=self.after.label,
            policy=told(self.after),
            before=self.before.label,
            S=side.most,
            V=side.votes,
            candidates=[self._candidate(j, one, side) for j, one in enumerate(self.tried)],
            success_tuning=mean(new, side.clusters),
            success_others=others,
            gain_tuning=gained,
            gain_others=gain,
            optimism=gained.estimate - gain.estimate,
        )

    def _candidate(self, j: int, rule: R, side: Ground[R]) -> Candidate:
        success = mean(self.found.rules.success[:, j], side.clusters)
        return Candidate(
            parameters=rule.model_dump(mode="json", include={"window", *rule.grid}),
            label=rule.label,
            S=side.most,
            V=side.votes,
            cost=float(used(self.found.rules)[:, j].mean()),
            success=success.estimate,
            low=success.low,
            high=success.high,
        )


def told(rule: AnyRule) -> dict[str, Any]:
    """A rule as recipes name it: its type, and what is not as by default."""
    fields = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"type": type(rule).model_fields["type"].default} | fields


def pick(side: Ground[R], tried: Sequence[R], loss: float) -> Picked[R]:
    """The cheapest of a rule's candidates that loses at most `loss` against the full vote there; of
    those that lose more, who loses least. tried: the rule as it was first, which stays where it is
    as good.
    """
    found = side.replayed(tried)
    lost = (found.vote.success[:, None] - found.rules.success).mean(axis=0)
    cost = used(found.rules).mean(axis=0)
    keys = [(max(0.0, round(x - loss, 9)), c) for x, c in zip(lost.tolist(), cost, strict=True)]
    best = min(range(len(tried)), key=lambda j: keys[j])
    return Picked(tried[0], tried[best], tuple(tried), found)


def mean(values: FloatArray, clusters: IntArray | None = None) -> Figure:
    """With its interval for new problems, or clusters of them."""
    low, high = mean_interval(values, clusters=clusters)
    return _figure(values, float(low), float(high))


def difference(values: FloatArray, clusters: IntArray | None = None) -> Figure:
    """The same of paired differences."""
    low, high = difference_interval(values, clusters=clusters)
    return _figure(values, float(low), float(high))


def _figure(values: FloatArray, low: float, high: float) -> Figure:
    known = [None if np.isnan(end) else end for end in (low, high)]
    return Figure(estimate=float(values.mean()), low=known[0], high=known[1], problems=len(values))
