"""Which problems deserve the next samples: what they are expected to bring to the vote.

A problem's votes are those of its leader a, of the runner-up b <= a, and all others r (rarer
answers and invalid ones). With a uniform prior, the shares of these three among all answers that
the model would give follow Dirichlet(a + 1, b + 1, r + 1).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, gammaln

from ttc.analysis.estimate import FloatArray

Votes = tuple[int, int, int]
"""Of the leader, of the runner-up, and of all others."""
MOST = 64
"""Further samples of a problem that are looked ahead to at a time."""


def votes_of(classes: ArrayLike) -> Votes:
    """Votes of answer classes, -1 for invalid answers."""
    found = np.asarray(classes, dtype=np.int64)
    counts = np.sort(np.bincount(found[found >= 0], minlength=2))[::-1]
    return int(counts[0]), int(counts[1]), int(len(found) - counts[:2].sum())


@lru_cache(maxsize=65_536)
def doubt(votes: Votes) -> float:
    """P(the runner-up is really the more frequent of the two): 1/2 for a tie, and less with more
    votes. The Beta posterior of Adaptive-Consistency (arXiv 2305.11860).
    """
    first, second, _ = votes
    return float(betainc(first + 1, second + 1, 0.5))


@lru_cache(maxsize=65_536)
def gains(votes: Votes, most: int = MOST) -> tuple[float, ...]:
    """Of 1, 2 ... `most` further samples: by how much they raise the expected share of the chosen
    answer among all that the model would give, the vote choosing again once they are there.

    The share is what self-consistency takes for the probability of being right. Of m samples, t
    fall on leader or runner-up (beta-binomial), and i of these on the leader (likewise), so that
    the gain is E[(b - a + t - 2 i)^+] / (a + b + r + 3 + m): zero until m exceeds the lead.
    """
    first, second, others = votes
    lead = first - second
    ahead = np.zeros(most + 1)
    for t in range(lead + 1, most + 1):
        i = np.arange(t + 1)
        law = _beta_binomial(t, first + 1, second + 1)
        ahead[t] = law @ np.maximum(t - 2 * i - lead, 0)
    total = first + second + others + 3
    return tuple(
        float(_beta_binomial(m, first + second + 2, others + 1) @ ahead[: m + 1]) / (total + m)
        for m in range(1, most + 1)
    )


def _beta_binomial(n: int, alpha: float, beta: float) -> FloatArray:
    """(n + 1,) probabilities of 0 ... n."""
    k = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + betaln(k + alpha, n - k + beta) - betaln(alpha, beta)))


def batches(gain: Sequence[float]) -> list[tuple[int, float]]:
    """Batches of samples with falling gain per sample: sizes, and gains of one sample of each.

    One sample alone often can't change the vote, so gains are not concave; whoever buys by the best
    gain per sample buys them in these batches, the edges of the gains' concave hull (KG(*) of
    Frazier and Powell 2010).
    """
    hull: list[tuple[int, float]] = [(0, 0.0)]
    for m, value in enumerate(gain, 1):
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) <= _slope(hull[-1], (m, value)):
            hull.pop()
        hull.append((m, value))
    edges = pairwise(hull)
    return [(b[0] - a[0], _slope(a, b)) for a, b in edges if b[1] > a[1]]


def _slope(a: tuple[int, float], b: tuple[int, float]) -> float:
    return (b[1] - a[1]) / (b[0] - a[0])


def by_gain(votes: Mapping[str, Votes], prices: Mapping[str, float]) -> dict[str, float]:
    """Samples for each problem: the best gain for the price first, until a budget of 1 is spent.

    prices: of a sample of each problem, as a part of the budget. Batches are bought whole, but for
    the last. What no gain is expected of, once all leads are too large, is bought evenly.
    """
    left = 1.0
    bought = dict.fromkeys(prices, 0.0)
    queue = []
    for place, name in enumerate(prices):
        todo = batches(gains(votes[name]))
        if todo:
            queue.append((-todo[0][1] / prices[name], place, name, todo))
    heapq.heapify(queue)
    while queue and left > 0:
        _, place, name, (batch, *rest) = heapq.heappop(queue)
        size = min(float(batch[0]), left / prices[name])
        bought[name] += size
        left -= size * prices[name]
        if rest:
            heapq.heappush(queue, (-rest[0][1] / prices[name], place, name, rest))
    if left > 1e-9:
        each = left / sum(prices.values())
        bought = {name: n + each for name, n in bought.items()}
    return bought


def by_doubt(votes: Mapping[str, Votes], prices: Mapping[str, float]) -> dict[str, float]:
    """Samples for each problem in proportion to its `doubt`, for a budget of 1."""
    weights = {name: doubt(votes[name]) for name in prices}
    whole = sum(weights[name] * price for name, price in prices.items())
    return {name: weight / whole for name, weight in weights.items()}
