"""Rules tuned on one side of the split: the cheapest that loses little against the full vote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import difference_interval, mean_interval
from ttc.analysis.stopping import Replayed
from ttc.pipeline.adapting.sides import Side, used
from ttc.pipeline.tuning.candidates import candidates
from ttc.pipeline.tuning.file import Candidate, Choice, Figure
from ttc.policies import StoppingRule


@dataclass(frozen=True)
class Picked:
    """A rule as it was, as it was tuned, and all that was tried, with what each does where it was
    tuned.
    """

    before: StoppingRule
    after: StoppingRule
    tried: tuple[StoppingRule, ...]
    found: Replayed

    def choice(self, side: Side, others: Figure, gain: Figure) -> Choice:
        """For the file. others, gain: of the tuned one where it was not tuned."""
        success = self.found.rules.success
        old, new = (
            success[:, [t.label for t in self.tried].index(one.label)]
            for one in (self.before, self.after)
        )
        gained = difference(new - old)
        return Choice(
            label=self.after.label,
            policy={"type": type(self.after).model_fields["type"].default}
            | self.after.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            before=self.before.label,
            S=side.most,
            V=0,
            candidates=[self._candidate(j, one, side.most) for j, one in enumerate(self.tried)],
            success_tuning=mean(new),
            success_others=others,
            gain_tuning=gained,
            gain_others=gain,
            optimism=gained.estimate - gain.estimate,
        )

    def _candidate(self, j: int, rule: StoppingRule, most: int) -> Candidate:
        told = mean(self.found.rules.success[:, j])
        return Candidate(
            parameters=rule.model_dump(mode="json", include={"window", *rule.grid}),
            label=rule.label,
            S=most,
            V=0,
            cost=float(used(self.found.rules)[:, j].mean()),
            success=told.estimate,
            low=told.low,
            high=told.high,
        )


def pick(side: Side, rule: StoppingRule, loss: float) -> Picked:
    """The cheapest of a rule's candidates that loses at most `loss` against the full vote there; of
    those that lose more, who loses least. The rule as it was stays where it is as good.
    """
    tried = [one for one in candidates(rule, rule.grid) if isinstance(one, StoppingRule)]
    found = side.replayed(tried)
    lost = (found.vote.success[:, None] - found.rules.success).mean(axis=0)
    cost = used(found.rules).mean(axis=0)
    keys = [(max(0.0, round(x - loss, 9)), c) for x, c in zip(lost.tolist(), cost, strict=True)]
    best = min(range(len(tried)), key=lambda j: keys[j])
    return Picked(rule, tried[best], tuple(tried), found)


def mean(values: FloatArray) -> Figure:
    """With its interval for new problems."""
    low, high = mean_interval(values)
    return _figure(values, float(low), float(high))


def difference(values: FloatArray) -> Figure:
    """The same of paired differences."""
    low, high = difference_interval(values)
    return _figure(values, float(low), float(high))


def _figure(values: FloatArray, low: float, high: float) -> Figure:
    known = [None if np.isnan(end) else end for end in (low, high)]
    return Figure(estimate=float(values.mean()), low=known[0], high=known[1], problems=len(values))
