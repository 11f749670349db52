"""Scaling fits of runs: frontiers, exponents, verified selection against self-consistency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ttc.analysis.comparison import multiples
from ttc.analysis.coverage import CoverageFit, fit_coverage
from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import Analysis, Resampled, Setting, analyse, resample
from ttc.analysis.intervals import percentile_interval, resampled_means, resamples
from ttc.analysis.scaling import Frontier
from ttc.analysis.threads import one_thread
from ttc.errors import DataError
from ttc.pipeline.scaling.quantities import Interval, interval, intervals
from ttc.pipeline.scaling.sources import Source, aligned, load_sources, pooled
from ttc.store.run_folder import RunFolder

_POINTS = 49  # of the curves' budgets


@dataclass(frozen=True)
class FitRequest:
    """What to fit. policies: None for those of the recipes; pool: average runs, else compare them.

    unit: of the compute axis; overrides: `cost.KEY=VALUE`; scoring: those of `SCORING` that are to
    be otherwise than in the recipes; level: of all intervals; draws:
    bootstrap resamples of problems, the same for all methods; margin: how near to its plateau, in
    success probability, self-consistency has reached it.
    """

    policies: tuple[str, ...] | None = None
    verifier: str | None = None
    unit: str = "c"
    overrides: tuple[str, ...] = ()
    scoring: Mapping[str, str] = field(default_factory=dict)
    pool: bool = False
    level: float = 0.9
    draws: int = 500
    margin: float = 0.005
    seed: int = 0


@dataclass(frozen=True)
class Band:
    """A curve over `MethodFit.budgets` with its interval; NaN outside of what was measured."""

    success: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class MethodFit:
    """One verified policy of one run (or of pooled ones) against self-consistency.

    figures: by name, see `quantities.MEANINGS`; gains: multiple of the compute of the plateau, and
    success beyond the plateau there. surface: (S, V) mean success, NaN where unavailable.
    """

    run: str
    policy: str
    verifier: str
    label: str
    ratio: float
    setting: Setting
    surface: FloatArray
    covered: FloatArray
    analysis: Analysis
    figures: dict[str, Interval]
    gains: tuple[tuple[float, Interval], ...]
    budgets: FloatArray
    voted: Band
    verified: Band
    draws: Resampled

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        best = self.analysis.verified
        return {
            "run": self.run,
            "policy": self.policy,
            "verifier": self.verifier,
            "lambda": self.ratio,
            "figures": {name: one.as_dict() for name, one in self.figures.items()},
            "gain_at_multiple": [{"multiple": m} | one.as_dict() for m, one in self.gains],
            "frontier": [
                {"cost": c, "S": s, "V": v, "success": y}
                for c, s, v, y in zip(
                    *(column.tolist() for column in (best.cost, best.S, best.V, best.success)),
                    strict=True,
                )
            ],
        }


@dataclass(frozen=True)
class CoverageOf:
    """Coverage laws of one run."""

    run: str
    fit: CoverageFit


@dataclass(frozen=True)
class ScalingFit:
    """What `ttc fit-scaling` reports. differences: of each later method's figures from the first's,
    on the same resampled problems; by label, then figure.
    """

    request: FitRequest
    problems: int
    methods: tuple[MethodFit, ...]
    coverage: tuple[CoverageOf, ...]
    differences: dict[str, dict[str, Interval]]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "unit": self.request.unit,
            "scoring": dict(self.request.scoring),
            "level": self.request.level,
            "bootstrap_draws": self.request.draws,
            "margin": self.request.margin,
            "seed": self.request.seed,
            "problems": self.problems,
            "methods": [method.as_dict() for method in self.methods],
            "differences_from_first": {
                label: {name: one.as_dict() for name, one in figures.items()}
                for label, figures in self.differences.items()
            },
            "coverage": [{"run": one.run} | one.fit.as_dict() for one in self.coverage],
        }


def fit_scaling(runs: Sequence[RunFolder], request: FitRequest) -> ScalingFit:
    """Fit one run, or several ones of one data set, compared or pooled.

    Raises `DataError` or `UsageError`, one sentence each, for what can't be fitted.
    """
    sources = load_sources(
        runs,
        request.policies,
        request.verifier,
        request.unit,
        request.overrides,
        scoring=request.scoring,
    )
    request = replace(request, scoring=sources[0].scoring)
    sources = aligned(pooled(sources) if request.pool else sources)
    problems = len(sources[0].problem_ids)
    rng = np.random.default_rng([request.seed, 1])
    weights = resamples(problems, request.draws, rng)
    many = len({s.run for s in sources}) > 1
    with one_thread():
        methods = tuple(
            _fit(source, policy, many, weights, request)
            for source in sources
            for policy in source.verified
        )
    firsts = {source.run: source for source in reversed(sources)}
    coverage = tuple(
        CoverageOf(name, _coverage(firsts[name], weights, request)) for name in reversed(firsts)
    )
    return ScalingFit(request, problems, methods, coverage, _differences(methods, request.level))


def _fit(
    source: Source, policy: str, many: bool, weights: FloatArray, request: FitRequest
) -> MethodFit:
    setting = Setting(source.S, source.V, source.voting, source.verifying, request.margin)
    verified = source.verified[policy]
    surface = verified.mean(axis=0)
    try:
        whole = analyse(source.voted.mean(axis=0), surface, setting)
    except ValueError:
        text = f"{source.run}: {policy} has no S and V that all problems have"
        raise DataError(text) from None
    budgets = _budgets(setting, surface)
    voted, cells = (resampled_means(x, weights) for x in (source.voted, verified))
    drawn = resample(voted, cells, setting, whole, budgets)
    steps = multiples(whole.comparison)
    gains = tuple(
        (float(m), interval(whole.comparison.gain_at(m), drawn.gains[:, i], request.level))
        for i, m in enumerate(steps)
    )
    return MethodFit(
        run=source.run,
        policy=policy,
        verifier=source.verifier,
        label=f"{policy} ({source.verifier})" + (f" {source.run}" if many else ""),
        ratio=source.ratio,
        setting=setting,
        surface=surface,
        covered=source.covered.mean(axis=0),
        analysis=whole,
        figures=intervals(whole.figures(), drawn.figures, request.level),
        gains=gains,
        budgets=budgets,
        voted=_band(budgets, _dearest_vote(setting), whole.voted, drawn.voted, request.level),
        verified=_band(
            budgets, whole.comparison.dearest, whole.verified, drawn.verified, request.level
        ),
        draws=drawn,
    )


def _budgets(setting: Setting, surface: FloatArray) -> FloatArray:
    """Evenly spaced on a log scale, from one solution to the dearest cell."""
    start = float(setting.voting(np.array(1), np.array(0)))
    stop = float(setting.costs[~np.isnan(surface)].max())
    stop = max(stop, _dearest_vote(setting))
    return np.geomspace(start, stop, _POINTS)


def _dearest_vote(setting: Setting) -> float:
    return float(setting.voting(setting.S[-1], np.array(0)))


def _band(
    budgets: FloatArray, dearest: float, whole: Frontier, drawn: FloatArray, level: float
) -> Band:
    measured = budgets <= dearest * (1 + 1e-9)
    rows = (whole.at(budgets), *percentile_interval(drawn, level))
    return Band(*(np.where(measured, row, np.nan) for row in rows))


def _coverage(source: Source, weights: FloatArray, request: FitRequest) -> CoverageFit:
    rng = np.random.default_rng([request.seed, 2])
    # Fewer draws than elsewhere: two searches each.
    fewer = weights[: min(len(weights), 200)]
    return fit_coverage(source.right, source.total, weights=fewer, rng=rng, level=request.level)


def _differences(methods: Sequence[MethodFit], level: float) -> dict[str, dict[str, Interval]]:
    first, *others = methods
    compared = ("sc_plateau", "gain", "grid_a", "grid_b", "spline_a", "spline_b", "law_a", "law_b")
    found: dict[str, dict[str, Interval]] = {}
    for other in others:
        found[other.label] = {
            name: interval(
                other.figures[name].estimate - first.figures[name].estimate,
                other.draws.figures[name] - first.draws.figures[name],
                level,
            )
            for name in compared
        }
        best = "best_success"
        found[other.label][best] = interval(
            _best(other.figures) - _best(first.figures),
            _best_draws(other) - _best_draws(first),
            level,
        )
    return found


def _best(figures: dict[str, Interval]) -> float:
    return figures["sc_plateau"].estimate + figures["gain"].estimate


def _best_draws(method: MethodFit) -> FloatArray:
    drawn = method.draws.figures
    return np.asarray(drawn["sc_plateau"] + drawn["gain"])
