"""Whether the stated 90 % intervals of a scaling fit cover the truth in 90 % of the pools.

    python benchmarks/scaling_intervals.py [--pools 200] [--draws 200] [--jobs 2] [--world good]

Each pool is drawn anew from a generative model whose truth is known (`WORLDS`, with all of
`ttc simulate`'s other defaults): 128 problems, 64 solutions, all with 16 verifications. Majority
vote and best-of-N are evaluated exactly on powers of two and fitted as `ttc fit-scaling` does it,
by the same functions. Lambda is 1, as in the model. The truth of a figure is the same function of
the population's surface, for which the mean over all problems of all pools stands (200 x 128);
resamples of the pools give its own standard error, which should be far below the width.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import binomtest

from ttc.analysis.comparison import multiples
from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import Analysis, Setting, analyse, resample
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import resampled_means, resamples
from ttc.analysis.scaling import LinearCost
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.analysis.threads import one_thread
from ttc.pipeline.scaling.quantities import Interval, interval

SIZE = {"problems": 128, "solutions": 64, "verified_solutions": 64, "verifications": 16}
WORLDS: dict[str, dict[str, float]] = {
    # Verification overtakes the vote well within the measured range.
    "good": {
        "true_positive_rate": 0.85,
        "false_positive_rate": 0.25,
        "error_correlation": 0.15,
        "trap_rate": 0.3,
    },
    # It needs about ten times the compute of the vote to match it, and gains little.
    "weak": {
        "true_positive_rate": 0.7,
        "false_positive_rate": 0.3,
        "error_correlation": 0.2,
        "trap_rate": 0.2,
    },
}
POLICIES = ("majority", "best_of_n")
LEVEL = 0.9
GOAL = (0.85, 0.95)


@dataclass(frozen=True)
class Surfaces:
    """Success by problem. voted: (problems, S); verified: (problems, S, V)."""

    voted: FloatArray
    verified: FloatArray


def draw_surfaces(config: SimulationConfig, seed: int) -> Surfaces:
    """One simulated pool, evaluated on powers of two."""
    rng = np.random.default_rng([seed, 7])
    pool = simulate_pool(config, rng).arrays
    grid = evaluate(
        pool, powers_of_two(config.solutions), powers_of_two(config.verifications), POLICIES, rng
    )
    return Surfaces(grid.success[:, 0, :, 0], grid.success[:, 1, :, 1:])


def setting_of(config: SimulationConfig) -> Setting:
    """The grid and its costs, in the paper's unit with lambda 1."""
    S, V = powers_of_two(config.solutions), powers_of_two(config.verifications)
    return Setting(np.array(S), np.array(V), LinearCost(), LinearCost(verification=1.0))


def stated(pool: Surfaces, setting: Setting, draws: int, seed: int) -> dict[str, Interval]:
    """All figures of one pool with their intervals, as `ttc fit-scaling` states them."""
    with one_thread():
        weights = resamples(len(pool.voted), draws, np.random.default_rng([seed, 1]))
        whole = analyse(pool.voted.mean(axis=0), pool.verified.mean(axis=0), setting)
        voted, cells = (resampled_means(x, weights) for x in (pool.voted, pool.verified))
        drawn = resample(voted, cells, setting, whole, np.ones(1))
    found = {
        name: interval(value, drawn.figures[name], LEVEL) for name, value in whole.figures().items()
    }
    for i, m in enumerate(multiples(whole.comparison)):
        one = interval(whole.comparison.gain_at(m), drawn.gains[:, i], LEVEL)
        found[f"gain_at_{m:g}"] = one
    return found


def true_figures(whole: Analysis) -> dict[str, float]:
    """Figures of the population."""
    gains = {f"gain_at_{m:g}": whole.comparison.gain_at(m) for m in multiples(whole.comparison)}
    return whole.figures() | gains


