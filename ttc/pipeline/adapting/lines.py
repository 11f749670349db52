"""What a rule saves, loses and misses, with intervals over problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import difference_interval, mean_interval, resamples
from ttc.analysis.stopping import Replayed, Use, foreseen
from ttc.pipeline.adapting.request import AnyRule, Kind, Line
from ttc.pipeline.adapting.sides import used
from ttc.pipeline.adapting.tuned import told
from ttc.pipeline.interval import Interval, interval

_RESAMPLES = 500


@dataclass(frozen=True)
class Lines:
    """Makes lines of what was replayed on some problems."""

    found: Replayed
    level: float
    seed: int
    clusters: IntArray | None = None

    def vote(self) -> Line:
        """The vote of all solutions, against which all is measured."""
        over = float((self.found.vote.solutions - self.found.settled.solutions).mean())
        return self._plain("full vote", "vote", self.found.vote, over)

    def settled(self) -> Line:
        """Who stops where the full vote's answer stands."""
        return self._plain("clairvoyant stop", "settled", self.found.settled, 0.0)

    def rules(self, named: Sequence[tuple[AnyRule, Kind]]) -> list[Line]:
        """Of rules, in the order in which they were replayed."""
        rng = np.random.default_rng([self.seed, 1])
        weights = resamples(len(self.found.curve), _RESAMPLES, rng, self.clusters)
        return [self._rule(j, *one, weights) for j, one in enumerate(named)]

    def _plain(self, label: str, kind: Kind, use: Use, over: float) -> Line:
        success = self._mean(use.success)
        samples, tokens = float(use.solutions.mean()), float(use.tokens.mean())
        return Line(label, kind, {}, samples, tokens, success, over, float(use.withheld.mean()))

    def _rule(self, j: int, rule: AnyRule, kind: Kind, weights: FloatArray) -> Line:
        found, gains = self.found, self.found.curve - self.found.start[:, None]
        use = Use(*(getattr(found.rules, name)[:, j] for name in Use.__dataclass_fields__))
        samples = float(use.solutions.mean())
        equal = _between(found, samples)
        known = np.isfinite(found.vote.tokens).all()
        mine, full = (
            (used(use), used(found.vote)) if known else (use.solutions, found.vote.solutions)
        )
        saved = 1 - (weights @ mine) / (weights @ full)
        drawn = weights @ use.solutions
        missed = foreseen(gains, drawn[:, None], weights)[:, 0]
        missed = missed - weights @ (use.success - found.start)
        best = float(foreseen(gains, np.array([samples]))[0, 0])
        return Line(
            label=rule.label,
            kind=kind,
            policy=told(rule),
            samples=samples,
            tokens=float(use.tokens.mean()),
            success=self._mean(use.success),
            over=float((use.solutions - found.settled.solutions).mean()),
            withheld=float(use.withheld.mean()),
            saved=self._of(1 - mine.sum() / full.sum(), saved),
            lost=self._difference(found.vote.success - use.success),
            ahead=self._difference(use.success - equal),
            regret=self._of(best - float((use.success - found.start).mean()), missed),
        )

    def _mean(self, values: FloatArray) -> Interval:
        low, high = mean_interval(values, self.level, self.clusters)
        return Interval(float(values.mean()), float(low), float(high))

    def _difference(self, values: FloatArray) -> Interval:
        low, high = difference_interval(values, self.level, self.clusters)
        return Interval(float(values.mean()), float(low), float(high))

    def _of(self, estimate: float, draws: FloatArray) -> Interval:
        problems = self.found.curve if self.clusters is None else np.unique(self.clusters)
        return interval(float(estimate), draws, len(problems), self.level)


def _between(found: Replayed, samples: float) -> FloatArray:
    """(problems,) success of a vote of so many solutions everywhere; between two numbers, of a coin
    that takes the one or the other.
    """
    curve = np.column_stack([found.start, found.curve])
    low = int(np.clip(np.floor(samples), 0, curve.shape[1] - 1))
    high = min(low + 1, curve.shape[1] - 1)
    part = max(samples - low, 0.0)
    return np.asarray((1 - part) * curve[:, low] + part * curve[:, high])
