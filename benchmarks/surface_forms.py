"""Which law of the success surface fits, predicts dearer budgets and gives the right exponents.

    python benchmarks/surface_forms.py [--problems 600] [--jobs 2] [--run results/NAME]

Surfaces are those of simulated pools (`WORLDS`), of 64 solutions with 32 verifications each, for
best-of-N (exact) and weighted majority (Monte Carlo, a fifth of the problems), and with `--run`
those of a real run. Each form is fitted to the cells at powers of two and S > 1, by least squares:

- sum: E - A S^-alpha - B V^-beta, as laws of training are;
- product: p + (G - D V^-beta) (1 - S^-alpha), with p the accuracy of one solution;
- pace: product, with alpha + kappa V^-beta in place of alpha;
- ours: pace, with S + s over 1 + s in place of S (`ttc.analysis.surface`);
- quadratic: a polynomial of second degree in log S and log V.

Printed are the root mean square error of the fit, that over the dearer half of the budgets when
the cheaper half was fitted (both in hundredths of success probability), and how far the exponents
a of S and b of V lie from those of a much finer grid, of 16 values of S and 13 of V, with a spline
between its cells, over the budgets up to where that grid's optimum leaves the pool. The last two
rows are no laws: a spline through the powers of two, and the paper's procedure, a line through
their best cells.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as File

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import least_squares

from ttc.analysis.allocation import Path, Surface, interpolated, optimal_path
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.grid import evaluate
from ttc.analysis.scaling import LinearCost, fit_power_law, frontier
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.analysis.surface import fit_surface
from ttc.pipeline.scaling.sources import load_sources
from ttc.policies import named
from ttc.store.run_folder import RunFolder

SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64)
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
SIZE = {"solutions": 64, "verified_solutions": 64, "verifications": 32}
WORLDS: dict[str, dict[str, float]] = {
    "good": {"true_positive_rate": 0.85, "false_positive_rate": 0.25, "error_correlation": 0.1},
    "shared errors": {"error_correlation": 0.4},
    "weak": {"true_positive_rate": 0.65, "false_positive_rate": 0.4, "error_correlation": 0.05},
    "hard": {"solve_alpha": 0.3, "solve_beta": 1.5, "trap_rate": 0.5},
}
POLICIES = {"best_of_n": 1, "weighted_majority": 5}
"""Policies, with the divisor of the number of problems."""
Point = FloatArray
Form = Callable[[Point, FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Cells:
    """A measured surface. success: (S, V); cost: of the verified cells."""

    name: str
    success: FloatArray
    S: IntArray
    V: IntArray
    cost: LinearCost

    def coarse(self) -> Cells:
        """The powers of two of it."""
        i, j = (np.flatnonzero(x & (x - 1) == 0) for x in (self.S, self.V))
        return Cells(self.name, self.success[np.ix_(i, j)], self.S[i], self.V[j], self.cost)

    def costs(self) -> FloatArray:
        """(S, V) costs."""
        return self.cost(self.S[:, None], self.V[None, :])

    def path(self, surface: Surface, last: float | None = None) -> Path:
        """The path of optima of a surface, up to the edge of the pool or to a budget."""
        return optimal_path(surface, self.cost, int(self.S[-1]), int(self.V[-1]), last)


def exponents(path: Path) -> tuple[float, float]:
    """Exponents of S and V along a path of optima."""
    a, b = path.laws()
    return a.exponent, b.exponent


def by_sum(x: Point, s: FloatArray, v: FloatArray) -> FloatArray:
    """E, A, alpha, B, beta."""
    return np.asarray(x[0] - x[1] * s ** -x[2] - x[3] * v ** -x[4])


def by_product(x: Point, s: FloatArray, v: FloatArray) -> FloatArray:
    """Rise over p: G, D, alpha, beta."""
    return np.asarray((x[0] - x[1] * v ** -x[3]) * (1 - s ** -x[2]))


def by_pace(x: Point, s: FloatArray, v: FloatArray) -> FloatArray:
    """Rise over p: G, D, alpha, beta, kappa."""
    pace = np.maximum(x[2] + x[4] * v ** -x[3], 0.01)
    return np.asarray((x[0] - x[1] * v ** -x[3]) * (1 - s**-pace))


FORMS: dict[str, tuple[Form, list[float], list[float], list[float], bool]] = {
    "sum": (by_sum, [0.8, 0.3, 0.7, 0.2, 0.6], [0, 0, 0.02, 0, 0.02], [2, 2, 8, 2, 4], False),
    "product": (by_product, [0.4, 0.2, 0.7, 0.6], [0, 0, 0.02, 0.02], [1, 1, 8, 4], True),
    "pace": (by_pace, [0.4, 0.2, 0.7, 0.6, 0.1], [0, 0, 0.02, 0.02, -8], [1, 1, 8, 4, 8], True),
}
"""Function, start, least and largest values, and whether p is added."""


def fitted(name: str, cells: Cells, success: FloatArray) -> Surface | None:
    """A form fitted to the cells beyond S = 1 that are not NaN."""
    if name == "ours":
        return fit_surface(success, cells.S, cells.V)
    known = ~np.isnan(success) & (cells.S > 1)[:, None]
    s, v = np.meshgrid(cells.S.astype(float), cells.V.astype(float), indexing="ij")
    if name == "quadratic":
        solved = np.linalg.lstsq(_monomials(s[known], v[known]), success[known], rcond=None)[0]
        return lambda S, V: _monomials(np.asarray(S, float), np.asarray(V, float)) @ solved
    form, start, low, high, added = FORMS[name]
    base = float(np.nanmean(success[0])) if added else 0.0
    target = success[known] - base
    high = [1 - base, *high[1:]] if added else high  # no ceiling above 1, as in ours

    def missed(x: Point) -> FloatArray:
        return np.asarray(form(x, s[known], v[known]) - target)

    # Far starts guard against the local minima that such sums of powers have.
    tries = [
        least_squares(
            missed,
            np.clip(np.array(start) * scale, np.array(low) + 1e-6, np.array(high) - 1e-6),
            bounds=(low, high),
        )
        for scale in (0.5, 1.0, 2.0)
    ]
    best = min(tries, key=lambda one: one.cost).x
    return lambda S, V: base + form(best, np.asarray(S, float), np.asarray(V, float))


def _monomials(s: FloatArray, v: FloatArray) -> FloatArray:
    x, y = np.broadcast_arrays(np.log(s), np.log(v))
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)


@dataclass(frozen=True)
class Score:
    """Errors of one procedure: of the fit, on dearer budgets, and of both exponents."""

    fit: float
    dearer: float
    a: float
    b: float


def scores(fine: Cells) -> dict[str, Score]:
    """All forms and procedures on one surface, and the finer grid's exponents as `fine`."""
    cells = fine.coarse()
    dense = interpolated(fine.success, fine.S, fine.V)
    between = interpolated(cells.success, cells.S, cells.V)
    if dense is None or between is None:
        raise SystemExit(f"{fine.name} lacks cells")
    path = fine.path(dense)
    a, b = exponents(path)
    last = float(path.cost[-1])
    found = {"fine": Score(np.nan, np.nan, a, b)}
    costs = cells.costs()
    dear = costs > np.sqrt(costs.min() * costs.max())
    dear[0] = False  # S = 1: nothing is selected, and no form is asked
    beyond = np.repeat((cells.S > 1)[:, None], len(cells.V), axis=1)
    grid = cells.S[:, None].astype(float), cells.V[None, :].astype(float)
    for name in ("sum", "product", "pace", "ours", "quadratic"):
        law = fitted(name, cells, cells.success)
        cheap = fitted(name, cells, np.where(dear, np.nan, cells.success))
        if law is None or cheap is None:
            raise SystemExit(f"{fine.name} has too few cells")
        x, y = exponents(cells.path(law, last))
        missed = [_rmse((f(*grid) - cells.success)[w]) for f, w in ((law, beyond), (cheap, dear))]
        found[name] = Score(missed[0], missed[1], x - a, y - b)
    x, y = exponents(cells.path(between, last))
    found["spline"] = Score(np.nan, np.nan, x - a, y - b)
    best = frontier(cells.success, costs, cells.S, cells.V)
    best = best.inner(int(cells.S[-1]), int(cells.V[-1]))
    x, y = (fit_power_law(best.cost, z).exponent for z in (best.S, best.V))
    found["grid"] = Score(np.nan, np.nan, x - a, y - b)
    return found


