"""Whether stated intervals of means and of paired differences cover the truth as they say.

    python benchmarks/mean_intervals.py [--pools 4000] [--problems 16 30 64 128] [--only means]

Success by problem is drawn from worlds whose mean is known; each draw is a pool. Printed are the
percentages of pools whose interval has the truth in it, at 95 and at 90 %, by number of problems
(or of clusters), with a mark outside of 93 to 97 and 87 to 93. A few seconds for each section.

means: solve rates beta (by a + b; 9: moderate, 0.5: extreme spread) and logit-normal (by standard
deviation), exact or measured with so many samples a problem, and votes, whose success is nearly 0
or 1. differences: of two methods whose logits correlate so, and of methods that differ in rare
problems only. Where the truth is that both are alike, also how often p < 0.05. clusters: eight
problems a template, with an intraclass correlation of 0.5. few: 3, 5 and 10 problems.

Outside of the goal from 30 problems on, with 4000 pools each:

- means at 95 %: 97.0 to 97.7 in 10 of 255 (outcomes of 0 and 1, votes, few samples, at 30 and 64
  problems: there are too few values to be exact), and 92.9 for rates of extreme spread around 0.98,
  128 problems; at 90 %: up to 96.0 in 57, nearly all at 0.02 and 0.98, where few problems differ;
- differences at 95 %: 97.1 to 100 in 108 of 609, where a handful of problems show any difference
  (rates of 0.02, votes that agree, a true difference of 0 or 0.02), and 91.6 where one in 50
  problems gains, of 128; at 90 % alike, none below 88.5;
- templates: none at 95 %; 93.5 to 93.8 of 90 % at a mean of 0.98;
- 3 to 10 problems: 95 to 100 %, more than stated: they can't be both honest and short.

Percentiles of resamples, for comparison (`--percentile`): 46 to 76 % of 95 % at 0.98, 30 problems.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import (
    difference_interval,
    mean_interval,
    paired_test,
    percentile_interval,
    resampled_means,
    resamples,
)

LEVELS = {0.95: (0.93, 0.97), 0.9: (0.87, 0.93)}
SIZES = (16, 30, 64, 128)
MEANS = (0.02, 0.1, 0.5, 0.9, 0.98)
VOTES = 16.0
"""Votes make log-odds larger by about this factor."""

_NORMAL = np.linspace(-8, 8, 2001)
_DENSITY = np.exp(-(_NORMAL**2) / 2) / np.exp(-(_NORMAL**2) / 2).sum()

Draw = Callable[[int, int, np.random.Generator], FloatArray]
"""Problems, pools and a generator to (problems, pools) values."""


@dataclass(frozen=True)
class World:
    """A name, the true mean, and how to draw."""

    name: str
    truth: float
    draw: Draw
    group: int = 0


def location(mean: float, deviation: float, steep: float = 1.0) -> float:
    """Mean of normal log-odds, made steeper, at which the mean rate is this."""

    def miss(at: float) -> float:
        return float(_DENSITY @ expit(steep * (at + deviation * _NORMAL))) - mean

    return float(brentq(miss, -60, 60))


def measured(rate: FloatArray, samples: int | None, rng: np.random.Generator) -> FloatArray:
    return rate if samples is None else np.asarray(rng.binomial(samples, rate) / samples)


def mean_worlds() -> Iterator[World]:
    """Rates of one method."""
    for spread in (9.0, 2.0, 0.5):
        for mean in MEANS:
            for samples in (1, 4, 64, None) if spread == 9 else (4, 64, None):

                def beta(
                    n: int,
                    pools: int,
                    rng: np.random.Generator,
                    a: float = mean * spread,
                    b: float = (1 - mean) * spread,
                    samples: int | None = samples,
                ) -> FloatArray:
                    return measured(rng.beta(a, b, (n, pools)), samples, rng)

                yield World(f"beta {spread:g} {_of(samples)} {mean}", mean, beta)
    for deviation, steep in ((1.0, 1.0), (3.0, 1.0), (2.0, VOTES)):
        for mean in MEANS:
            for samples in (4, 64, None) if steep == 1 else (None,):

                def normal(
                    n: int,
                    pools: int,
                    rng: np.random.Generator,
                    at: float = location(mean, deviation, steep),
                    deviation: float = deviation,
                    steep: float = steep,
                    samples: int | None = samples,
                ) -> FloatArray:
                    odds = at + deviation * rng.standard_normal((n, pools))
                    return measured(expit(steep * odds), samples, rng)

                kind = "votes" if steep > 1 else f"normal {deviation:g} {_of(samples)}"
                yield World(f"{kind} {mean}", mean, normal)


def difference_worlds() -> Iterator[World]:
    """Rates of two methods on the same problems, the second less the first."""
    kinds = [(1.0, 1.0, r, s) for r in (0.5, 0.95, 0.999) for s in (4, 64, None)]
    kinds += [(3.0, 1.0, r, s) for r in (0.5, 0.95, 0.999) for s in (4, 64, None)]
    kinds += [(1.0, 1.0, 0.95, 1), *((2.0, VOTES, r, None) for r in (0.5, 0.95, 0.99))]
    for deviation, steep, correlation, samples in kinds:
        for base in (0.02, 0.5, 0.88):
            for truth in (0.0, 0.02, 0.1):

                def pair(
                    n: int,
                    pools: int,
                    rng: np.random.Generator,
                    first: float = location(base, deviation, steep),
                    second: float = location(base + truth, deviation, steep),
                    deviation: float = deviation,
                    steep: float = steep,
                    r: float = correlation,
                    samples: int | None = samples,
                ) -> FloatArray:
                    x, y = rng.standard_normal((2, n, pools))
                    own = r * x + np.sqrt(1 - r**2) * y
                    rates = (
                        expit(steep * (at + deviation * z)) for at, z in ((first, x), (second, own))
                    )
                    one, two = (measured(rate, samples, rng) for rate in rates)
                    return two - one

                kind = "votes" if steep > 1 else f"normal {deviation:g} {_of(samples)}"
                yield World(f"{kind} r={correlation} {base}{truth:+}", truth, pair)
    for truth, rare in ((0.0, 0.02), (0.02, 0.0), (0.02, 0.02), (0.1, 0.0), (0.1, 0.02)):

        def flips(
            n: int,
            pools: int,
            rng: np.random.Generator,
            up: float = truth + rare,
            down: float = rare,
        ) -> FloatArray:
            u = rng.random((n, pools))
            return np.where(u < up, 1.0, np.where(u > 1 - down, -1.0, 0.0))

        yield World(f"flips {rare} down {truth + rare} up", truth, flips)


def cluster_worlds() -> Iterator[World]:
    """Templates with eight problems each, that share half of the variance of outcomes' rates."""
    for mean in (0.1, 0.5, 0.9, 0.98):

        def templates(
            n: int, pools: int, rng: np.random.Generator, mean: float = mean
        ) -> FloatArray:
            # Outcomes of one beta-binomial cluster correlate by 1 / (a + b + 1).
            rate = rng.beta(mean, 1 - mean, (n, 1, pools))
            return np.asarray(rng.random((n, 8, pools)) < rate, np.float64).reshape(-1, pools)

        yield World(f"templates {mean}", mean, templates, group=8)


