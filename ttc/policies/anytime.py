"""Mode by betting: a vote that stops with a bound on its error (after arXiv 2109.05047, PPR)."""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class Anytime(StoppingRule):
    """Majority vote that stops once its leader is proven the commonest answer, up to delta.

    Whatever the model, however many answers it may give, and however often the rule looks: with
    probability 1 - delta at least, it never stops at another answer than the most probable one, to
    which the vote of endless independent solutions tends. That this is right, it does not say; nor
    anything of attempts that end before it stops. Unreadable answers are left out. The paper bounds
    the vote for a known number of answers; splitting delta over them as they come is ours.
    """

    title: ClassVar[str] = "anytime-valid vote"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"delta": (0.01, 0.05, 0.1, 0.2, 0.4)}

    type: Literal["anytime"] = "anytime"
    delta: float = Field(default=0.05, gt=0, lt=1)
    """Probability of ever stopping at an answer that is not the model's commonest."""

    def choose(self, drawn: Drawn) -> int:
        """That which it stopped at; where it has not stopped, the vote's."""
        return plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        valid = drawn.classes[drawn.classes >= 0]
        first, second = drawn.top_two()
        if first == second:
            return False
        known, seen = np.unique(valid, return_index=True)
        leader = int(np.argmax(np.bincount(valid)))
        place = int((seen <= seen[known == leader]).sum())
        # Of the answer that came as the i-th new one, a part 1/(i(i+1)) of delta: they sum to it.
        return evidence(first - 1, second) >= log(place * (place + 1) / self.delta)


@lru_cache(maxsize=65_536)
def evidence(ahead: int, behind: int) -> float:
    """Log of the evidence that one answer is more probable than another: an e-process.

    It is the likelihood ratio of a rate uniform on (1/2, 1) against 1/2, of `ahead` solutions with
    the one answer among `ahead + behind` with either: 2^(n+1) B(a+1, b+1) P(Beta(a+1, b+1) > 1/2).
    Where the rate is 1/2 at most, this is a supermartingale with mean 1, so that it ever exceeds
    1/delta with probability delta at most (Ville). Against an answer that was never given it is
    larger than against the runner-up, so that one alone is asked. The first solution of an answer
    is not counted `ahead`: it is what made us look at this answer.
    """
    from scipy.special import betainc, betaln

    total = (ahead + behind + 1) * log(2) + float(betaln(ahead + 1, behind + 1))
    return total + log(max(float(betainc(behind + 1, ahead + 1, 0.5)), 1e-300))
