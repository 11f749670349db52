"""How sure a solver was of what it wrote, from the probabilities of its tokens.

All values are in nats, from natural logarithms. A token's alternatives are the likeliest tokens at
its place; where a solution has fewer than were asked for, those that it has are taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Literal

from ttc.core import TokenLogprob

Of = Literal["mean", "tail", "bottom_groups", "lowest_group", "self_certainty"]
_ROUND_OFF = 1e-7


def measured(
    tokens: Sequence[TokenLogprob],
    how: Of,
    window: int = 2048,
    share: float = 0.1,
    top: int = 20,
    vocabulary: int | None = None,
) -> float | None:
    """A solution's confidence of its tokens; None where their alternatives are not known.

    mean of their confidences; tail: mean of the last `window`; lowest_group: the least mean of a
    window; bottom_groups: mean of the lowest `share` of the windows' means (all arXiv 2508.15260).
    """
    if how == "self_certainty":
        return self_certainty(tokens, top, vocabulary)
    values = token_confidences(tokens, top)
    if not values:
        return None
    if how in ("mean", "tail"):
        chosen = values if how == "mean" else values[-window:]
        return math.fsum(chosen) / len(chosen)
    groups = group_means(values, window)
    return min(groups) if how == "lowest_group" else bottom_mean(groups, share)


def token_confidences(tokens: Iterable[TokenLogprob], top: int) -> list[float]:
    """Minus the mean log-probability of the `top` likeliest tokens at each place (2508.15260).

    It is large where the probability lies on few tokens. Places without alternatives are left out.
    """
    return [-math.fsum(best) / len(best) for best in _likeliest(tokens, top)]


def group_means(values: Sequence[float], window: int) -> list[float]:
    """Means over all windows of so many values in a row; of fewer values, their one mean."""
    if len(values) <= window:
        return [math.fsum(values) / len(values)]
    sums = [0.0, *accumulate(values)]
    return [(end - start) / window for start, end in zip(sums, sums[window:], strict=False)]


def bottom_mean(groups: Sequence[float], share: float) -> float:
    """Mean of the lowest share of the groups, rounded down, and of one at least (2508.15260)."""
    lowest = sorted(groups)[: max(1, int(len(groups) * share))]
    return math.fsum(lowest) / len(lowest)


def self_certainty(
    tokens: Iterable[TokenLogprob], top: int, vocabulary: int | None
) -> float | None:
    """Mean over the places of KL(uniform || model) = -1/V sum_j log(V p_j) (arXiv 2502.18581).

    That is over a vocabulary of V tokens, of which servers tell the likeliest alone. The others are
    taken to share what is left of probability evenly, which makes it the least that it can be. With
    vocabulary None, the distribution is that of the `top` alternatives alone. None without any.
    """
    found = [_divergence(best, vocabulary) for best in _likeliest(tokens, top)]
    return math.fsum(found) / len(found) if found else None


def _divergence(best: Sequence[float], vocabulary: int | None) -> float:
    k = len(best)
    mass = math.fsum(map(math.exp, best))
    if vocabulary is None or vocabulary <= k:
        return math.log(mass) - math.fsum(best) / k - math.log(k)
    # Single precision tells no less of a sum, and no token that is not listed has more than these.
    left = max(1.0 - mass, _ROUND_OFF)
    rest = min(math.log(left / (vocabulary - k)), best[-1])
    return -(math.fsum(best) + (vocabulary - k) * rest) / vocabulary - math.log(vocabulary)


def _likeliest(tokens: Iterable[TokenLogprob], top: int) -> list[list[float]]:
    """The log-probabilities of the likeliest alternatives at each place, largest first."""
    ranked = (
        sorted((p for p in token.top.values() if not math.isnan(p)), reverse=True)[:top]
        for token in tokens
    )
    return [best for best in ranked if best]