def _rmse(missed: FloatArray) -> float:
    return float(np.sqrt(np.mean(missed**2)))


def simulated(world: str, policy: str, problems: int, chunk: int) -> FloatArray:
    """(S, V) mean success over one chunk of problems."""
    config = SimulationConfig.model_validate(SIZE | WORLDS[world] | {"problems": problems})
    rng = np.random.default_rng([chunk, 11])
    grid = evaluate(simulate_pool(config, rng).arrays, SIZES, DEPTHS, [named(policy)], rng)
    return np.asarray(grid.success[:, 0, :, 1:].mean(axis=0))


def simulated_cells(problems: int, jobs: int) -> list[Cells]:
    """All worlds and policies, in chunks."""
    chunks = 6
    names = [(world, policy) for world in WORLDS for policy in POLICIES]
    task = delayed(simulated)
    rows = Parallel(n_jobs=jobs)(
        task(world, policy, max(1, problems // POLICIES[policy] // chunks), i)
        for world, policy in names
        for i in range(chunks)
    )
    means = np.array(rows).reshape(len(names), chunks, len(SIZES), len(DEPTHS)).mean(axis=1)
    cost = LinearCost(verification=1.0)
    return [
        Cells(f"{world}, {policy}", mean, np.array(SIZES), np.array(DEPTHS), cost)
        for (world, policy), mean in zip(names, means, strict=True)
    ]


def run_cells(folder: File) -> list[Cells]:
    """Surfaces of a run, for the cells that all problems have."""

    def ladder(largest: int) -> tuple[int, ...]:
        steps = sorted({*SIZES, *(2 * s for s in SIZES if s > 32)})
        return tuple(s for s in steps if s <= largest)

    found = []
    for source in load_sources([RunFolder(folder)], tuple(POLICIES), None, "c", (), ladder):
        for policy, values in source.verified.items():
            mean = values.mean(axis=0)
            rows = ~np.isnan(mean).any(axis=1)
            label = f"{source.run}, {source.verifier}, {policy}"
            found.append(Cells(label, mean[rows], source.S[rows], source.V, source.verifying))
    return found


def main() -> None:
    """Print the errors by surface, and their root mean squares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--run", type=File, help="folder of a run to add")
    given = parser.parse_args()
    started = time.perf_counter()
    surfaces = simulated_cells(given.problems, given.jobs)
    surfaces += run_cells(given.run) if given.run else []
    table = [scores(cells) for cells in surfaces]
    for cells, row in zip(surfaces, table, strict=True):
        exact = row.pop("fine")
        print(f"{cells.name}: a = {exact.a:.3f}, b = {exact.b:.3f} on the finer grid")
        _print(row)
    print(f"root mean squares over {len(table)} surfaces")
    names = list(table[0])
    parts = ("fit", "dearer", "a", "b")
    _print(
        {
            name: Score(*(_rmse(np.array([getattr(row[name], p) for row in table])) for p in parts))
            for name in names
        }
    )
    print(f"{time.perf_counter() - started:.0f} s with {given.jobs} processes")


def _print(row: dict[str, Score]) -> None:
    print(f"  {'':10s} {'fit /100':>9s} {'dearer /100':>12s} {'error of a':>11s} {'of b':>7s}")
    for name, one in row.items():
        fit, dearer = ("" if np.isnan(x) else f"{100 * x:.2f}" for x in (one.fit, one.dearer))
        print(f"  {name:10s} {fit:>9s} {dearer:>12s} {one.a:+11.3f} {one.b:+7.3f}")


if __name__ == "__main__":
    main()
