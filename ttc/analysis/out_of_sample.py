"""Out-of-sample check of a scaling fit: fitted on cheap budgets, tested on dear ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.scaling import LinearCost, fit_power_law, frontier
from ttc.analysis.surface import SurfaceLaw, fit_surface


@dataclass(frozen=True)
class DearerError:
    """How far predictions from the cheaper budgets were off on the dearer ones.

    split: the budget between them; cells: dearer ones. rmse: of the law over those cells; error:
    predicted minus measured success at the dearest cell of the measured frontier; regret: success
    given up, in the middle of the dearer budgets, by taking the affordable cell nearest to the S
    and V to which the cheap frontier's power laws extrapolate. In success probability.
    """

    split: float
    cells: int
    rmse: float
    error: float
    regret: float


def predict_dearer(
    success: FloatArray,
    S: IntArray,
    V: IntArray,
    cost: LinearCost,
    start: SurfaceLaw | None = None,
) -> DearerError | None:
    """Fit on cells up to the middle of the budgets (on a log scale), predict the others.

    success: (S, V) for V >= 1. None where either half has too few cells.
    """
    costs = cost(S[:, None], V[None, :])
    known = ~np.isnan(success)
    low, high = costs[known].min(), costs[known].max()
    split = float(np.sqrt(low * high))
    dear = known & (costs > split)
    law = fit_surface(np.where(dear, np.nan, success), S, V, start)
    if law is None or not dear.any():
        return None
    missed = (law(S[:, None], V[None, :]) - success)[dear]
    best = frontier(success, costs, S, V)
    i, j = int(np.searchsorted(S, best.S[-1])), int(np.searchsorted(V, best.V[-1]))
    predicted = float(law(S[i], V[j])) - float(success[i, j])
    regret = _regret(success, costs, S, V, split)
    return DearerError(
        split, int(dear.sum()), float(np.sqrt(np.mean(missed**2))), predicted, regret
    )


def _regret(
    success: FloatArray, costs: FloatArray, S: IntArray, V: IntArray, split: float
) -> float:
    cheap = frontier(np.where(costs > split, np.nan, success), costs, S, V)
    solutions = fit_power_law(cheap.cost, cheap.S)
    verifications = fit_power_law(cheap.cost, cheap.V)
    if np.isnan(solutions.exponent):
        return float("nan")
    budget = np.sqrt(split * costs[~np.isnan(success)].max())
    affordable = np.where(costs <= budget, success, np.nan)
    aim = np.array([budget])
    log_s, log_v = np.log(solutions(aim)[0]), np.log(verifications(aim)[0])
    distance = (np.log(S)[:, None] - log_s) ** 2 + (np.log(V)[None, :] - log_v) ** 2
    chosen = np.nanargmin(np.where(np.isnan(affordable), np.nan, distance))
    return float(np.nanmax(affordable) - success.flat[chosen])
