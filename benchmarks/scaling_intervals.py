"""Whether the stated intervals of a scaling fit cover the truth as often as they say.

    python benchmarks/scaling_intervals.py [--world good ...] [--problems 30 128] [--pools 100]

Pools are drawn anew from generative models whose truth is known (`WORLDS`, with all of
`ttc simulate`'s other defaults): 64 solutions, all with 16 verifications. Majority vote and
best-of-N are evaluated on powers of two, and what is stated of each pool is what `ttc fit-scaling`
states, by the same functions: all figures of `ttc.analysis.fitting.analyse`, on the whole pool, on
resamples of its problems, by `bootstrap_interval`; exponents where there are any; the best of both
sides and the gain at budgets. Also covered: means of cells, and paired differences of the policies.

A figure's truth is the same function of the population's surface, for which the mean over all
problems of all pools stands, so it has an error, which is printed. Costs are C = S (1 + lambda V);
in the world "measured" lambda is the ratio of measured lengths, resampled with the problems.
Figures that are for the pool's own range (exponents up to where its path leaves the pool) have
their truth taken there, by `like`.

Printed are the percentages covered at 95 and at 90 %, marked outside of 93 to 97 and 87 to 93 by
more than what so many pools may show by chance, then truth and its error, the estimates' bias and
deviation, the median width at 95 %, and in how many pools the figure was told.

What was found is in decision 8 (`docs/decisions/0008-scaling-fits.md`), with each exception.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import binom

from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import Analysis, Setting, analyse
from ttc.analysis.flatness import dependence
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import (
    difference_interval,
    mean_interval,
    resamples,
)
from ttc.analysis.scaling import LinearCost
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.analysis.threads import one_thread
from ttc.pipeline.best_within import Problems
from ttc.pipeline.interval import Interval, interval
from ttc.pipeline.scaling.ahead import ahead_from, still_rises
from ttc.pipeline.scaling.at_budgets import Sides
from ttc.pipeline.scaling.growth import exponents, untold, without_interval
from ttc.policies import named

SIZE = {"solutions": 64, "verified_solutions": 64, "verifications": 16}
BATCH = 64
"""Problems drawn at once; a pool may be any part of all."""

GOOD = {
    "true_positive_rate": 0.85,
    "false_positive_rate": 0.25,
    "error_correlation": 0.15,
    "trap_rate": 0.3,
}
WORLDS: dict[str, dict[str, Any]] = {
    # Verification overtakes the vote well within the measured range.
    "good": GOOD,
    # It needs about as much compute as the vote to match it.
    "weak": {
        "true_positive_rate": 0.7,
        "false_positive_rate": 0.3,
        "error_correlation": 0.2,
        "trap_rate": 0.2,
    },
    # It matches the vote at many times its compute, or in many a pool never.
    "close": {
        "true_positive_rate": 0.65,
        "false_positive_rate": 0.4,
        "error_correlation": 0.3,
        "trap_rate": 0.1,
    },
    # Solve rates with normal log-odds; errors where problems are hard, and at problems by chance.
    "tied": {
        **GOOD,
        "solve_deviation": 2.0,
        "error_difficulty": 1.0,
        "error_problem_deviation": 0.7,
    },
    # Errors are shared by all solutions with one answer.
    "shared": {**GOOD, "solve_deviation": 1.5, "errors_shared_by": "answer"},
    # Lambda is measured, with lengths that differ between problems.
    "measured": {
        **GOOD,
        "solution_tokens": {"mean": 300, "variation": 0.8, "problem_share": 0.5},
        "verification_tokens": {"mean": 200, "variation": 1.0, "problem_share": 0.6},
    },
    # More verifications of one solution say the same again: V stays at 1.
    "boundary": {**GOOD, "error_correlation": 0.95},
    # Truths near 0 and near 1.
    "low": {**GOOD, "solve_location": -6.0, "solve_deviation": 2.5},
    "high": {**GOOD, "solve_location": 4.0, "solve_deviation": 2.0, "trap_rate": 0.1},
}
POLICIES = (named("majority"), named("best_of_n"))
LEVELS = {0.95: (0.93, 0.97), 0.9: (0.87, 0.93)}
BUDGETS = (4.0, 16.0, 64.0, 256.0, 1088.0)
ENOUGH = 30
"""Pools that tell a figure; fewer say nothing about its coverage."""
FIXED = ("dearer_split", "dearer_cells", "dearer_rmse", "dearer_error", "dearer_regret")
"""Checks of the pool at hand, which have no interval."""
LAST = ("best_success", "sc_plateau", "gain")
"""Figures that are stated as those of the largest budget are, out of bag."""


@dataclass(frozen=True)
class Surfaces:
    """Success by problem. voted: (problems, S); verified: (problems, S, V); tokens: (problems, 2)
    mean length of a solution and of a verification.
    """

    voted: FloatArray
    verified: FloatArray
    tokens: FloatArray

    def part(self, rows: slice) -> Surfaces:
        return Surfaces(self.voted[rows], self.verified[rows], self.tokens[rows])


def draw_surfaces(world: str, seed: int) -> Surfaces:
    """So many simulated problems, evaluated on powers of two."""
    config = SimulationConfig.model_validate(SIZE | {"problems": BATCH} | WORLDS[world])
    rng = np.random.default_rng([seed, 7])
    pool = simulate_pool(config, rng).arrays
    grid = evaluate(
        pool, powers_of_two(config.solutions), powers_of_two(config.verifications), POLICIES, rng
    )
    tokens = np.stack([pool.solution_tokens, pool.verification_tokens], axis=1)
    return Surfaces(grid.success[:, 0, :, 0], grid.success[:, 1, :, 1:], tokens)


def setting_of(ratio: float, rising: bool) -> Setting:
    """The grid and its costs, in the paper's unit."""
    S, V = powers_of_two(SIZE["solutions"]), powers_of_two(SIZE["verifications"])
    costs = LinearCost(), LinearCost(verification=ratio)
    return Setting(np.array(S), np.array(V), *costs, rising=rising, checked=False)


