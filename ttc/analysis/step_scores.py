"""From the scores of steps to one score: last, least, mean or product."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ttc.analysis.estimate import FloatArray

Aggregate = Literal["last", "min", "mean", "product"]


def aggregated(steps: FloatArray, how: Aggregate) -> FloatArray:
    """One score of each row of steps: (..., L) -> (...), NaN where no step has one.

    steps: probabilities that each is right, NaN where there is none. last: of the last step that
    has one; product: as if steps were right independently. As search-and-learn (last, min, prod)
    and GenPRM (arXiv 2504.00891, last, min, average) have them.
    """
    there = ~np.isnan(steps)
    some = there.any(axis=-1) if steps.shape[-1] else np.zeros(steps.shape[:-1], dtype=np.bool_)
    if not steps.shape[-1]:
        return np.full(steps.shape[:-1], np.nan)
    if how == "last":
        end = steps.shape[-1] - 1 - np.argmax(there[..., ::-1], axis=-1)
        found = np.take_along_axis(steps, end[..., None], axis=-1)[..., 0]
    elif how == "min":
        found = np.where(there, steps, np.inf).min(axis=-1)
    elif how == "product":
        found = np.where(there, steps, 1.0).prod(axis=-1)
    else:
        found = np.where(there, steps, 0.0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    return np.where(some, found, np.nan)
