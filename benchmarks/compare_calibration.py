"""Whether `ttc compare` finds what there is, and nothing else.

    python benchmarks/compare_calibration.py [--pools 400] [--problems 30 60 120]

Recipes with a known truth: each problem has a solve rate (its log-odds normal), a wrong solution is
always the same wrong answer, and a vote of S is taken from 16 solutions of each recipe, drawn anew.

equal: both recipes have the same rate at every problem. other problems: each is better at some, and
equal in the mean. Printed is how often `better` or `worse` is said of one comparison, and of any of
nine (three recipes against one, at three budgets), which Holm's correction is for: at most 5 %.
templates: four problems each share what they differ by; with and without `--cluster`.

gain: the second recipe's log-odds are higher by a shift. Beside how often that is found stands the
power that `ttc.analysis.power` plans for the true difference and the true spread; the budget is the
dearest, so that the choice of S is part of it.

rare losses: nine problems of ten gain 5 points and one loses 45, so that nothing is gained in the
mean, and few problems may not have met the losses. Printed is how often the interval and both tests
say that there is a difference.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit
from scipy.stats import hypergeom

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import difference_interval, paired_test
from ttc.analysis.power import power_of
from ttc.analysis.sign_flips import sign_flip_test
from ttc.pipeline.best_within import Problems
from ttc.pipeline.comparing.methods import VOTE, Method
from ttc.pipeline.comparing.result import Point
from ttc.pipeline.comparing.sides import Side
from ttc.pipeline.comparing.stated import Place, at_places, tested
from ttc.store.run_folder import RunFolder

SIZES = (1, 2, 3, 4, 6, 8, 12, 16)
DRAWN = SIZES[-1]
TOKENS = 100
BUDGETS = (200.0, 600.0, 1600.0)
DEVIATION = 1.5
"""Of the log-odds of solve rates."""
NOWHERE = RunFolder(Path("none/none"))


@cache
def votes() -> FloatArray:
    """(right solutions + 1, S) success of a vote of S out of 16 of which so many are right."""
    right = np.arange(DRAWN + 1)[:, None]
    size = np.array(SIZES)[None, :]
    law = hypergeom(DRAWN, right, size)
    tied = np.where(size % 2 == 0, law.pmf(size // 2), 0.0)
    return np.asarray(law.sf(size // 2) + tied / 2)


@dataclass(frozen=True)
class World:
    """shift: by how much each further recipe's log-odds are higher; noise: deviation of a problem's
    own shift, around it; group: so many problems in turn share their shift.
    """

    shift: float = 0.0
    noise: float = 0.0
    group: int = 1

    def draw(self, problems: int, recipes: int, rng: np.random.Generator) -> list[FloatArray]:
        """(problems, S) success of each recipe, from new samples of new problems."""
        odds = DEVIATION * rng.standard_normal(problems)
        found = []
        for i in range(recipes):
            own = rng.standard_normal(-(-problems // self.group)).repeat(self.group)[:problems]
            higher = (self.shift + self.noise * own) if i else 0.0
            right = rng.binomial(DRAWN, expit(odds + higher))
            found.append(votes()[right])
        return found


def compared(
    success: list[FloatArray],
    budgets: tuple[float, ...],
    clusters: IntArray | None = None,
    seed: int = 0,
) -> tuple[Point, ...]:
    """What `ttc compare` says of these recipes, the first being the baseline."""
    rows = [
        {"policy": "majority", "verifier": None, "S": s, "V": 0, "calls": s, "tokens": TOKENS * s}
        for s in SIZES
    ]
    ids = tuple(map(str, range(len(success[0]))))
    problems = Problems.of(len(ids), seed, 200, clusters)
    sides = [
        Side(Method(f"recipe {i}", VOTE, rows, one, (NOWHERE,), ids, i), "tokens", problems)
        for i, one in enumerate(success)
    ]
    found = at_places([Place(budget=b) for b in budgets], sides, problems)
    return tested(found, problems, stated=True)[0]


def decided(
    world: World,
    problems: int,
    pools: int,
    recipes: int = 2,
    budgets: tuple[float, ...] = BUDGETS[-1:],
    clustered: bool = False,
) -> float:
    """Share of pools of which anything is said to be better or worse."""
    hits = 0
    for i in range(pools):
        rng = np.random.default_rng([problems, recipes, i, 17])
        clusters = np.arange(problems) // world.group if clustered else None
        points = compared(world.draw(problems, recipes, rng), budgets, clusters, i)
        hits += any(point.verdict in ("better", "worse") for point in points)
    return hits / pools


def planned(world: World, problems: int, level: float = 0.95) -> tuple[float, float]:
    """The true difference at the dearest budget, and the power that is planned for it."""
    first, second = world.draw(200_000, 2, np.random.default_rng(3))
    best = first.mean(axis=0).argmax(), second.mean(axis=0).argmax()
    gaps = second[:, best[1]] - first[:, best[0]]
    difference = float(gaps.mean())
    return difference, power_of(problems, difference, float(gaps.std()), 1 - level)


def rare_losses(problems: int, pools: int) -> float:
    """Share of pools of which interval and tests say that something differs, where nothing does."""
    hits = 0
    for i in range(pools):
        rng = np.random.default_rng([problems, i, 19])
        gained = np.where(rng.random(problems) < 0.9, 0.05, -0.45)
        gained += 0.03 * rng.standard_normal(problems)
        low, high = difference_interval(gained)
        outside = not low <= 0 <= high
        hits += bool(outside and paired_test(gained) < 0.05 and sign_flip_test(gained) < 0.05)
    return hits / pools


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=400)
    parser.add_argument("--problems", type=int, nargs="+", default=[30, 60, 120])
    given = parser.parse_args()
    started = time.perf_counter()
    error = 100 * np.sqrt(0.05 * 0.95 / given.pools)
    print(f"said to differ, %, of {given.pools} pools; nominal 5, one standard error {error:.1f}")
    print("planted                            problems  one comparison  any of nine")
    for name, world, clustered in (
        ("equal", World(), False),
        ("equal in the mean", World(noise=0.5), False),
        ("templates of four, clustered", World(noise=1.0, group=4), True),
        ("templates of four, as if single", World(noise=1.0, group=4), False),
    ):
        for n in given.problems:
            one = decided(world, n, given.pools, clustered=clustered)
            many = decided(world, n, given.pools, 4, BUDGETS, clustered)
            print(f"{name:34s} {n:8d} {100 * one:15.1f} {100 * many:12.1f}", flush=True)
    print("\nrare losses, nothing in the mean: problems and % said to differ")
    for n in (12, 20, 30, 64, 128):
        print(f"{n:8d} {100 * rare_losses(n, 5 * given.pools):6.1f}", flush=True)
    print("\nplanted gains                      problems  points  planned power, %  found, %")
    for shift in (0.3, 0.6, 1.0):
        for n in given.problems:
            world = World(shift=shift, noise=0.5)
            gain, power = planned(world, n)
            found = decided(world, n, given.pools)
            name = f"log-odds +{shift}"
            print(f"{name:34s} {n:8d} {100 * gain:7.1f} {100 * power:17.1f} {100 * found:9.1f}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