def fitted(
    pool: Surfaces,
    weights: FloatArray,
    measured: bool,
    rising: bool = False,
    like: Analysis | None = None,
) -> Analysis:
    """The fit of weighted means, (problems,) weights."""
    lengths = weights @ pool.tokens
    setting = setting_of(float(lengths[1] / lengths[0]) if measured else 1.0, rising)
    verified = np.tensordot(weights, pool.verified, 1)
    before = None if like is None else [like]
    return analyse(weights @ pool.voted, verified, [setting], before)[0]


def figures(one: Analysis) -> dict[str, float]:
    """All figures of a fit."""
    return {name: float(x) for name, x in one.figures().items() if name not in FIXED}


@dataclass(frozen=True)
class Stated:
    """One pool: what it estimates, the truth for its range, and intervals by level."""

    estimate: dict[str, float]
    truth: dict[str, float]
    intervals: dict[float, dict[str, tuple[float, float]]]


def stated(pool: Surfaces, true: Surfaces, draws: int, seed: int, measured: bool) -> Stated:
    """All figures of one pool with their intervals."""
    n = len(pool.voted)
    rising = still_rises(pool.voted, Problems(np.ones((1, n))), 0.005)
    with one_thread():
        whole = fitted(pool, np.full(n, 1 / n), measured, rising)
        exact = fitted(true, np.ones(1), measured, rising, whole)
        weights = resamples(n, draws, np.random.default_rng([seed, 1]))
        drawn = [figures(fitted(pool, row, measured, rising, whole)) for row in weights]
    found = Stated({}, figures(exact), {level: {} for level in LEVELS})
    depends = dependence(pool.verified, weights)
    setting = setting_of(1.0, False)
    for level, ends in found.intervals.items():
        own = {
            name: interval(value, np.array([row[name] for row in drawn]), n, level)
            for name, value in figures(whole).items()
            if name not in LAST
        }
        grown = exponents(whole, depends, own, {})
        none = untold(own, depends, grown) | without_interval(own, depends, pool.voted)
        own = {name: one for name, one in own.items() if name not in none}
        for name, value in at_the_budgets(pool, whole, weights, level).items():
            own[name] = value
        problems = Problems(weights, None, level)
        own["crossover"] = ahead_from(
            pool.voted, pool.verified, setting.S, setting.V, whole, problems
        )
        for name, value in own.items():
            found.estimate[name] = value.estimate
            ends[name] = (value.low, value.high)
        for name, values, cell, kind in cells(pool, true):
            found.estimate[name], found.truth[name] = float(values.mean()), cell
            low, high = kind(values, level)
            ends[name] = (float(low), float(high))
    found.truth.update(true_at_budgets(true))
    return found


