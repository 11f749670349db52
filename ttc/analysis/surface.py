"""A law of the whole success surface, so that exponents are no artefacts of a coarse grid.

Success of verified selection from S solutions with V verifications each:

    f(S, V) = p + (G - D V^-beta) (1 - ((S + s) / (1 + s))^-(alpha + kappa V^-beta))

p is the accuracy of one solution, where there is nothing to select: the law passes through the
measured value. G is the gain of endless solutions and verifications; D what a single verification
loses of it, and beta how fast more of them recover that; alpha + kappa V^-beta how fast solutions
approach the ceiling that V verifications allow: in best-of-N few verifications soon leave nothing
to choose by (kappa > 0), in a vote they slow it (kappa < 0); s bends the start of the power law.

G and D enter linearly: for given alpha, beta, kappa and s the best G and D are those of a line, so
the search is over four unknowns (variable projection, Golub and Pereyra 1973).

The form is ours. A Chinchilla-like sum A S^-alpha + B V^-beta can't hold, since verifications do
nothing at S = 1. `benchmarks/surface_forms.py` compares it and other forms on surfaces of simulated
pools: how well they fit, how well the cheaper half of the budgets predicts the dearer one, and how
near their exponents come to those of a much finer grid.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import least_squares

from ttc.analysis.estimate import FloatArray, IntArray

_SLOWEST = 0.01  # of the approach to the ceiling: an exponent of 0 would never get there
_PARAMETERS = 6
# alpha, beta, kappa, shift
_LOW = np.array([0.02, 0.02, -8.0, -0.9])
_HIGH = np.array([8.0, 4.0, 8.0, 20.0])
_START = np.array([0.7, 0.6, 0.1, 0.3])


@dataclass(frozen=True)
class SurfaceLaw:
    """Parameters of the law; see the module. `rmse`: of the fit, in success probability."""

    accuracy: float
    gain: float
    loss: float
    alpha: float
    beta: float
    kappa: float
    shift: float
    rmse: float = float("nan")

    def __call__(self, S: FloatArray | IntArray, V: FloatArray | IntArray) -> FloatArray:
        """Success at S >= 1 and V >= 1, which broadcast."""
        s, w = np.asarray(S, np.float64), np.log(np.asarray(V, np.float64))
        basis = _basis(self._point(), s, w)
        return np.asarray(self.accuracy + self.gain * basis[0] + self.loss * basis[1])

    def _point(self) -> FloatArray:
        return np.array([self.alpha, self.beta, self.kappa, self.shift])

    def as_dict(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)


def fit_surface(
    success: FloatArray, S: IntArray, V: IntArray, start: SurfaceLaw | None = None
) -> SurfaceLaw | None:
    """Least squares over the cells of a grid. success: (S, V), NaN where unavailable or held out.

    Cells weigh alike: their errors are far from independent (all stand on the same problems), so
    no simple weighting is right, and intervals come from resampled problems in any case. `start`:
    a fit nearby, to begin from. None where S = 1 has no cell, or there are fewer cells beyond it
    than the law has parameters.
    """
    known = ~np.isnan(success)
    first = known & (np.asarray(S) == 1)[:, None]
    cells = known & ~first
    if not first.any() or np.count_nonzero(cells) < _PARAMETERS:
        return None
    accuracy = float(success[first].mean())
    sizes, depths = np.asarray(S, np.float64)[:, None], np.log(np.asarray(V, np.float64))[None, :]
    s, w = (np.broadcast_to(x, success.shape)[cells] for x in (sizes, depths))
    target = success[cells] - accuracy
    most = max(1 - accuracy, 1e-3)  # success can't pass 1, however far the law is followed
    point = _START if start is None else start._point()

    def misses(x: FloatArray) -> FloatArray:
        basis = _basis(x, s, w)
        return np.asarray(_linear(basis, target, most) @ basis - target)

    def slopes(x: FloatArray) -> FloatArray:
        basis = _basis(x, s, w)
        return _slopes(x, s, w, basis, _linear(basis, target, most), most)

    found = least_squares(
        misses,
        np.clip(point, _LOW + 1e-6, _HIGH - 1e-6),
        jac=slopes,
        bounds=(_LOW, _HIGH),
        max_nfev=100,
    )
    gain, loss = _linear(_basis(found.x, s, w), target, most).tolist()
    rmse = float(np.sqrt(np.mean(found.fun**2)))
    alpha, beta, kappa, shift = found.x.tolist()
    return SurfaceLaw(accuracy, gain, loss, alpha, beta, kappa, shift, rmse)


def _basis(x: FloatArray, s: FloatArray, w: FloatArray) -> FloatArray:
    """What G and D are multiplied with, (2, ...). s: S; w: logarithm of V."""
    alpha, beta, kappa, shift = x
    left = np.exp(-beta * w)
    pace = np.maximum(alpha + kappa * left, _SLOWEST)
    reached = -np.expm1(-pace * np.log((s + shift) / (1 + shift)))
    return np.stack(np.broadcast_arrays(reached, -left * reached))


def _linear(basis: FloatArray, target: FloatArray, most: float) -> FloatArray:
    """The G in [0, most] and D in [0, 1] of least squares, (2,): inside, else on an edge."""
    normal, aim = basis @ basis.T, basis @ target
    spread = normal[0, 0] * normal[1, 1] - normal[0, 1] ** 2
    if spread > 1e-12 * normal[0, 0] * normal[1, 1]:
        gain = (normal[1, 1] * aim[0] - normal[0, 1] * aim[1]) / spread
        loss = (normal[0, 0] * aim[1] - normal[0, 1] * aim[0]) / spread
        if 0 <= gain <= most and 0 <= loss <= 1:
            return np.array([gain, loss])
    tried = []
    for fixed, values in ((1, (0.0, 1.0)), (0, (0.0, most))):
        free = 1 - fixed
        for value in values:
            best = (aim[free] - normal[0, 1] * value) / max(normal[free, free], 1e-300)
            point = np.zeros(2)
            point[fixed], point[free] = value, np.clip(best, 0, (most, 1.0)[free])
            tried.append(point)
    return min(tried, key=lambda point: float(point @ normal @ point - 2 * point @ aim))


def _slopes(
    x: FloatArray,
    s: FloatArray,
    w: FloatArray,
    basis: FloatArray,
    linear: FloatArray,
    most: float,
) -> FloatArray:
    """(cells, 4) derivatives of the misses with G and D following (Kaufman 1975): what those that
    are not at a bound can make up for is taken out.
    """
    alpha, beta, kappa, shift = x
    gain, loss = linear
    left = np.exp(-beta * w)
    pace = alpha + kappa * left
    free = pace > _SLOWEST
    pace = np.maximum(pace, _SLOWEST)
    log_size = np.log((s + shift) / (1 + shift))
    rest = np.exp(-pace * log_size)
    slope = (gain - loss * left) * rest
    by_pace = slope * log_size * free
    by_left = kappa * by_pace - loss * (1 - rest)
    by_shift = slope * pace * (1 / (s + shift) - 1 / (1 + shift))
    columns = np.stack([by_pace, -w * left * by_left, left * by_pace, by_shift], axis=-1)
    inner = [basis[i] for i, top in enumerate((most, 1.0)) if 0 < linear[i] < top]
    if not inner:
        return columns
    directions = np.linalg.qr(np.stack(inner, axis=-1))[0]
    return np.asarray(columns - directions @ (directions.T @ columns))
