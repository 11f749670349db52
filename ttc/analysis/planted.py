"""What a simulated pool would show with samples without end: the truth that fits are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ttc.analysis.simulate import Floats, SimulatedPool, SimulationConfig, yes_rates


@dataclass(frozen=True)
class PlantedTruth:
    """Truth about the problems that were drawn, not about the distribution they came from.

    accuracy: probability that one solution is right. pass_at_k: probability that one of k
    independent solutions is right, by k. majority_limit: success of the vote of infinitely many
    solutions, ties shared. trapped: share of problems in which a wrong answer is likelier than the
    right one, so that voting makes them worse. yes_when_right, yes_when_wrong: probability that a
    readable verdict says Yes, in a problem with a right (wrong) solution to judge as often as they
    come; verdict_correlation: of two verdicts of a problem that share their error.
    ratio: lambda, mean tokens of a verification over mean tokens of a solution; None without
    verifications. All but `ratio` and the verifier's rates are means over problems.
    """

    accuracy: float
    pass_at_k: dict[int, float]
    majority_limit: float
    trapped: float
    yes_when_right: float
    yes_when_wrong: float
    verdict_correlation: float
    ratio: float | None

    def as_dict(self) -> dict[str, object]:
        """Plain data, `ratio` as `lambda`."""
        found = asdict(self)
        return found | {"lambda": found.pop("ratio")}


def planted_truth(
    config: SimulationConfig, pool: SimulatedPool, k: Sequence[int] = ()
) -> PlantedTruth:
    """The truth behind a pool. k: where coverage is wanted."""
    right = (1 - config.invalid_rate) * pool.solve_rate
    rival = (1 - pool.solve_rate) * pool.wrong_shares.max(axis=1)
    rivals = np.isclose(pool.wrong_shares, pool.wrong_shares.max(axis=1, keepdims=True)).sum(axis=1)
    tied = np.isclose(pool.solve_rate, rival)
    won = np.where(tied, 1 / (1 + rivals), pool.solve_rate > rival)
    yes = yes_rates(config, pool.error_shift)
    often = right / max(right.sum(), 1e-300), (1 - right) / max((1 - right).sum(), 1e-300)
    judged = config.verified_solutions > 0 and config.verifications > 0
    return PlantedTruth(
        accuracy=float(right.mean()),
        pass_at_k={size: float(np.mean(1 - (1 - right) ** size)) for size in k},
        majority_limit=float(won.mean()),
        trapped=float(np.mean(~tied & (pool.solve_rate < rival))),
        yes_when_right=_mean(yes[0], often[0]),
        yes_when_wrong=_mean(yes[1], often[1]),
        verdict_correlation=config.error_correlation,
        ratio=config.verification_tokens.mean / config.solution_tokens.mean if judged else None,
    )


def _mean(rates: Floats, weights: Floats) -> float:
    """Of (problems,) rates, exactly the one where they are all one."""
    return float(rates[0] if np.ptp(rates) == 0 else rates @ weights)