def _of(samples: int | None) -> str:
    return "exact" if samples is None else f"of {samples}"


def cover(world: World, n: int, pools: int, level: float, how: str) -> tuple[float, float]:
    """Share of pools that cover the truth, and of p < 0.05 where it is 0 (else NaN)."""
    rng = np.random.default_rng([n, 11])
    values = world.draw(n, pools, rng)
    labels = np.repeat(np.arange(n), world.group) if world.group else None
    if how == "percentile":
        weights = resamples(len(values), 500, rng)
        low, high = percentile_interval(resampled_means(values, weights), level)
    elif how == "differences":
        low, high = difference_interval(values, level, labels)
    else:
        low, high = mean_interval(values, level, labels)
    rejected = np.nan
    if how == "differences" and world.truth == 0:
        rejected = float((paired_test(values, labels) < 0.05).mean())
    return float(((low <= world.truth) & (world.truth <= high)).mean()), rejected


def section(
    title: str, worlds: Iterator[World], sizes: tuple[int, ...], pools: int, how: str
) -> None:
    """Print one table."""
    print(f"\n{title}: covered, %, at 95 and at 90 %; by number of units {sizes}")
    outside = dict.fromkeys(LEVELS, 0)
    below = dict.fromkeys(LEVELS, 1.0)
    total = 0
    for world in worlds:
        cells = []
        for level, (least, most) in LEVELS.items():
            for n in sizes:
                share, rejected = cover(world, n, pools, level, how)
                mark = "-" if share < least else "+" if share > most else " "
                cells.append(f"{100 * share:5.1f}{mark}")
                if n >= 30:
                    outside[level] += mark != " "
                    below[level] = min(below[level], share)
            cells.append("|")
        if not np.isnan(rejected):
            cells.append(f"p < 0.05: {100 * rejected:.1f}")
        total += sum(n >= 30 for n in sizes)
        print(f"{world.name:34s}", *cells, flush=True)
    for level in LEVELS if total else ():
        print(
            f"from 30 on, at {level:.0%}: {outside[level]} of {total} outside; least "
            f"{100 * below[level]:.1f}"
        )


def main() -> None:
    """Print the coverage of every kind of interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pools", type=int, default=4000)
    parser.add_argument("--problems", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", choices=("means", "differences", "clusters", "few"))
    parser.add_argument("--percentile", action="store_true", help="as before, for comparison")
    given = parser.parse_args()
    started = time.perf_counter()
    sizes = tuple(given.problems)
    parts = {
        "means": (mean_worlds, sizes, "means"),
        "differences": (difference_worlds, sizes, "differences"),
        "clusters": (cluster_worlds, sizes, "means"),
        "few": (mean_worlds, (3, 5, 10), "means"),
    }
    for name, (worlds, at, how) in parts.items():
        if given.only in (None, name):
            how = "percentile" if given.percentile else how
            section(name, worlds(), at, given.pools, how)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
