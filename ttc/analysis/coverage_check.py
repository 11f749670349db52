"""How well coverage is predicted at sizes beyond those that a law was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.beta_binomial import PointMass, check_counts, fit_beta_binomial
from ttc.analysis.coverage_law import fit_coverage_law, spaced_sizes
from ttc.analysis.errors import GridError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.passk import pass_at_k
from ttc.analysis.solve_rates import believe
from ttc.analysis.threads import one_thread

SPLITS = 20


@dataclass(frozen=True)
class PredictionError:
    """Of predictions, (splits, K), less the truth, in units of success probability.

    rmse: over splits and sizes; worst: the largest at any size in any split; bias: the mean, above
    0 for too much promised; last_rmse, last_bias: at the largest size alone, the farthest reach.
    """

    rmse: float
    worst: float
    bias: float
    last_rmse: float
    last_bias: float

    @classmethod
    def of(cls, error: FloatArray) -> PredictionError:
        return cls(
            rmse=float(np.sqrt(np.mean(error**2))),
            worst=float(np.abs(error).max()),
            bias=float(error.mean()),
            last_rmse=float(np.sqrt(np.mean(error[:, -1] ** 2))),
            last_bias=float(error[:, -1].mean()),
        )


@dataclass(frozen=True)
class HeldOut:
    """Predictions at k, (K,), all above `fitted`, from `fitted` solutions of each problem.

    measured: (K,) unbiased coverage of the whole pool at k; predictions: (splits, K) of "law" (the
    exponentiated power law), "beta" (beta-binomial), "forecast" (the average over shapes of
    `solve_rates`) and "flat": coverage stays as it is at `fitted`, which a law must beat to be of
    use; errors: by the same names.
    """

    fitted: int
    k: IntArray
    measured: FloatArray
    predictions: dict[str, FloatArray]

    @property
    def errors(self) -> dict[str, PredictionError]:
        return {
            name: PredictionError.of(value - self.measured)
            for name, value in self.predictions.items()
        }

    def as_dict(self) -> dict[str, object]:
        """Plain data; predictions as their means over splits."""
        return {
            "fitted_on": self.fitted,
            "splits": len(next(iter(self.predictions.values()))),
            "k": self.k.tolist(),
            "measured": self.measured.tolist(),
            **{name: value.mean(axis=0).tolist() for name, value in self.predictions.items()},
            "errors": {name: vars(error) for name, error in self.errors.items()},
        }


def held_out_error(
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    rng: np.random.Generator,
    *,
    fitted: int | None = None,
    splits: int = SPLITS,
    point_mass: PointMass = "auto",
) -> HeldOut:
    """Fit on random subsets of `fitted` solutions of each problem, predict what all of them show.

    n_correct, n_solutions: (problems,). `fitted` (at least 2, below every problem's solutions) is a
    quarter of the smallest problem's unless given. A subset of a problem with c right of n holds a
    hypergeometric number of right ones, so counts are all it takes. Subset and pool share their
    problems, and the subset's solutions: the error is that of extending k, not that of new
    problems. Raises `GridError` where the pool can't be split so.
    """
    right, total = check_counts(n_correct, n_solutions)
    pool = int(total.min())
    size = max(2, pool // 4) if fitted is None else fitted
    if not 2 <= size < pool:
        raise GridError(
            f"A check on held-out k must fit on 2 to {pool - 1} solutions a problem, not {size}."
        )
    k = spaced_sizes(pool, smallest=size + 1)
    inner = spaced_sizes(size)
    found: dict[str, list[FloatArray]] = {"law": [], "beta": [], "forecast": [], "flat": []}
    with one_thread():
        for _ in range(splits):
            drawn = rng.hypergeometric(right, total - right, size)
            curve = pass_at_k(drawn, size, inner.tolist()).mean(axis=0)
            found["law"].append(fit_coverage_law(inner, curve).pass_at_k(k))
            found["beta"].append(fit_beta_binomial(drawn, size, point_mass).pass_at_k(k))
            found["forecast"].append(believe(drawn, size).forecast(k).mean)
            found["flat"].append(np.full(len(k), curve[-1]))
    return HeldOut(
        fitted=size,
        k=k,
        measured=pass_at_k(right, total, k.tolist()).mean(axis=0),
        predictions={name: np.stack(values) for name, values in found.items()},
    )
