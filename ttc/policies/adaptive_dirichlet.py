"""Adaptive-Consistency by a Dirichlet law over the top answers (arXiv 2305.11860)."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register

_POINTS = 64  # of the quadrature: errors of about 1e-5 at most


@register
class AdaptiveDirichlet(StoppingRule):
    """Majority vote that stops once its leader surely beats all others (2305.11860, Dirichlet).

    The share of each of the `top` answers is unknown, with the law Dirichlet(votes + 1). With two
    answers that is the Beta criterion of `adaptive_consistency`, as in the paper's code, which
    integrates by Monte Carlo where this does so by quadrature.
    """

    title: ClassVar[str] = "adaptive consistency, Dirichlet"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"sure": (0.7, 0.8, 0.9, 0.95, 0.99)}

    type: Literal["adaptive_dirichlet"] = "adaptive_dirichlet"
    sure: float = Field(default=0.95, gt=0.5, lt=1)
    """Probability that the leader has the largest share, at which to stop."""
    top: int = Field(default=5, ge=2, le=100)
    """The most frequent answers that are looked at; two count where fewer were given."""

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        votes = np.sort(np.bincount(drawn.classes[drawn.classes >= 0], minlength=2))[::-1]
        return leads_all(tuple(votes[: self.top].tolist())) >= self.sure


@lru_cache(maxsize=65_536)
def leads_all(votes: tuple[int, ...]) -> float:
    """P(p_1 > p_i for all others) where p has the law Dirichlet(votes + 1). votes: leader first.

    Shares of a Dirichlet law are independent Gamma variables over their sum, so this is the mean of
    prod_i F_i(X_1), F_i being the Gamma distribution function with shape votes_i + 1.
    """
    from scipy.special import gammainc, gammaincinv

    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    leader = gammaincinv(votes[0] + 1.0, (nodes + 1) / 2)
    below = np.prod([gammainc(n + 1.0, leader) for n in votes[1:]], axis=0)
    return float((weights / 2 * below).sum())
