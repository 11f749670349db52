"""What solutions may be weighed or ranked by: scores, raw measures, or the solver's confidence."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from ttc.analysis.estimate import FloatArray
from ttc.policies import Drawn, PolicyPart


class MeasuringPolicy(PolicyPart):
    """Base of policies that weigh solutions by one number of each."""

    by: Literal["scores", "raw", "confidence"] = Field(default="scores")
    """What counts: the mean score in [0, 1], the mean raw measure in the verifier's own unit, or
    the solver's geometric mean token probability, which needs no verifier."""

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({self.by})

    def measure(self, drawn: Drawn) -> FloatArray:
        """(N,) the number of each, NaN for solutions without a valid answer or with none known."""
        if self.by == "confidence":
            known = np.exp(drawn.confidence)
        else:
            known = drawn.scores if self.by == "scores" else row_means(drawn.raw)
        return np.where(drawn.classes >= 0, known, np.nan)


def row_means(values: FloatArray) -> FloatArray:
    """(N,) means of what is known in each row of (N, V), NaN where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    mean = np.where(there, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)
