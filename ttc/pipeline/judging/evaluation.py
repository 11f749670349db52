"""All that can be said of a run's verifiers from its tables: figures, curves, common errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ttc.analysis.estimate import IntArray
from ttc.analysis.intervals import LEVEL
from ttc.analysis.judging.dependence import Together, errors_together
from ttc.analysis.judging.resampling import Resampling
from ttc.analysis.settings import InvalidVerdict
from ttc.errors import DataError
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.judging.by_problem import choice_figures
from ttc.pipeline.judging.curves import (
    Point,
    margin_points,
    ranking_points,
    reliability_points,
    selection_points,
    verification_points,
)
from ttc.pipeline.judging.figures import ALL, Figure, Sampled
from ttc.pipeline.judging.groups import groups_of
from ttc.pipeline.judging.loading import Judged, load_judged
from ttc.pipeline.judging.quantities import Rules
from ttc.store.pool import all_verifiers, judging_alone
from ttc.store.run_folder import RunFolder
from ttc.words import nearest

_INFINITE = (math.inf, -math.inf)


@dataclass(frozen=True)
class JudgingRequest:
    """What is asked of a run's verifiers.

    verifiers: names, all where none is given; by: what groups are made by; rules: threshold, bins
    and costs; draws: bootstrap resamples; cluster: a key of metadata, of problems made together;
    scoring: what is to be otherwise than the run's recipe says (`invalid_verdict`).
    """

    verifiers: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    level: float = LEVEL
    draws: int = 500
    cluster: str | None = None
    scoring: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OneJudging:
    """One verifier: its judgements, its figures, and the points of its curves."""

    judged: Judged
    figures: list[Figure]
    points: list[Point]

    @property
    def verifier(self) -> str:
        return self.judged.verifier

    def figure(self, quantity: str, at: float | None = None, group: str = ALL) -> Figure | None:
        """A figure, the first of its name where `at` is None; None where there is none."""
        fits = (
            one
            for one in self.figures
            if (one.quantity, one.group) == (quantity, group) and at in (None, one.at)
        )
        return next(fits, None)

    def series(self, curve: str, series: str) -> list[Point]:
        """Points of a line, in order."""
        return [one for one in self.points if (one.curve, one.series) == (curve, series)]


@dataclass(frozen=True)
class Judging:
    """What `judge_run` found.

    together: how several verifiers err, on the `shared_solutions` that all of them judged; those
    that combine what others say are not among them (`alone`); attacks:
    figures of attacks, where asked for; unattacked: verifiers that said nothing of any of these.
    """

    run: str
    request: JudgingRequest
    invalid: InvalidVerdict
    each: list[OneJudging]
    together: Together | None = None
    shared_solutions: int = 0
    attacks: list[Figure] = field(default_factory=list)
    unattacked: tuple[str, ...] = ()
    combining: frozenset[str] = frozenset()

    @property
    def alone(self) -> list[OneJudging]:
        """Those that judge by themselves."""
        return [part for part in self.each if part.verifier not in self.combining]

    def metric_rows(self) -> list[dict[str, Any]]:
        """Rows of `verifier_metrics`."""
        level = self.request.level
        told = [one.row(level) for part in self.each for one in part.figures]
        if self.together is not None:
            told += [one.row(level) for one in self._together()]
        return told + [one.row(level) for one in self.attacks]

    def curve_rows(self) -> list[dict[str, Any]]:
        """Rows of `verifier_curves`."""
        return [point.row(part.verifier) for part in self.each for point in part.points]

    def _together(self) -> list[Figure]:
        assert self.together is not None
        found = self.together
        names = " + ".join(part.verifier for part in self.alone)
        told = {
            "rho_verifiers": (found.mean, "mean correlation of the errors of two verifiers"),
            "effective_verifiers": (found.by_mean, "k / (1 + (k - 1) mean correlation)"),
            "effective_verifiers_eigen": (
                found.by_eigenvalues,
                "k^2 / sum of squared correlations",
            ),
        }
        nan = math.nan
        problems = min(len(part.judged.problem_ids) for part in self.alone)
        return [
            Figure(
                names, ALL, ALL, name, float(len(self.alone)), value, nan, nan, problems,
                self.shared_solutions, meaning=meaning,
            )
            for name, (value, meaning) in told.items()
        ]  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rules = self.request.rules
        return {
            "run": self.run,
            "threshold": rules.threshold,
            "bins": rules.bins,
            "detection_costs": [vars(cost) for cost in rules.costs],
            "level": self.request.level,
            "intervals": "new problems",
            "invalid_verdict": self.invalid,
            "figures": [
                # JSON has no infinity; of a margin it says that nothing can flip the choice.
                {name: None if value in _INFINITE else value for name, value in row.items()}
                for row in self.metric_rows()
            ],
            "correlation_of_verifiers": (
                None
                if self.together is None
                else {
                    "verifiers": [part.verifier for part in self.alone],
                    "errors": [
                        [None if math.isnan(value) else value for value in row]
                        for row in self.together.correlation.tolist()
                    ],
                    "solutions": self.shared_solutions,
                }
            ),
        }


def judge_run(run: RunFolder, request: JudgingRequest) -> Judging:
    """Judge the verifiers of a run by its tables; no model is asked.

    Raises `DataError` for a run without verifications or with none that tells right from wrong, and
    `UsageError` for a verifier, group or cluster that it does not have.
    """
    known = all_verifiers(run)
    if not known:
        raise DataError(
            f"{run.name} has no verifications; a verifier is judged by those of a run, or by "
            "imported ones"
        )
    for name in request.verifiers:
        if name not in known:
            raise DataError(f"{run.name} has no verifier {name!r}{nearest(name, known)}")
    manifest = run.manifest()
    invalid = Evaluation.of_manifest(manifest).scored(request.scoring).settings.invalid_verdict
    seed = manifest.seed or 0
    each = [
        _judge(run, load_judged(run, name, invalid), request, seed)
        for name in request.verifiers or known
    ]
    combining = frozenset(known) - frozenset(judging_alone(run))
    alone = [part.judged for part in each if part.verifier not in combining]
    together, shared = _err_together(alone)
    return Judging(run.name, request, invalid, each, together, shared, combining=combining)


def _judge(run: RunFolder, judged: Judged, request: JudgingRequest, seed: int) -> OneJudging:
    sampled = sample(run, judged, request, seed)
    points = [
        *ranking_points(sampled),
        *reliability_points(sampled),
        *verification_points(sampled, np.random.default_rng(seed + 5)),
        *selection_points(sampled),
        *margin_points(sampled),
    ]
    groups = {ALL: {ALL: np.ones(len(judged.score), dtype=np.bool_)}}
    groups |= {by: dict(groups_of(run, judged, by)) for by in request.by}
    figures: list[Figure] = []
    for by, made in groups.items():
        figures += sampled.figures(made, by)
        figures += choice_figures(sampled, made, by)
    return OneJudging(judged, figures, points)


def sample(run: RunFolder, judged: Judged, request: JudgingRequest, seed: int) -> Sampled:
    """The resamples that all intervals of a verifier share."""
    clusters: IntArray | None = clusters_of(run, request.cluster, judged.problem_ids)
    rng = np.random.default_rng(seed + 4)
    problems = len(judged.problem_ids)
    resampling = Resampling.of(problems, request.draws, rng, clusters, request.level)
    return Sampled(judged, request.rules, resampling, clusters)


def _err_together(each: Sequence[Judged]) -> tuple[Together | None, int]:
    """How verifiers err on the solutions that all judged; None for one alone, or none shared."""
    if len(each) < 2:
        return None, 0
    placed = [_by_place(one) for one in each]
    common = set.intersection(*(set(one) for one in placed))
    if len(common) < 3:
        return None, len(common)
    order = sorted(common)
    scores = np.array([[own[key][0] for key in order] for own in placed])
    correct = np.array([placed[0][key][1] for key in order], dtype=np.bool_)
    return errors_together(scores, correct), len(order)


def _by_place(judged: Judged) -> dict[tuple[str, int], tuple[float, bool]]:
    """Score and label by problem and number of the solution."""
    names = judged.problem_ids
    return {
        (names[int(p)], int(number)): (float(score), bool(right))
        for p, number, score, right in zip(
            judged.problem, judged.number, judged.score, judged.correct, strict=True
        )
    }
