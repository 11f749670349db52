"""Scaling fits of runs: verified selection against self-consistency, and how S and V grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ttc.analysis.contributions import by_problem
from ttc.analysis.coverage import CoverageFit, fit_coverage
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.fitting import Analysis, Setting, analyse, resample
from ttc.analysis.flatness import Dependence, dependence
from ttc.analysis.intervals import (
    LEVEL,
    few_problems,
    mean_interval,
    resampled_means,
)
from ttc.analysis.scaling import Frontier
from ttc.analysis.threads import one_thread
from ttc.errors import DataError
from ttc.pipeline.best_within import DRAWS, Problems
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.interval import Interval, interval
from ttc.pipeline.naming import names_of
from ttc.pipeline.scaling.ahead import ahead_from, still_rises
from ttc.pipeline.scaling.at_budgets import AtBudget, Sides, doublings
from ttc.pipeline.scaling.growth import Exponent, exponents, untold, without_interval
from ttc.pipeline.scaling.progress import Progress, Steps
from ttc.pipeline.scaling.sources import (
    Source,
    Spending,
    aligned,
    load_sources,
    pooled,
)
from ttc.store.run_folder import RunFolder

_POINTS = 49  # of the curves' budgets
_COMPARED = ("sc_plateau", "gain", "best_success", "spline_a", "spline_b")


@dataclass(frozen=True)
class FitRequest:
    """What to fit. policies: None for those of the recipes; pool: average runs, else compare them.

    unit: of the compute axis, None for tokens with prompts, or C where nobody counted tokens;
    overrides: `cost.KEY=VALUE`; scoring: those of `SCORING` that are to be otherwise than in the
    recipes; level: of all intervals; draws: bootstrap resamples of problems, the same for all
    methods; margin: how near to its plateau, in success probability, self-consistency has reached
    it; cluster: a key of the problems' metadata, whose values are resampled in place of problems;
    budgets: at which gains are stated, None for doublings.
    """

    policies: tuple[str, ...] | None = None
    verifier: str | None = None
    unit: str | None = None
    overrides: tuple[str, ...] = ()
    scoring: Mapping[str, str] = field(default_factory=dict)
    pool: bool = False
    level: float = LEVEL
    draws: int = DRAWS
    margin: float = 0.005
    seed: int = 0
    cluster: str | None = None
    budgets: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Band:
    """A curve over `MethodFit.budgets` with its interval; NaN outside of what was measured."""

    success: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class MethodFit:
    """One verified policy of one run (or of pooled ones) against self-consistency.

    figures: by name, see `quantities.MEANINGS`; at: allocations and gains at budgets; growth: the
    exponents of S and V; drawn: figures on resamples of problems, (draws,) by name.
    surface: (S, V) mean success, NaN where unavailable. in_c: figures on the
    axis C = S(1 + lambda V), to compare with the paper; empty where that is the axis.
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
    depends: Dependence
    figures: dict[str, Interval]
    in_c: dict[str, Interval]
    at: tuple[AtBudget, ...]
    growth: tuple[Exponent, Exponent]
    budgets: FloatArray
    voted: Band
    verified: Band
    drawn: dict[str, FloatArray]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        best = self.analysis.verified
        return {
            "run": self.run,
            "policy": self.policy,
            "verifier": self.verifier,
            "lambda": self.ratio,
            "vote_still_rises": self.setting.rising,
            "figures": {name: one.as_dict() for name, one in self.figures.items()},
            "figures_in_c": {name: one.as_dict() for name, one in self.in_c.items()},
            "growth": {one.letter: one.as_dict() for one in self.growth},
            "at_budgets": [one.as_dict() for one in self.at],
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
    on the same resampled problems; by label, then figure. units: problems, or clusters of them;
    names: what several runs are called, by what differs in their recipes.
    """

    request: FitRequest
    unit: str
    problems: int
    units: int
    methods: tuple[MethodFit, ...]
    coverage: tuple[CoverageOf, ...]
    differences: dict[str, dict[str, Interval]]
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, run: str) -> str:
        """What a run is called beside the others."""
        return self.names.get(run, run)

    @property
    def warning(self) -> str | None:
        """What is to be said of so few problems."""
        return few_problems(self.units)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "unit": self.unit,
            "sizes": "powers_of_two",
            "scoring": dict(self.request.scoring),
            "level": self.request.level,
            "bootstrap_draws": self.request.draws,
            "margin": self.request.margin,
            "seed": self.request.seed,
            "problems": self.problems,
            "resampled": self.request.cluster or "problems",
            "clusters": self.units,
            "methods": [method.as_dict() for method in self.methods],
            "differences_from_first": {
                label: {name: one.as_dict() for name, one in figures.items()}
                for label, figures in self.differences.items()
            },
            "coverage": [{"run": one.run} | one.fit.as_dict() for one in self.coverage],
        }


def fit_scaling(
    runs: Sequence[RunFolder], request: FitRequest, progress: Progress | None = None
) -> ScalingFit:
    """Fit one run, or several ones of one data set, compared or pooled. progress: see `Steps`.

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
    ids = sources[0].problem_ids
    problems = problems_of(runs[0], ids, request)
    names = _names(runs, sources)
    wanted = request.budgets or _usual_budgets(sources)
    fitted = [(source, policy) for source in sources for policy in source.verified]
    steps = Steps(progress, len(fitted), len(problems.weights))
    with one_thread():
        methods = tuple(
            _fit(source, policy, names.get(source.run, ""), problems, request.margin, wanted,
                 steps.of(policy))
            for source, policy in fitted
        )  # fmt: skip
    firsts = {source.run: source for source in reversed(sources)}
    coverage = tuple(
        CoverageOf(name, _coverage(firsts[name], problems, request)) for name in reversed(firsts)
    )
    return ScalingFit(
        request,
        sources[0].unit,
        len(ids),
        problems.units,
        methods,
        coverage,
        _differences(methods, problems),
        names,
    )


def _names(runs: Sequence[RunFolder], sources: Sequence[Source]) -> dict[str, str]:
    """Of several runs, by what differs in their recipes; of one alone, or of pooled ones, none."""
    if len({source.run for source in sources}) < 2:
        return {}
    return dict(zip((run.name for run in runs), names_of(runs).names, strict=True))


def problems_of(run: RunFolder, ids: Sequence[str], request: FitRequest) -> Problems:
    """How a request resamples a run's problems. Raises `DataError` for too few of them."""
    clusters = clusters_of(run, request.cluster, ids)
    problems = Problems.of(len(ids), request.seed, request.draws, clusters, request.level)
    problems.require()
    return problems


def _usual_budgets(sources: Sequence[Source]) -> tuple[float, ...]:
    """Doublings that all methods share, from a solution to the dearest cell of any."""
    starts = [float(source.voting(np.array(1), np.array(0))) for source in sources]
    ends = [
        float(source.verifying(source.S[i], source.V[j]))
        for source in sources
        for success in source.verified.values()
        for i, j in np.argwhere(~np.isnan(success).any(axis=0))
    ]
    return doublings(min(starts), max(ends)) if ends else ()


def _fit(
    source: Source,
    policy: str,
    beside: str,
    problems: Problems,
    margin: float,
    budgets_told: Sequence[float],
    each: Callable[[], None],
) -> MethodFit:
    """beside: what the run is called beside others, empty where it is alone."""
    verified = source.verified[policy]
    surface = verified.mean(axis=0)
    rising = still_rises(source.voted, problems, margin)
    setting = Setting(source.S, source.V, source.voting, source.verifying, margin, rising)
    axes = [(setting, source.spending)]
    if source.in_c is not None and not source.spending.relative:
        voting, verifying = source.in_c.linear()
        paper = replace(setting, voting=voting, verifying=verifying, checked=False)
        axes.append((paper, source.in_c))
    try:
        wholes, drawns = _analysed(source, policy, axes, problems, each)
    except ValueError:
        text = f"{source.run}: {policy} has no S and V that all problems have"
        raise DataError(text) from None
    whole, drawn = wholes[0], drawns[0]
    crossed = [ahead_from(source.voted, verified, source.S, source.V, w, problems) for w in wholes]
    figures = _intervals(whole.figures(), drawn, problems) | {"crossover": crossed[0]}
    paper_s = wholes[1].figures() if len(axes) > 1 else {}
    in_c = _intervals(paper_s, drawns[-1], problems)
    in_c |= {"crossover": crossed[1]} if in_c else {}
    budgets = _budgets(setting, surface)
    depends = dependence(verified[:, ~np.isnan(surface).all(axis=1)], problems.weights)
    figures |= without_interval(figures, depends, source.voted)
    in_c |= without_interval(in_c, depends, source.voted) if in_c else {}
    sides = Sides.of(source.voted, verified, setting, problems)
    figures |= _out_of_bag(sides.at_their_best(rising))
    growth = exponents(whole, depends, figures, paper_s)
    for found in (figures, in_c):
        found |= untold(found, depends, growth)
    return MethodFit(
        run=source.run,
        policy=policy,
        verifier=source.verifier,
        label=f"{policy} ({source.verifier})" + (f" {beside}" if beside else ""),
        ratio=source.ratio,
        setting=setting,
        surface=surface,
        covered=source.covered.mean(axis=0),
        analysis=whole,
        depends=depends,
        figures=figures,
        in_c=in_c,
        at=sides.at_budgets(budgets_told, whole.last),
        growth=growth,
        budgets=budgets,
        voted=_band(budgets, _dearest_vote(setting), whole.voted, source.voted[:, :, None],
                    setting.S, np.zeros(1, dtype=np.int64), problems),
        verified=_band(budgets, _dearest(setting, surface), whole.verified, verified, setting.S,
                       setting.V, problems),
        drawn=drawn,
    )  # fmt: skip


def _analysed(
    source: Source,
    policy: str,
    axes: Sequence[tuple[Setting, Spending]],
    problems: Problems,
    each: Callable[[], None],
) -> tuple[list[Analysis], list[dict[str, FloatArray]]]:
    """The fit on each axis of compute, and its figures on resamples, (draws,) by name."""
    verified = source.verified[policy]
    bare = [setting for setting, _ in axes]
    whole = analyse(source.voted.mean(axis=0), verified.mean(axis=0), bare)
    settings = []
    for row in problems.weights:
        costs = [spending.linear(row) for _, spending in axes]
        pairs = zip(bare, costs, strict=True)
        settings.append(
            [replace(one, voting=a, verifying=b, checked=False) for one, (a, b) in pairs]
        )
    voted, cells = (resampled_means(x, problems.weights) for x in (source.voted, verified))
    return whole, resample(voted, cells, settings, whole, each)


def _intervals(
    figures: Mapping[str, float], drawn: Mapping[str, FloatArray], problems: Problems
) -> dict[str, Interval]:
    return {
        name: interval(value, drawn[name], problems.units, problems.level)
        for name, value in figures.items()
    }


def _out_of_bag(best: AtBudget) -> dict[str, Interval]:
    """The best that each can do on problems that it was not chosen by, and the gain."""
    return {
        "best_success": best.verified.success,
        "sc_plateau": best.voted.success,
        "gain": best.gain,
    }


def _budgets(setting: Setting, surface: FloatArray) -> FloatArray:
    """Evenly spaced on a log scale, from one solution to the dearest cell."""
    start = float(setting.voting(np.array(1), np.array(0)))
    stop = max(_dearest(setting, surface), _dearest_vote(setting))
    return np.geomspace(start, stop, _POINTS)


def _dearest(setting: Setting, surface: FloatArray) -> float:
    return float(setting.costs[~np.isnan(surface)].max())


def _dearest_vote(setting: Setting) -> float:
    return float(setting.voting(setting.S[-1], np.array(0)))


def _band(
    budgets: FloatArray,
    dearest: float,
    whole: Frontier,
    success: FloatArray,
    S: IntArray,
    V: IntArray,
    problems: Problems,
) -> Band:
    """A frontier between its cells, with the interval of what its cells are on new problems.

    success: (problems, S, V).
    """
    values = by_problem(whole, success, S, V, budgets)
    low, high = mean_interval(values, problems.level, problems.clusters)
    measured = (budgets <= dearest * (1 + 1e-9)) & (budgets >= whole.cost[0] * (1 - 1e-9))
    return Band(*(np.where(measured, row, np.nan) for row in (whole.at(budgets), low, high)))


def _coverage(source: Source, problems: Problems, request: FitRequest) -> CoverageFit:
    return fit_coverage(
        source.right,
        source.total,
        weights=problems.weights[:200],  # fewer than elsewhere: two searches each
        clusters=problems.clusters,
        rng=np.random.default_rng([request.seed, 2]),
        level=request.level,
    )


def _differences(
    methods: Sequence[MethodFit], problems: Problems
) -> dict[str, dict[str, Interval]]:
    """Of what is never reached nothing can be subtracted: NaN."""
    first, *others = methods
    found: dict[str, dict[str, Interval]] = {}
    for other in others:
        figures = other.figures, first.figures
        with np.errstate(invalid="ignore"):
            found[other.label] = {
                name: interval(
                    float(np.float64(figures[0][name].estimate) - figures[1][name].estimate),
                    other.drawn[name] - first.drawn[name],
                    problems.units,
                    problems.level,
                )
                for name in _COMPARED
            }
    return found
