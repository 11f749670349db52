"""How many problems tell two methods apart: a paired t test over problems.

Both methods answer the same problems. With d_i the difference of their success on problem i, as
measured from so many samples of that problem, the mean of n problems' differences is nearly normal
around the true difference D with variance s^2 / n. s^2 has two parts: how true differences vary
between problems, which no amount of sampling removes, and how the measured one varies around its
problem's truth, which more samples make smaller. The measured difference is that of a run's
curves: both methods over all S-subsets of the N solutions that the pool has of a problem, not one
draw of S. The two-sided test at level alpha, whose statistic is a noncentral t, then has

    power(n) = P(|T| > t_{n-1, 1 - alpha/2}),   T ~ t'_{n-1}(D sqrt(n) / s)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri, stdtrit

from ttc.analysis.estimate import FloatArray

_NODES, _WEIGHTS = (0.5 * x for x in np.polynomial.legendre.leggauss(256))
_NODES = _NODES + 0.5  # on 0 to 1


def deviation_of(differences: FloatArray) -> float:
    """The s of measured differences, (problems, repeats): of one measurement of one problem.

    Needs two problems. Repeats on fresh samples make the estimate better, not the figure smaller.
    """
    return math.sqrt(float(np.var(differences, axis=0, ddof=1).mean()))


def foretold_deviation(known: Mapping[int, float], solutions: int) -> float:
    """The s at more solutions of each problem than those at which it is known (by solutions).

    Of a mean over subsets, the variance around its problem's truth falls as 1 / N in the end, and
    faster where N is not far from S (Hoeffding 1948); the part between problems stays. So
    s^2 = a + b / N + c / N^2, by least squares with a, b, c >= 0, and without the middle term where
    it is known at two N only: rather too large than too small. At one N, it is taken to stay.
    """
    from scipy.optimize import nnls  # slow to import, and plans seldom measure variances

    sizes = np.array(sorted(known), dtype=np.float64)
    squares = np.array([known[n] ** 2 for n in sorted(known)])
    if len(sizes) < 2:
        return math.sqrt(float(squares[0]))
    powers = np.array([0.0, 2.0] if len(sizes) == 2 else [0.0, 1.0, 2.0])
    parts, _ = nnls(sizes[:, None] ** -powers, squares)
    return math.sqrt(float(parts @ float(solutions) ** -powers))


def deviation_of_rates(first: float, second: float, correlation: float) -> float:
    """The s of one right-or-wrong outcome per problem and method, with such a correlation.

    first, second: success of the methods. A correlation beyond what two outcomes of these rates
    can have is taken as the nearest that they can have.
    """
    scale = math.sqrt(first * (1 - first) * second * (1 - second))
    both = first * second + correlation * scale  # probability that both are right
    both = min(max(both, first + second - 1, 0.0), first, second)
    return math.sqrt(max(0.0, first + second - 2 * both - (first - second) ** 2))


def upper_factor(problems: int, confidence: float = 0.9) -> float:
    """By what the true s may exceed one that was measured on so many problems, at this confidence.

    For nearly normal differences; 1 for fewer than two problems, which measure none.
    """
    if problems < 2:
        return 1.0
    freedom = problems - 1
    least = 2 * float(gammaincinv(freedom / 2, 1 - confidence))  # quantile of chi squared
    return math.sqrt(freedom / least)


def power_of(problems: int, difference: float, deviation: float, alpha: float = 0.05) -> float:
    """Probability that the test finds a difference of this size; `deviation` of one problem's.

    NaN for a single problem, whose spread can't be tested against.
    """
    if problems < 2:
        return math.nan
    if deviation == 0:
        return 1.0 if difference else alpha
    freedom = problems - 1
    shift = abs(difference) * math.sqrt(problems) / deviation
    critical = float(stdtrit(freedom, 1 - alpha / 2))
    # Over what the spread may be measured to be; scipy's noncentral t fails for few problems.
    bound = critical * np.sqrt(2 * gammaincinv(freedom / 2, _NODES) / freedom)
    return float(_WEIGHTS @ (ndtr(shift - bound) + ndtr(-shift - bound)))


def problems_needed(
    difference: float, deviation: float, power: float = 0.8, alpha: float = 0.05
) -> int:
    """The fewest problems, two at least, at which the test has this power."""

    def enough(problems: int) -> bool:
        return power_of(problems, difference, deviation, alpha) >= power

    # The normal approximation is a few problems short of it, and close where there are many.
    normal = ((ndtri(1 - alpha / 2) + ndtri(power)) * deviation / difference) ** 2
    high = max(2, math.ceil(normal))
    while not enough(high):
        high += max(1, high // 8)
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def smallest_difference(
    problems: int, deviation: float, power: float = 0.8, alpha: float = 0.05
) -> float:
    """The difference that so many problems find with this power; NaN for a single problem."""
    if problems < 2:
        return math.nan
    low, high = 0.0, deviation
    while deviation and power_of(problems, high, deviation, alpha) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        enough = power_of(problems, middle, deviation, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high
