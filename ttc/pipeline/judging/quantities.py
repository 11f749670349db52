"""The figures of a verifier: how they are called, what they are, and how each is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.grid import powers_of_two
from ttc.analysis.judging.calibration import bins_of, brier, reliability
from ttc.analysis.judging.decisions import UNKNOWN, localisation, rates
from ttc.analysis.judging.dependence import Repeated, effective_number, pearson
from ttc.analysis.judging.levels import (
    DetectionCost,
    Levels,
    auc,
    average_precision,
    equal_error_rate,
    min_detection_cost,
)
from ttc.analysis.judging.more_verdicts import ScoreLaw, score_law
from ttc.analysis.judging.normalise import t_norm, z_norm
from ttc.pipeline.judging.loading import Judged

Key = tuple[str, float | None]
"""Name of a figure, and what it is at."""

MEANINGS: dict[str, str] = {
    "right": "share of solutions that are right",
    "unreadable": "share of verifications without a readable verdict",
    "accuracy": "share of solutions judged rightly at the threshold",
    "true_positive_rate": "share of right solutions accepted",
    "true_negative_rate": "share of wrong solutions rejected",
    "balanced_accuracy": "mean of the true positive and true negative rates",
    "balanced_accuracy_of_v": "the same of the mean of V random verdicts of each solution",
    "f1": "harmonic mean of the true positive and true negative rates (ProcessBench's F1)",
    "auc": "probability that a right solution outscores a wrong one of any problem",
    "auc_within": "the same for two solutions of one problem, mean over problems",
    "average_precision": "area under the precision-recall curve",
    "equal_error_rate": "error rate where misses and false alarms are as frequent",
    "equal_error_rate_z": "the same with z-normalised scores",
    "equal_error_rate_t": "the same with t-normalised scores",
    "min_detection_cost": "least cost of errors at P_target, 1 for a blind decision",
    "min_detection_cost_z": "the same with z-normalised scores",
    "min_detection_cost_t": "the same with t-normalised scores",
    "ece_width": "expected calibration error, bins of equal width",
    "ece_mass": "expected calibration error, bins of equal mass",
    "brier": "mean squared difference of score and rightness",
    "brier_reliability": "of it: distance of scores from shares of right ones",
    "brier_resolution": "of it, subtracted: spread of these shares",
    "brier_uncertainty": "of it: what the share of right ones leaves open",
    "brier_within": "of it: the rest, of unequal scores in a bin",
    "rho_verdicts": "correlation of two verdicts on one solution",
    "rho_errors": "correlation of the errors of two verdicts on one solution",
    "effective_verdicts": "independent verdicts that V verdicts are worth",
    "solver_wrong": "correlation of score and the answer's frequency, wrong solutions",
    "solver_right": "correlation of score and the answer's frequency, right solutions",
    "solve_rate": "correlation of judging a solution rightly and its problem's solve rate",
    "first_wrong_found": "of solutions with a wrong step: share in which the first is named",
    "none_wrong_found": "of solutions without: share in which none is named",
    "first_wrong_f1": "harmonic mean of these two (ProcessBench's F1, by steps)",
    "first_wrong_near": "of solutions with a wrong step: share named within one step",
}


@dataclass(frozen=True)
class Rules:
    """How a verifier is measured.

    threshold: scores from which a solution is accepted. bins: of calibration. costs: of detection.
    """

    threshold: float = 0.5
    bins: int = 10
    costs: tuple[DetectionCost, ...] = (DetectionCost(), DetectionCost(p_target=0.01))


@dataclass(frozen=True)
class Measured:
    """All figures of some of a verifier's solutions, as functions of weights of all its solutions.

    inside: (n,) which solutions. Normalised scores and bins come of all of them, whatever is
    resampled.
    """

    judged: Judged
    rules: Rules
    shared: Shared
    inside: BoolArray

    @cached_property
    def rows(self) -> IntArray:
        """Numbers of the solutions inside."""
        return np.flatnonzero(self.inside)

    @cached_property
    def keys(self) -> list[Key]:
        """Which figures there are, in order."""
        return list(self._figures(np.ones(len(self.rows))))

    def values(self, weights: FloatArray) -> FloatArray:
        """(..., figures), with weights (..., solutions inside)."""
        return np.stack(list(self._figures(weights).values()), axis=-1)

    def counts(self, name: str) -> tuple[int, int]:
        """Solutions and problems that a figure is about."""
        some = self.inside & self.shared.about(self.judged, name)
        return int(some.sum()), len(np.unique(self.judged.problem[some]))

    def _figures(self, weights: FloatArray) -> Mapping[Key, FloatArray]:
        judged, rows = self.judged, self.rows
        correct, score = judged.correct[rows], judged.score[rows]
        credit = ((score >= self.rules.threshold) == correct).astype(np.float64)
        found = rates(credit, correct, weights)
        whole = np.maximum(np.asarray(weights.sum(axis=-1)), 1e-300)
        told: dict[Key, FloatArray] = {
            ("right", None): np.asarray(weights @ correct / whole),
            ("unreadable", None): self._unreadable(weights),
            ("accuracy", None): found.all,
            ("true_positive_rate", None): found.right,
            ("true_negative_rate", None): found.wrong,
            ("balanced_accuracy", None): found.balanced,
            ("f1", None): found.f1,
        }
        for v in self.shared.laws if len(self.shared.laws) > 1 else ():
            some = self.shared.credit(judged, v, self.rules.threshold)[rows]
            told["balanced_accuracy_of_v", float(v)] = rates(some, correct, weights).balanced
        return told | self._ranking(weights) | self._scores(weights) | self._dependence(weights)

    def _unreadable(self, weights: FloatArray) -> FloatArray:
        counts = self.judged.counts[self.rows]
        lost = counts - self.judged.readable[self.rows].sum(axis=1)
        return np.asarray((weights @ lost) / np.maximum(weights @ counts, 1e-300))

    def _ranking(self, weights: FloatArray) -> dict[Key, FloatArray]:
        judged, rows = self.judged, self.rows
        correct = judged.correct[rows]
        plain = Levels.of(judged.score[rows], correct, weights)
        told: dict[Key, FloatArray] = {
            ("auc", None): auc(plain),
            ("auc_within", None): self._within(weights),
            ("average_precision", None): average_precision(plain),
        }
        for ending, levels in (("", plain), *self._normalised(weights)):
            told[f"equal_error_rate{ending}", None] = equal_error_rate(levels)
            for cost in self.rules.costs:
                found = min_detection_cost(levels, cost)
                told[f"min_detection_cost{ending}", cost.p_target] = found
        return told

    def _normalised(self, weights: FloatArray) -> list[tuple[str, Levels]]:
        found = []
        for ending, score in (("_z", self.shared.z), ("_t", self.shared.t)):
            known = ~np.isnan(score[self.rows])
            rows = self.rows[known]
            levels = Levels.of(score[rows], self.judged.correct[rows], weights[..., known])
            found.append((ending, levels))
        return found

    def _within(self, weights: FloatArray) -> FloatArray:
        """Mean over problems, each with the weight of its solutions over their number."""
        areas, numbers = self._areas
        if not len(areas):
            return np.full(weights.shape[:-1], np.nan)
        weight = weights[..., numbers]
        total = np.asarray(weight.sum(axis=-1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(total > 0, (weight @ areas) / total, np.nan))

    @cached_property
    def _areas(self) -> tuple[FloatArray, IntArray]:
        """AUC of each problem that has one, and the place of its first solution among the rows."""
        areas, numbers = [], []
        for rows in np.split(np.arange(len(self.rows)), self._starts):
            own = self.rows[rows]
            area = auc(Levels.of(self.judged.score[own], self.judged.correct[own]))
            if len(own) and not np.isnan(area):
                areas.append(float(area))
                numbers.append(int(rows[0]))
        return np.array(areas), np.array(numbers, dtype=np.int64)

    @cached_property
    def _starts(self) -> IntArray:
        """Where a new problem begins among the rows, which stand by problem."""
        return np.flatnonzero(np.diff(self.judged.problem[self.rows])) + 1

    def _scores(self, weights: FloatArray) -> dict[Key, FloatArray]:
        """Calibration, over the solutions of which a verdict could be read."""
        judged, bins = self.judged, self.rules.bins
        if judged.compares:  # a share of comparisons won is no probability of being right
            return {}
        known = judged.told[self.rows]
        rows, own = self.rows[known], weights[..., known]
        score, correct = judged.score[rows], judged.correct[rows]
        wide, even = self.shared.width[rows], self.shared.mass[rows]
        at = float(bins)
        if not len(rows):
            return {}
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = brier(score, correct, wide, bins, own)
            return {
                ("ece_width", at): reliability(score, correct, wide, bins, own).error,
                ("ece_mass", at): reliability(score, correct, even, bins, own).error,
                ("brier", None): parts.score,
                ("brier_reliability", at): parts.reliability,
                ("brier_resolution", at): parts.resolution,
                ("brier_uncertainty", None): parts.uncertainty,
                ("brier_within", at): parts.within,
            }

    def _dependence(self, weights: FloatArray) -> dict[Key, FloatArray]:
        judged, rows = self.judged, self.rows
        correct, score = judged.correct[rows], judged.score[rows]
        told: dict[Key, FloatArray] = {}
        depth = int(judged.counts.max())
        if depth > 1:
            values = np.where(judged.readable[rows], judged.values[rows], np.nan)
            repeated = Repeated.of(values, correct)
            errors = repeated.correlation(weights)
            told["rho_verdicts", None] = repeated.correlation(weights, given_label=False)
            told["rho_errors", None] = errors
            told["effective_verdicts", float(depth)] = effective_number(depth, errors)
        known = ~np.isnan(judged.frequency[rows])
        for name, some in (("solver_wrong", ~correct & known), ("solver_right", correct & known)):
            own = np.flatnonzero(some)
            frequency = judged.frequency[rows[own]]
            told[name, None] = pearson(score[own], frequency, weights[..., own])
        credit = ((score >= self.rules.threshold) == correct).astype(np.float64)
        told["solve_rate", None] = pearson(credit, judged.solve_rate[rows], weights)
        return told | self._steps(weights)

    def _steps(self, weights: FloatArray) -> dict[Key, FloatArray]:
        found, gold = self.judged.found, self.judged.gold
        if found is None or gold is None or (gold == UNKNOWN).all():
            return {}
        known = gold[self.rows] != UNKNOWN
        rows, own = self.rows[known], weights[..., known]
        exact = localisation(found[rows], gold[rows], own)
        return {
            ("first_wrong_found", None): exact.wrong,
            ("none_wrong_found", None): exact.right,
            ("first_wrong_f1", None): exact.f1,
            ("first_wrong_near", None): localisation(found[rows], gold[rows], own, slack=1).wrong,
        }


@dataclass(frozen=True)
class Shared:
    """What is made of all of a verifier's solutions: (n,) normalised scores, and bins.

    laws: by V, of the mean of V verdicts.
    """

    z: FloatArray
    t: FloatArray
    width: IntArray
    mass: IntArray
    laws: Mapping[int, ScoreLaw]

    @classmethod
    def of(cls, judged: Judged, rules: Rules, rng: np.random.Generator) -> Shared:
        """V is 1, 2, 4 ... as far as any solution has verdicts, and all of them."""
        depth = int(judged.counts.max())
        sizes = sorted({*powers_of_two(depth), depth})
        laws = score_law(judged.values, judged.counts, sizes, rng)
        return cls(
            z_norm(judged.score, judged.correct, judged.problem),
            t_norm(judged.score, judged.problem),
            bins_of(judged.score, rules.bins, "width"),
            bins_of(judged.score, rules.bins, "mass"),
            dict(zip(sizes, laws, strict=True)),
        )

    def credit(self, judged: Judged, v: int, threshold: float) -> FloatArray:
        """(n,) probability that a solution is judged rightly by V random verdicts of it."""
        accepted = self.laws[v].accepted(threshold)
        return np.where(judged.correct, accepted, 1 - accepted)

    def about(self, judged: Judged, name: str) -> BoolArray:
        """(n,) which solutions a figure is about."""
        kinds = {
            "true_positive_rate": judged.correct,
            "true_negative_rate": ~judged.correct,
            "solver_right": judged.correct & ~np.isnan(judged.frequency),
            "solver_wrong": ~judged.correct & ~np.isnan(judged.frequency),
        }
        if name in kinds:
            return kinds[name]
        if name.endswith(("_z", "_t")):
            return ~np.isnan(self.z if name.endswith("_z") else self.t)
        if name.startswith(("ece", "brier")):
            return judged.told
        if name.startswith(("rho", "effective")):
            return np.asarray(judged.readable.sum(axis=1) >= 2)
        if judged.gold is not None and name.startswith(("first_wrong", "none_wrong")):
            known = judged.gold != UNKNOWN
            if name == "none_wrong_found":
                return np.asarray(judged.gold == -1)
            return np.asarray(judged.gold >= 0) if name != "first_wrong_f1" else known
        return np.ones_like(judged.correct)
