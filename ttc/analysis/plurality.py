"""Which answer most solutions give, by number or by weight."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def plurality(
    classes: NDArray[np.integer[Any]], weights: NDArray[np.floating[Any]] | None = None
) -> int:
    """The class of largest total weight, the lowest number on a tie; -1 without a valid answer.

    Totals that differ by the round-off of their sums tie. Solutions whose weight is NaN have no
    vote.
    """
    weights = np.ones(len(classes)) if weights is None else weights
    voting = (classes >= 0) & ~np.isnan(weights)
    if not voting.any():
        return -1
    from ttc.analysis.weighted import near_best

    votes = np.bincount(classes[voting], weights=weights[voting])
    merit = np.where(np.bincount(classes[voting]) > 0, votes, -np.inf)
    return int(np.argmax(near_best(merit)))
