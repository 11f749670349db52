"""Means by problem of what samples used."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttc.store._samples import USE_COLUMNS, Ints, Samples, blocks

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeanUse:
    """Mean use of one sample by problem, (problems,) each; NaN where a problem has none.

    Attention costs grow with products of lengths, so the means of those are here, too (tokens^2).
    """

    prompt_tokens: Floats
    completion_tokens: Floats
    seconds: Floats
    prompt_squared: Floats
    completion_squared: Floats
    prompt_times_completion: Floats

    def take(self, rows: NDArray[np.bool_] | slice) -> MeanUse:
        """The same for some of the problems."""
        return MeanUse(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def use_of(samples: Samples, problems: int, known: NDArray[np.bool_] | None = None) -> MeanUse:
    """known: (samples,) of which lengths are known, None for all. Others count as these do in the
    mean, of their own problem or, where it has none, of all.
    """
    prompts, completions, times = (samples[name] for name in USE_COLUMNS)
    use = mean_use(samples.row, prompts, completions, times, problems)
    if known is None:
        return use
    some = mean_use(samples.row[known], prompts[known], completions[known], times[known], problems)
    there = np.bincount(samples.row, minlength=problems) > 0
    means = {name: getattr(some, name) for name in _OF_LENGTHS}
    return replace(
        use,
        **{
            name: np.where(there & np.isnan(mean), np.nanmean(mean), mean)
            for name, mean in means.items()
        },
    )


_OF_LENGTHS = ("completion_tokens", "completion_squared", "prompt_times_completion")


def mean_use(
    row: Ints,
    prompts: NDArray[Any],
    completions: NDArray[Any],
    times: NDArray[Any],
    problems: int,
) -> MeanUse:
    """Means by problem of samples, (samples,) each: their problem's row, tokens and seconds."""
    totals = np.zeros((6, problems))
    for part in blocks(len(row)):
        own = row[part]
        p, c, seconds = (v[part].astype(np.float64) for v in (prompts, completions, times))
        for total, values in zip(totals, (p, c, seconds, p**2, c**2, p * c), strict=True):
            np.add.at(total, own, values)  # one after the other, however they are cut
    count = np.bincount(row, minlength=problems)
    return MeanUse(*(totals / np.where(count > 0, count, np.nan)))
