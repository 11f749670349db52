"""Pool -> chosen answer, one file per policy.

A policy does two things. Its estimator in `ttc.analysis.policies`, found under the policy's type,
gives the expected success over random subsets of a pool, for every S and V at once (what curves are
made of). Its `choose` picks one answer from all that a problem has (what `ttc show` explains).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ttc.registry import Kind, Part


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a policy may read of one problem's solutions.

    classes: (N,) answer class of each, -1 invalid; scores: (N,) mean verification score, NaN where
    unverified; verifications: (N,) how many valid ones that is the mean of.
    """

    classes: NDArray[np.integer[Any]]
    scores: NDArray[np.floating[Any]]
    verifications: NDArray[np.integer[Any]]

    @property
    def verified(self) -> NDArray[np.bool_]:
        """(N,) which have a score."""
        return np.asarray(~np.isnan(self.scores))


class PolicyPart(Part):
    """Base of policy configs."""

    kind: ClassVar[Kind] = "policy"
    needs_verifications: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return str(type(self).model_fields["type"].default)

    def choose(self, drawn: Drawn) -> int:
        """The answer class chosen from one problem's whole pool, -1 for none."""
        raise NotImplementedError

    def picks(self, drawn: Drawn, gold: int) -> int:
        """`choose`, but for an oracle: what it picks where `gold` is the right class."""
        return self.choose(drawn)


def plurality(classes: NDArray[np.integer[Any]], weights: NDArray[np.floating[Any]]) -> int:
    """The class of largest total weight, the first seen on a tie; -1 without a valid answer.

    Solutions whose weight is NaN have no vote.
    """
    voting = (classes >= 0) & ~np.isnan(weights)
    if not voting.any():
        return -1
    votes = np.bincount(classes[voting], weights=weights[voting])
    return int(np.argmax(np.where(np.bincount(classes[voting]) > 0, votes, -np.inf)))
