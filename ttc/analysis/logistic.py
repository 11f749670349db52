"""Logistic regression with a ridge penalty, and how well scores order right before wrong."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray


def logistic_fit(
    features: FloatArray, right: BoolArray, weight: FloatArray, ridge: float = 1.0
) -> tuple[FloatArray, float]:
    """Weights (m,) and intercept of least penalised log loss.

    features: (n, m); right: (n,); weight: (n,) how much each counts. The penalty is ridge / 2 times
    the sum of squared weights, the intercept's apart. Raises `PoolError` where all are right, or
    none.
    """
    from scipy.optimize import minimize  # half as slow to import as pandas; runs seldom fit

    if right.all() or not right.any():
        kind = "right" if right.any() else "wrong"
        raise PoolError(f"all {len(right)} solutions are {kind}, which no weights can be learnt of")
    sign = np.where(right, 1.0, -1.0)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (features @ x[:-1] + x[-1])
        pull = -weight * sign * expit(-margin)
        value = weight @ np.logaddexp(0.0, -margin) + ridge / 2 * (x[:-1] @ x[:-1])
        slope = np.append(features.T @ pull + ridge * x[:-1], pull.sum())
        return float(value), slope

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-9})
    return np.asarray(found.x[:-1]), float(found.x[-1])


def within_auc(score: FloatArray, right: BoolArray, group: IntArray) -> float | None:
    """Chance that a right one outranks a wrong one of its group, ties half; mean over groups.

    score, right, group: (n,). NaN scores don't count. None where no group has both.
    """
    found = []
    for one in np.unique(group):
        own = (group == one) & ~np.isnan(score)
        good, bad = score[own & right], score[own & ~right]
        if len(good) and len(bad):
            gap = good[:, None] - bad
            found.append(float(np.mean((gap > 0) + 0.5 * (gap == 0))))
    return float(np.mean(found)) if found else None
