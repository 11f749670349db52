"""The choices an evaluation is made with; recorded with every result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ttc.analysis.errors import GridError

VerificationDraws = Literal["random", "first"]
InvalidVerdict = Literal["dropped", "zero", "half"]
SCORING = ("verification_draws", "invalid_verdict")
"""The settings that say how verifications become a score."""


@dataclass(frozen=True)
class EstimatorSettings:
    """How scores are formed and how hard estimators may work.

    verification_draws: `random` averages over uniformly random subsets of V of a solution's
        verifications, drawn for each solution apart, so that their variance is part of the
        result; `first` takes the first V, as the scripts of arXiv 2504.01005 do. A solution with
        fewer than V verifications uses all it has.
    invalid_verdict: a verdict that could not be read is `dropped` from the mean (a solution
        without any valid verdict among those drawn scores 0), or counts as 0 (`zero`) or as 0.5
        (`half`).
    draws: Monte Carlo draws for each problem.
    choices: the same for policies that are called once a draw and cell, since they have no
        estimator of their own; no more than `draws`.
    max_cost: most complex multiplications an exact cell may take before Monte Carlo replaces it
        (5e7 is about a second).
    """

    verification_draws: VerificationDraws = "random"
    invalid_verdict: InvalidVerdict = "dropped"
    draws: int = 512
    choices: int = 128
    max_cost: float = 5e7

    def __post_init__(self) -> None:
        for name, options in (
            ("verification_draws", get_args(VerificationDraws)),
            ("invalid_verdict", get_args(InvalidVerdict)),
        ):
            if getattr(self, name) not in options:
                raise GridError(
                    f"{name} must be one of {', '.join(options)}, not {getattr(self, name)!r}."
                )
        fewest = min(self.draws, self.choices)
        if fewest < 2:
            raise GridError(f"At least 2 Monte Carlo draws are needed, not {fewest}.")
