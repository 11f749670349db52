"""Verifier-based against verifier-free scaling (arXiv 2502.12118): what a pool has of its premises.

The paper's claim: where the base policy is heterogeneous (right solutions differ) and its rewards
are anti-concentrated (not sharp around their mean), whoever selects by a verifier gets ahead of
whoever imitates or votes, and the further the longer the horizon. Its exact definitions are not
known to us; those here are ours. The reward of a solution is 1 if it is right, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from ttc.analysis.estimate import FloatArray


def reward_variance(right: ArrayLike, solutions: ArrayLike) -> FloatArray:
    """(problems,) unbiased variance of the reward within each problem, p (1 - p): from 0 for what
    is always or never solved to 1/4. NaN for fewer than two solutions.
    """
    c, n = np.asarray(right, dtype=np.float64), np.asarray(solutions, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 1, c * (n - c) / (n * (n - 1)), np.nan)


def anti_concentration(right: ArrayLike, solutions: ArrayLike, epsilon: float = 1.0) -> FloatArray:
    """(problems,) share of solutions whose reward is above the problem's mean by more than epsilon
    standard deviations: p where 0 < p < 1 / (1 + epsilon^2), else 0. Of the measured p,
    so that it is too low near the threshold in small pools.

    The tail that a verifier can select from: 0 where there is none, be it that nothing is right or
    that most is.
    """
    p = np.asarray(right, dtype=np.float64) / np.maximum(np.asarray(solutions), 1)
    return np.where(p < 1 / (1 + epsilon**2), p, 0.0)


def length_spread(tokens: ArrayLike, right: ArrayLike) -> FloatArray:
    """(problems,) standard deviation over mean of the lengths of right solutions: how differently a
    problem is solved, as far as lengths show it. tokens, right: (problems, solutions). NaN for
    fewer than two right ones, or without lengths.
    """
    lengths = np.where(np.asarray(right, dtype=bool), np.asarray(tokens, dtype=np.float64), np.nan)
    found = np.full(len(lengths), np.nan)
    for i, row in enumerate(lengths):
        own = row[~np.isnan(row)]
        if len(own) > 1 and own.mean() > 0:
            found[i] = own.std(ddof=1) / own.mean()
    return found


@dataclass(frozen=True)
class Didactic:
    """A problem of ours: each of H steps is done well with probability p, on its own; a solution's
    reward is how many steps are. One who imitates, or who votes over solutions of which no two need
    agree, gets a solution like any other; one who has a verifier that tells the reward gets the
    best of n.

    Rewards have variance H p (1 - p) and are binomial, so anti-concentrated. The best of n is ahead
    by about sqrt(H p (1 - p)) times the expected largest of n standard normal values.
    """

    horizon: int
    solutions: int
    p: float = 0.5

    def gap(self) -> float:
        """Expected reward of the best of n less that of one: sum over k < H of 1 - F(k)^n, less
        H p, F being the binomial distribution function.
        """
        k = np.arange(self.horizon)
        below = bdtr(k, self.horizon, self.p)
        return float((1 - below**self.solutions).sum() - self.horizon * self.p)

    def simulated(self, rng: np.random.Generator, trials: int = 4000) -> tuple[float, float]:
        """The same by drawing every step of every solution, and its standard error."""
        ahead = np.empty(trials)
        for i in range(trials):
            steps = rng.random((self.solutions, self.horizon)) < self.p
            reward = steps.sum(axis=1)
            ahead[i] = reward.max() - reward[0]
        return float(ahead.mean()), float(ahead.std(ddof=1) / np.sqrt(trials))