def at_the_budgets(
    pool: Surfaces, whole: Analysis, weights: FloatArray, level: float
) -> dict[str, Interval]:
    """The best of both sides, and gains, which hold together; the last are figures, too."""
    setting = setting_of(1.0, False)
    problems = Problems(weights, None, level)
    rows = Sides.of(pool.voted, pool.verified, setting, problems).at_budgets(BUDGETS, whole.last)
    found = {}
    for budget, row in zip(BUDGETS, rows, strict=True):
        found[f"vote at C={budget:g}"] = row.voted.success
        found[f"verified at C={budget:g}"] = row.verified.success
        found[f"gain at C={budget:g}"] = row.gain
    return found


def true_at_budgets(true: Surfaces) -> dict[str, float]:
    """The same of the population."""
    setting = setting_of(1.0, False)
    votes = setting.voting(setting.S, np.zeros(1))
    found = {}
    for budget in BUDGETS:
        vote = float(true.voted[0][votes <= budget].max())
        verified = float(true.verified[0][setting.costs <= budget].max())
        found[f"vote at C={budget:g}"], found[f"verified at C={budget:g}"] = vote, verified
        found[f"gain at C={budget:g}"] = verified - vote
    return found


def cells(pool: Surfaces, true: Surfaces) -> Iterator[tuple[str, FloatArray, float, Any]]:
    """Means and differences: name, values by problem, truth, and the kind of interval."""
    last = pool.voted.shape[1] - 1
    for s in (0, last // 2, last):
        size = 2**s
        yield f"vote S={size}", pool.voted[:, s], float(true.voted[0, s]), mean_interval
        for v in (0, pool.verified.shape[2] - 1):
            at = f"S={size} V={2**v}"
            one, exact = pool.verified[:, s, v], float(true.verified[0, s, v])
            yield f"verified {at}", one, exact, mean_interval
            if s:
                values, gap = one - pool.voted[:, s], exact - float(true.voted[0, s])
                yield f"difference {at}", values, gap, difference_interval


def truth_errors(every: Surfaces, measured: bool) -> dict[str, float]:
    """Standard errors of the figures' truth, by resampling all problems."""
    with one_thread():
        whole = fitted(every, np.full(len(every.voted), 1 / len(every.voted)), measured)
        rows = [
            figures(fitted(every, row, measured, like=whole))
            for row in resamples(len(every.voted), 20, np.random.default_rng(5))
        ]
    return {name: finite([row[name] for row in rows])[1] for name in rows[0]}


def finite(values: list[float]) -> tuple[float, float]:
    """Mean and deviation of what is finite; NaN where nothing is."""
    known = np.array(values)[np.isfinite(values)]
    return (float(known.mean()), float(known.std())) if len(known) else (np.nan, np.nan)


def report(name: str, found: list[Stated], error: float) -> dict[float, bool] | None:
    """One line; by level whether the coverage lies within the goal, None where hardly told."""
    told = [
        one
        for one in found
        if name in one.estimate
        and not np.isnan([one.truth[name], *one.intervals[0.95][name], one.estimate[name]]).any()
    ]
    if len(told) < ENOUGH:
        return None
    shares, good = [], {}
    for level, (least, most) in LEVELS.items():
        hits = sum(
            low <= one.truth[name] <= high
            for one in told
            for low, high in [one.intervals[level][name]]
        )
        under = binom.cdf(hits, len(told), least) < 0.025
        over = binom.sf(hits - 1, len(told), most) < 0.025
        good[level] = not under and not over
        mark = "-" if under else "+" if over else " "
        shares.append(f"{100 * hits / len(told):5.1f}{mark}")
    missed = [one.estimate[name] - one.truth[name] for one in told]
    bias, deviation = finite(missed)
    width = np.median([high - low for one in told for low, high in [one.intervals[0.95][name]]])
    values = len({round(one.estimate[name], 9) for one in told})
    note = f"  {values} values" if values < len(told) / 10 else ""
    print(
        f"{name:22s} {' '.join(shares)} {finite([one.truth[name] for one in told])[0]:9.4f} "
        f"{error:8.4f} {bias:+9.4f} {deviation:8.4f} {width:8.4f} {len(told):5d}{note}"
    )
    return good


def evaluated(world: str, problems: int, jobs: int, keep: Path | None) -> Surfaces:
    """So many problems, from files in `keep` where they are there."""
    kept = None if keep is None else keep / f"{world}.npz"
    if kept is not None and kept.exists():
        with np.load(kept) as stored:
            found = Surfaces(stored["voted"], stored["verified"], stored["tokens"])
        if len(found.voted) >= problems:
            return found
    count = -(-problems // BATCH)
    parts = Parallel(n_jobs=jobs)(delayed(draw_surfaces)(world, i) for i in range(count))
    names = ("voted", "verified", "tokens")
    arrays = {x: np.concatenate([getattr(one, x) for one in parts]) for x in names}
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **arrays)
    return Surfaces(**arrays)


def world_at(world: str, every: Surfaces, size: int, pools: int, draws: int, jobs: int) -> None:
    """The table of one world and size."""
    measured = world == "measured"
    mean = np.full(len(every.voted), 1 / len(every.voted))
    true = Surfaces(
        *(
            (mean @ getattr(every, x).reshape(len(mean), -1)).reshape(
                1, *getattr(every, x).shape[1:]
            )
            for x in ("voted", "verified", "tokens")
        )
    )
    count = min(pools, len(every.voted) // size)
    task = delayed(stated)
    found = Parallel(n_jobs=jobs)(
        task(every.part(slice(i * size, (i + 1) * size)), true, draws, i, measured)
        for i in range(count)
    )
    errors = truth_errors(every, measured)
    print(
        f"\n{world}: {count} pools of {size} problems, {draws} resamples of each\n"
        "figure                  95 %   90 %     truth    error      bias   spread    width  told"
    )
    inside = {name: report(name, found, errors.get(name, np.nan)) for name in found[0].truth}
    for level in LEVELS:
        told = {name: good[level] for name, good in inside.items() if good is not None}
        bad = [name for name, good in told.items() if not good]
        print(f"{level:.0%}: {len(told) - len(bad)} of {len(told)} within {LEVELS[level]}", end="")
        print(f"; outside: {', '.join(bad) or 'none'}", flush=True)


def main() -> None:
    """Print the coverage of every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--world", choices=list(WORLDS), nargs="+", default=["good"])
    parser.add_argument("--problems", type=int, nargs="+", default=[30, 128])
    parser.add_argument("--pools", type=int, default=100, help="of each size, at most")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--keep", type=Path, help="folder for evaluated problems, to use them again"
    )
    given = parser.parse_args()
    for world in given.world:
        started = time.perf_counter()
        every = evaluated(world, given.pools * max(given.problems), given.jobs, given.keep)
        for size in given.problems:
            world_at(world, every, size, given.pools, given.draws, given.jobs)
        print(f"{time.perf_counter() - started:.0f} s with {given.jobs} processes", flush=True)


if __name__ == "__main__":
    main()
