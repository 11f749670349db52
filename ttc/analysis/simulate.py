"""Pools drawn from a generative model whose truth is known.

For planning experiments and for testing estimators and fits. The model, for problem i:

- solve rate p_i ~ Beta(solve_alpha, solve_beta), or, with `solve_deviation`, its log-odds are
  normal with mean `solve_location` and that deviation;
- a solution is invalid with probability `invalid_rate`, else right with probability p_i;
- wrong answers are `wrong_answers` classes with weights k^-wrong_zipf, made uneven from problem to
  problem by a Dirichlet draw of total concentration `wrong_concentration` (none: the weights
  themselves); in a fraction `trap_rate` of the problems, one wrong answer takes `trap_share` of
  the wrong mass, so that majority voting converges to it where p_i is low;
- a verifier says Yes to a right answer with mean probability `true_positive_rate` and to a wrong
  one with `false_positive_rate`. Its errors are correlated: verdicts of one solution (or, with
  `errors_shared_by: answer`, of all solutions with one answer) share a probability drawn from
  Beta(m (1 - r) / r, (1 - m) (1 - r) / r) around that mean m, which gives two such verdicts the
  correlation r = `error_correlation` (a beta-binomial); r = 0 means independent errors. A verdict
  is unreadable with probability `invalid_verdict_rate`. The log-odds of both errors at problem i
  are larger by `error_difficulty` (1 - 2 p_i), so where problems are hard, and by a normal draw of
  deviation `error_problem_deviation`, the problem's own;
- token counts are lognormal with the given means and coefficients of variation, at least 1; of the
  variance of their logarithm, the part `problem_share` is a problem's own: its solutions and its
  verifications are long or short together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.special import expit, logit

from ttc.analysis.pool import INVALID, PoolArrays

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
RIGHT = 0  # class of the right answer; wrong ones are 1 .. wrong_answers


_USUALLY_VERIFIED = 64
_STRICT = ConfigDict(
    extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
)


class Lengths(BaseModel):
    """Token counts of one completion."""

    model_config = _STRICT
    mean: float = Field(default=300, gt=0, le=1e7)
    """Tokens."""
    variation: float = Field(default=0.5, ge=0, le=10)
    """Standard deviation over mean."""
    problem_share: float = Field(default=0, ge=0, le=1)
    """Part of the (logarithms') variance that lies between problems."""


class SimulationConfig(BaseModel):
    """Size and truth of a simulated pool; the module says what each parameter does."""

    model_config = _STRICT

    problems: int = Field(default=128, ge=1)
    solutions: int = Field(default=256, ge=1)
    """Per problem."""
    verified_solutions: int = Field(default=_USUALLY_VERIFIED, ge=0)
    """Per problem: the first ones; 64, or all where there are fewer."""
    verifications: int = Field(default=32, ge=0)
    """Per verified solution."""
    solve_alpha: float = Field(default=0.8, gt=0, le=1e9)
    """Solve rates follow Beta(solve_alpha, solve_beta)."""
    solve_beta: float = Field(default=1.0, gt=0, le=1e9)
    """Second parameter of the solve rates."""
    solve_location: float = Field(default=0.0, ge=-100, le=100)
    """Mean log-odds of solve rates, where solve_deviation is given."""
    solve_deviation: float | None = Field(default=None, ge=0, le=100)
    """Deviation of normal log-odds of solve rates, in place of the beta distribution."""
    invalid_rate: float = Field(default=0.02, ge=0, lt=1)
    """Share of solutions without a readable answer."""
    wrong_answers: int = Field(default=20, ge=1, le=1_000_000)
    """Distinct wrong answers to a problem."""
    wrong_zipf: float = Field(default=1.0, ge=0)
    """The k-th wrong answer has weight k^-wrong_zipf; 0: all alike."""
    wrong_concentration: float | None = Field(default=None, gt=0, le=1e9)
    """Total concentration of a Dirichlet draw of those weights by problem; none: no such draw."""
    trap_rate: float = Field(default=0.2, ge=0, le=1)
    """Share of problems with one tempting wrong answer."""
    trap_share: float = Field(default=0.8, ge=0, le=1)
    """Part of the wrong solutions that the tempting answer takes there."""
    true_positive_rate: float = Field(default=0.8, ge=0, le=1)
    """Probability of a Yes to a right solution."""
    false_positive_rate: float = Field(default=0.3, ge=0, le=1)
    """Probability of a Yes to a wrong solution."""
    error_correlation: float = Field(default=0.2, ge=0, lt=1)
    """Correlation of the errors of two verdicts that share them."""
    errors_shared_by: Literal["solution", "answer"] = "solution"
    """Who shares errors: verdicts of one solution, or of all solutions with one answer."""
    error_difficulty: float = Field(default=0.0, ge=-100, le=100)
    """Log-odds that errors gain from a solve rate of 1/2 to one of 0, and lose to one of 1."""
    error_problem_deviation: float = Field(default=0.0, ge=0, le=100)
    """Deviation of the part of the errors' log-odds that is a problem's own."""
    invalid_verdict_rate: float = Field(default=0.02, ge=0, lt=1)
    """Share of verifications without a readable verdict."""
    solution_tokens: Lengths = Lengths()
    """Tokens of a solution."""
    verification_tokens: Lengths = Lengths()
    """Tokens of a verification."""

    @model_validator(mode="before")
    @classmethod
    def _small_pools(cls, data: Any) -> Any:
        """Where it is not said how many solutions are verified, a small pool has fewer."""
        if isinstance(data, dict) and "verified_solutions" not in data:
            total = data.get("solutions")
            if isinstance(total, int) and 0 < total < _USUALLY_VERIFIED:
                return data | {"verified_solutions": total}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> SimulationConfig:
        if self.verified_solutions > self.solutions:
            raise ValueError("verified_solutions can't exceed solutions")
        return self


@dataclass(frozen=True)
class SimulatedPool:
    """A drawn pool with what drew it.

    solve_rate: (P,) probability that a valid solution is right. wrong_shares: (P, wrong_answers)
    distribution of wrong answers. yes_rate: (P, verified) probability of Yes behind a solution's
    verdicts. solution_tokens: (P, N), verification_tokens: (P, verified, M). error_shift: (P,)
    log-odds that errors gain at a problem.
    """

    arrays: PoolArrays
    solve_rate: Floats
    wrong_shares: Floats
    yes_rate: Floats
    solution_tokens: Counts
    verification_tokens: Counts
    error_shift: Floats


def simulate_pool(config: SimulationConfig, rng: np.random.Generator) -> SimulatedPool:
    """Draw a pool; the same generator state gives the same pool."""
    solve_rate = _solve_rates(config, rng)
    shift = _error_shifts(config, solve_rate, rng)
    shares = _wrong_shares(config, rng)
    classes = _answers(config, solve_rate, shares, rng)
    # Without a verification each, solutions are unverified; both sizes go to zero together.
    verified = config.verified_solutions if config.verifications else 0
    depth = config.verifications if verified else 0
    yes_rate = _yes_rates(config, classes[:, :verified], shift, rng)
    scores = _verdicts(config, yes_rate, depth, rng)
    solution_tokens, verification_tokens = _both_lengths(config, classes.shape, scores.shape, rng)
    right = classes == RIGHT
    arrays = PoolArrays(
        answer_class=classes,
        correct=right,
        scores=scores,
        verification_count=np.full(scores.shape[:2], depth, dtype=np.int32),
        solution_tokens=solution_tokens.mean(axis=1),
        verification_tokens=(
            verification_tokens.mean(axis=(1, 2))
            if verification_tokens.size
            else np.full(config.problems, np.nan)
        ),
        problem_ids=tuple(f"simulated-{i}" for i in range(config.problems)),
    )
    return SimulatedPool(
        arrays, solve_rate, shares, yes_rate, solution_tokens, verification_tokens, shift
    )


def _solve_rates(config: SimulationConfig, rng: np.random.Generator) -> Floats:
    if config.solve_deviation is None:
        return rng.beta(config.solve_alpha, config.solve_beta, config.problems)
    odds = rng.normal(config.solve_location, config.solve_deviation, config.problems)
    return np.asarray(expit(odds), dtype=np.float64)


def _error_shifts(config: SimulationConfig, solve_rate: Floats, rng: np.random.Generator) -> Floats:
    """(P,) log-odds that both errors gain."""
    shift = config.error_difficulty * (1 - 2 * solve_rate)
    if config.error_problem_deviation > 0:
        shift = shift + rng.normal(0, config.error_problem_deviation, config.problems)
    return np.asarray(shift)


def _wrong_shares(config: SimulationConfig, rng: np.random.Generator) -> Floats:
    """(P, wrong_answers) distribution of wrong answers by problem."""
    weights = np.arange(1, config.wrong_answers + 1, dtype=np.float64) ** -config.wrong_zipf
    weights /= weights.sum()
    shape = (config.problems, config.wrong_answers)
    shares = np.broadcast_to(weights, shape).copy()
    if config.wrong_concentration is not None:
        drawn = rng.standard_gamma(config.wrong_concentration * weights, shape)
        total = drawn.sum(axis=1, keepdims=True)
        # A tiny concentration can underflow to nothing at all: then the commonest has it all.
        drawn[:, 0] += (total == 0)[:, 0]
        shares = drawn / drawn.sum(axis=1, keepdims=True)
    trapped = rng.random(config.problems) < config.trap_rate
    shares[trapped] *= 1 - config.trap_share
    shares[trapped, 0] += config.trap_share
    return shares


def _answers(
    config: SimulationConfig, solve_rate: Floats, shares: Floats, rng: np.random.Generator
) -> Counts:
    """(P, N) answer classes by inverse transform, all problems at once."""
    valid = 1 - config.invalid_rate
    right = (valid * solve_rate)[:, None]
    wrong = valid * (1 - solve_rate)[:, None] * shares
    masses = np.hstack([np.full_like(right, config.invalid_rate), right, wrong])
    edges = np.cumsum(masses, axis=1)
    edges /= edges[:, -1:]
    rows = np.arange(config.problems)[:, None]
    draws = rng.random((config.problems, config.solutions))
    found = np.searchsorted((edges + rows).ravel(), (draws + rows).ravel(), side="right")
    kind = found.reshape(draws.shape) - rows * edges.shape[1]
    last = edges.shape[1] - 1  # a draw may round up to its row's end
    return np.asarray(np.minimum(kind, last) + INVALID, dtype=np.int32)


def _yes_rates(
    config: SimulationConfig, classes: Counts, shift: Floats, rng: np.random.Generator
) -> Floats:
    """(P, verified) probability of Yes behind each solution's verdicts."""
    if config.errors_shared_by == "solution":
        return _beta_around(_mean_yes(config, classes, shift), config.error_correlation, rng)
    kinds = np.arange(INVALID, config.wrong_answers + 1)  # an invalid answer is one kind, too
    means = _mean_yes(config, np.broadcast_to(kinds, (len(classes), len(kinds))), shift)
    rates = _beta_around(means, config.error_correlation, rng)
    return np.take_along_axis(rates, classes - INVALID, axis=1)


def _mean_yes(config: SimulationConfig, classes: NDArray[np.integer], shift: Floats) -> Floats:
    """classes: (P, ...); shift: (P,)."""
    true, false = yes_rates(config, shift[:, None])
    return np.where(classes == RIGHT, true, false)


def yes_rates(config: SimulationConfig, shift: Floats) -> tuple[Floats, Floats]:
    """Mean probability of Yes to right and to wrong solutions where errors gain such log-odds."""
    true, false = (
        np.full(shift.shape, rate)
        if not shift.any() or rate in (0, 1)
        else np.asarray(expit(logit(rate) + sign * shift))
        for rate, sign in ((config.true_positive_rate, -1), (config.false_positive_rate, 1))
    )
    return true, false


def _beta_around(mean: Floats, correlation: float, rng: np.random.Generator) -> Floats:
    """Beta draws whose Bernoulli outcomes are correlated so; means 0 and 1 stay what they are."""
    if correlation == 0:
        return mean.astype(np.float64)
    concentration = (1 - correlation) / correlation
    inside = (mean > 0) & (mean < 1)
    safe = np.where(inside, mean, 0.5)
    drawn = rng.beta(safe * concentration, (1 - safe) * concentration)
    return np.where(inside, drawn, mean)


def _verdicts(
    config: SimulationConfig, yes_rate: Floats, depth: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(P, verified, M) scores 1 and 0, NaN for an unreadable verdict."""
    shape = (*yes_rate.shape, depth)
    scores = (rng.random(shape, dtype=np.float32) < yes_rate[..., None]).astype(np.float32)
    scores[rng.random(shape, dtype=np.float32) < config.invalid_verdict_rate] = np.nan
    return scores


def _both_lengths(
    config: SimulationConfig,
    solutions: tuple[int, ...],
    verifications: tuple[int, ...],
    rng: np.random.Generator,
) -> tuple[Counts, Counts]:
    """Token counts of these shapes, problems first."""
    pairs = ((config.solution_tokens, solutions), (config.verification_tokens, verifications))
    shared = any(lengths.problem_share > 0 for lengths, _ in pairs)
    problem = rng.standard_normal(config.problems) if shared else np.zeros(config.problems)
    found = [_lengths(lengths, shape, problem, rng) for lengths, shape in pairs]
    return found[0], found[1]


def _lengths(
    lengths: Lengths, shape: tuple[int, ...], problem: Floats, rng: np.random.Generator
) -> Counts:
    """problem: (problems,) how long a problem's texts are, in standard deviations."""
    variance = np.log1p(lengths.variation**2)
    share = lengths.problem_share
    drawn = rng.lognormal(
        np.log(lengths.mean) - variance / 2, np.sqrt(variance * (1 - share)), shape
    )
    drawn *= np.exp(np.sqrt(variance * share) * problem).reshape(-1, *(1 for _ in shape[1:]))
    return np.clip(np.rint(drawn), 1, 2**31 - 1).astype(np.int32)
