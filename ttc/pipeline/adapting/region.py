"""A region in which one answer is accepted, calibrated on one side of the split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.accepting import fewest, surely_good, thresholds
from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.analysis.intervals import mean_interval
from ttc.analysis.problem_view import ProblemView
from ttc.pipeline.adapting.request import Accepted, Region
from ttc.pipeline.adapting.sides import Side
from ttc.pipeline.interval import UNKNOWN, Interval
from ttc.policies import plurality
from ttc.policies.selective import Selective, features

_PROBABILITIES = (0.0, 0.8, 0.9, 0.95)
"""Least token probabilities that are tried; the first asks for none."""


@dataclass(frozen=True)
class _Seen:
    """Of each problem its first solutions' margin and probability, and whether they are wrong."""

    margin: FloatArray
    probability: FloatArray
    wrong: BoolArray

    @classmethod
    def of(cls, side: Side, window: int) -> _Seen:
        """In the order of the pool: one sequence of each problem, so that problems are all that
        is counted.
        """
        told = [_first(view, window) for view in side.views]
        margin, probability, wrong = zip(*told, strict=True)
        return cls(np.array(margin), np.array(probability), np.array(wrong, dtype=np.bool_))

    def inside(self, margin: float, probability: float) -> BoolArray:
        sure = self.probability >= probability if probability else True
        return np.asarray((self.margin >= margin - 1e-9) & sure)


def calibrate(tuning: Side, others: Side, region: Region) -> tuple[Selective | None, Accepted]:
    """The region that accepts most of those that surely hold, and what it does on other problems.

    For each least probability that is known of solutions, margins from the largest down; delta is
    split between these sequences. None where no region passes: there are too few problems, or the
    model errs where it agrees with itself.
    """
    seen, rest = (_Seen.of(side, region.window) for side in (tuning, others))
    known = not np.isnan(seen.probability).all()
    tried = _PROBABILITIES if known else _PROBABILITIES[:1]
    margins = thresholds(region.window)
    delta = region.delta / len(tried)
    passed: list[tuple[int, float, float]] = []
    for probability in tried:
        inside = np.stack([seen.inside(m, probability) for m in margins], axis=1)
        good, _ = surely_good(inside, seen.wrong, region.alpha, delta)
        sizes = inside.sum(axis=0).tolist()
        passed += [
            (size, margin, probability)
            for size, margin, ok in zip(sizes, margins, good, strict=True)
            if ok
        ]
    needed = fewest(region.alpha, delta)
    if not passed:
        return None, Accepted(region, "", others.count, tuning_problems=tuning.count, needed=needed)
    _, margin, probability = max(passed, key=lambda one: (one[0], one[1]))
    rule = Selective(
        window=region.window,
        margin=margin,
        probability=probability,
        otherwise="withhold" if region.withhold else "more",
    )
    here, there = seen.inside(margin, probability), rest.inside(margin, probability)
    return rule, Accepted(
        region,
        rule.label,
        others.count,
        int(there.sum()),
        int((there & rest.wrong).sum()),
        tuning.count,
        int(here.sum()),
        int((here & seen.wrong).sum()),
        _error(rest.wrong[there]),
        needed,
    )


def _first(view: ProblemView, window: int) -> tuple[float, float, bool]:
    n = min(window, len(view.answer_class))
    known = {} if view.confidence is None else {"confidence": view.confidence[:n]}
    blank = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    drawn = Drawn(view.answer_class[:n], *blank, known)
    if n < window:
        return 0.0, float("nan"), True
    wrong = plurality(drawn.classes) not in view.right_classes
    return *features(drawn, window), wrong


def _error(wrong: BoolArray) -> Interval:
    if not len(wrong):
        return UNKNOWN
    low, high = mean_interval(wrong.astype(np.float64))
    return Interval(float(wrong.mean()), float(low), float(high))