def truth(pools: list[Surfaces], setting: Setting) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of the mean over all problems, and their standard errors by resampled pools."""
    voted = np.array([pool.voted.mean(axis=0) for pool in pools])
    verified = np.array([pool.verified.mean(axis=0) for pool in pools])
    weights = resamples(len(pools), 60, np.random.default_rng(5))
    with one_thread():
        found = true_figures(analyse(voted.mean(axis=0), verified.mean(axis=0), setting))
        rows = [
            true_figures(analyse(w @ voted, np.tensordot(w, verified, 1), setting)) for w in weights
        ]
    spread = {
        name: finite_mean_and_deviation([row.get(name, np.nan) for row in rows])[1]
        for name in found
    }
    return found, spread


def finite_mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Of what is finite; NaN where nothing is."""
    known = np.array(values)[np.isfinite(values)]
    return (float(known.mean()), float(known.std())) if len(known) else (np.nan, np.nan)


def report(name: str, value: float, error: float, found: list[Interval]) -> bool:
    """One line; whether the coverage lies within the goal."""
    told = [one for one in found if not np.isnan(one.low)]
    if not told or np.isnan(value):
        print(f"{name:20s} {'no interval':>9s}")
        return True
    covered = sum(one.low <= value <= one.high for one in told)
    test = binomtest(covered, len(told)).proportion_ci(0.95)
    mean, deviation = finite_mean_and_deviation([one.estimate for one in found])
    width, _ = finite_mean_and_deviation([one.high - one.low for one in told])
    share = covered / len(told)
    good = GOAL[0] <= share <= GOAL[1]
    print(
        f"{name:20s} {share:9.3f} [{test.low:.3f}, {test.high:.3f}] {value:10.4f} {error:8.4f} "
        f"{mean - value:+9.4f} {deviation:8.4f} {width:8.4f} {len(told):5d}"
        + ("" if good else "  outside")
    )
    return good


def evaluated(world: str, pools: int, jobs: int, keep: Path | None) -> list[Surfaces]:
    """The pools' surfaces, from `keep` where they are there."""
    config = SimulationConfig.model_validate(SIZE | WORLDS[world])
    if keep is not None and keep.exists():
        with np.load(keep) as kept:
            return [Surfaces(*pair) for pair in zip(kept["voted"], kept["verified"], strict=True)]
    found = Parallel(n_jobs=jobs)(delayed(draw_surfaces)(config, i) for i in range(pools))
    if keep is not None:
        keep.parent.mkdir(parents=True, exist_ok=True)
        parts = ("voted", "verified")
        np.savez(keep, **{part: np.array([getattr(one, part) for one in found]) for part in parts})
    return list(found)


def main() -> None:
    """Print the coverage of every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=200)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--world", choices=list(WORLDS), default="good")
    parser.add_argument("--keep", type=Path, help="file for the evaluated pools, to use them again")
    given = parser.parse_args()
    started = time.perf_counter()
    config = SimulationConfig.model_validate(SIZE | WORLDS[given.world])
    setting = setting_of(config)
    pools = evaluated(given.world, given.pools, given.jobs, given.keep)
    values, errors = truth(pools, setting)
    task = delayed(stated)
    found = Parallel(n_jobs=given.jobs)(
        task(pool, setting, given.draws, i) for i, pool in enumerate(pools)
    )
    print(f"{len(pools)} pools of {config.problems} problems, {given.draws} resamples each; ")
    print(f"{'figure':20s} {'coverage':>9s} {'95 % of it':14s} {'truth':>10s} {'its error':>8s}"
          f"{'bias':>9s} {'spread':>8s} {'width':>8s} {'told':>5s}")  # fmt: skip
    inside = {
        name: report(name, value, errors[name], [one[name] for one in found if name in one])
        for name, value in values.items()
    }
    bad = [name for name, good in inside.items() if not good]
    print(f"within {GOAL[0]:.0%} to {GOAL[1]:.0%}: {len(inside) - len(bad)} of {len(inside)}")
    print(f"outside: {', '.join(bad) or 'none'}")
    print(f"{time.perf_counter() - started:.0f} s with {given.jobs} processes")


if __name__ == "__main__":
    main()
