"""What a verifier does to choices: false positives against S, and margins, means over problems."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.analysis.grid import powers_of_two
from ttc.analysis.intervals import mean_interval
from ttc.analysis.judging.false_positives import false_positives
from ttc.analysis.judging.margins import best_of_n_margin, weighted_majority_margin
from ttc.pipeline.judging.figures import Figure, Sampled

MEANINGS = {
    "best_wrong": "probability that the best scored of S is wrong",
    "best_wrong_accepted": "probability that the best scored of S is wrong and accepted",
    "right_missed": "of sets of S with a right one: share whose best scored is wrong",
    "wrong_accepted": "of sets of S with a right one: share whose best is wrong and accepted",
    "none_right_accepted": "of sets of S without a right one: share whose best is accepted",
    "margin": "quantile over problems: how far all scores may move before the choice may flip",
    "tied": "share of problems whose choice is a tie of different answers",
    "never_flips": "share of problems with one answer alone, whose choice can't flip",
}
MARGINS = {"best_of_n": best_of_n_margin, "weighted_majority": weighted_majority_margin}
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_NOTHING = 1e-12


@dataclass(frozen=True)
class Share:
    """A figure that is sum(above) / sum(below) over problems, (problems,) each.

    below: 1 for a mean over problems, 0 for those that it is not about, else how likely a problem
    is to tell.
    """

    quantity: str
    at: float | None
    above: FloatArray
    below: FloatArray

    @property
    def is_mean(self) -> bool:
        return bool(np.isin(self.below, (0.0, 1.0)).all())


def shares(sampled: Sampled) -> list[Share]:
    """False positives at S = 1, 2, 4 ... as far as all problems have, and what margins say."""
    score, _ = sampled.judged.by_problem()
    correct = sampled.judged.loaded.arrays.correct[:, : score.shape[1]]
    fewest = int((~np.isnan(score)).sum(axis=1).min())
    sizes = sorted({*powers_of_two(fewest), fewest})
    found = false_positives(score, correct, sizes, sampled.rules.threshold)
    ones = np.ones(found.wrong.shape)
    told = [
        ("best_wrong", found.wrong, ones),
        ("best_wrong_accepted", found.accepted, ones),
        ("right_missed", found.missed, found.there),
        ("wrong_accepted", found.deceived, found.there),
        ("none_right_accepted", found.hopeless, 1 - found.there),
    ]
    some = [
        Share(name, float(s), above[:, i], np.where(below[:, i] > _NOTHING, below[:, i], 0.0))
        for name, above, below in told
        for i, s in enumerate(sizes)
    ]
    for policy, margins in margins_of(sampled).items():
        known = (~np.isnan(margins)).astype(np.float64)
        some.append(Share(f"tied_{policy}", None, np.where(margins == 0, 1.0, 0.0), known))
        some.append(Share(f"never_flips_{policy}", None, 1.0 * (margins == math.inf), known))
    return some


def margins_of(sampled: Sampled) -> dict[str, FloatArray]:
    """By policy, (problems,) margins: how far scores may move before its choice may flip."""
    score, classes = sampled.judged.by_problem()
    there = ~np.isnan(score)
    rows = list(zip(score, classes, there, strict=True))
    return {
        name: np.array([rule(own[told], answer[told]) for own, answer, told in rows])
        for name, rule in MARGINS.items()
    }


def choice_figures(sampled: Sampled, groups: Mapping[str, BoolArray], by: str) -> Iterator[Figure]:
    """Of each group that is made of whole problems; gaps are to all other problems."""
    judged = sampled.judged
    known, margins = shares(sampled), margins_of(sampled)
    problems = len(judged.problem_ids)
    size = np.bincount(judged.problem, minlength=problems)
    for group, inside in groups.items():
        count = np.bincount(judged.problem[inside], minlength=problems)
        own = count > 0
        if (count[own] < size[own]).any():
            continue
        for share in known:
            told = own & (share.below > 0)
            value, ends = ratio(sampled, share, own), share_ends(sampled, share, own)
            gap, gap_ends = _gap(sampled, share, own, value)
            yield Figure(
                judged.verifier, by, group, share.quantity, share.at, value, *ends,
                int(told.sum()), int(inside.sum()), gap, *gap_ends,
                meaning=_meaning(share.quantity),
            )  # fmt: skip
        for policy, margin in margins.items():
            some = margin[own & ~np.isnan(margin)]
            for q in QUANTILES if len(some) else ():
                # Who can't flip is above all margins.
                value = float(np.quantile(some, q, method="inverted_cdf"))
                yield Figure(
                    judged.verifier, by, group, f"margin_{policy}", q, value, math.nan, math.nan,
                    len(some), int(inside.sum()), meaning=MEANINGS["margin"],
                )  # fmt: skip


def _meaning(quantity: str) -> str:
    for policy in MARGINS:
        quantity = quantity.removesuffix(f"_{policy}")
    return MEANINGS[quantity]


def ratio(sampled: Sampled, share: Share, own: BoolArray) -> float:
    """Of some problems; NaN where none of them tells."""
    below = float(share.below[own].sum())
    return float(share.above[own].sum() / below) if below > _NOTHING else math.nan


def _drawn(sampled: Sampled, share: Share, own: BoolArray) -> FloatArray:
    """(draws,) the same under each resample."""
    weights = sampled.resampling.weights
    below = weights @ (share.below * own)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > _NOTHING, (weights @ (share.above * own)) / below, np.nan)


def share_ends(sampled: Sampled, share: Share, own: BoolArray) -> tuple[float, float]:
    """Its interval over problems."""
    level = sampled.resampling.level
    telling = own & (share.below > 0)
    if not telling.any():
        return math.nan, math.nan
    if share.is_mean:
        clusters = None if sampled.clusters is None else sampled.clusters[telling]
        low, high = mean_interval(share.above[telling], level, clusters)
        return float(low), float(high)
    value, drawn = ratio(sampled, share, own), _drawn(sampled, share, own)
    ends = sampled.resampling.ends(value, drawn, int(telling.sum()))
    return ends.low, ends.high


def _gap(
    sampled: Sampled, share: Share, own: BoolArray, value: float
) -> tuple[float, tuple[float, float]]:
    if own.all():
        return math.nan, (math.nan, math.nan)
    gap = value - ratio(sampled, share, ~own)
    drawn = _drawn(sampled, share, own) - _drawn(sampled, share, ~own)
    fewest = min(int((own & (share.below > 0)).sum()), int((~own & (share.below > 0)).sum()))
    ends = sampled.resampling.ends(gap, drawn, fewest)
    return gap, (ends.low, ends.high)
