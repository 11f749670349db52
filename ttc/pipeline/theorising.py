"""What a run has of the premises of verifier-based scaling, and how far selection is ahead."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import LEVEL, mean_interval, without_round_off
from ttc.analysis.pool import PADDING
from ttc.analysis.theory import Didactic, anti_concentration, length_spread, reward_variance
from ttc.errors import DataError
from ttc.pipeline.interval import Interval
from ttc.policies import named
from ttc.store.attempts import is_measured
from ttc.store.pool import load_any
from ttc.store.run_folder import RunFolder

HORIZONS = (4, 16, 64, 256)
SIZES = (1, 4, 16)
_THIRDS = ("short", "middling", "long")
_RESAMPLES = 2000


@dataclass(frozen=True)
class Gap:
    """Success of the best of S by a perfect verifier, of the vote, and by how much that is ahead.

    of: which problems, all or a third of them by mean length of their solutions; horizon: that
    length, in tokens.
    """

    of: str
    problems: int
    horizon: float
    solutions: int
    verified: float
    voted: float
    ahead: Interval


@dataclass(frozen=True)
class Step:
    """The didactic problem (ours): predicted and simulated gap, and its standard error."""

    horizon: int
    solutions: int
    predicted: float
    simulated: float
    error: float


@dataclass(frozen=True)
class Theory:
    """variance, tail, spread: mean over problems of `reward_variance`, `anti_concentration` and
    `length_spread`; spread_of: problems with two right solutions, of which the spread is told.
    """

    problems: int
    level: float
    epsilon: float
    variance: Interval
    tail: Interval
    spread: Interval
    spread_of: int
    gaps: tuple[Gap, ...]
    didactic: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        found = asdict(self)
        for name in ("variance", "tail", "spread"):
            found[name] = getattr(self, name).as_dict()
        for row, gap in zip(found["gaps"], self.gaps, strict=True):
            row["ahead"] = gap.ahead.as_dict()
        return found


def theorise(run: RunFolder, epsilon: float = 1.0, level: float = LEVEL, seed: int = 0) -> Theory:
    """Estimate the premises and the gap of a run's pool, with intervals for new problems.

    Raises `DataError` for a run whose solutions are no independent draws.
    """
    if is_measured(run):
        raise DataError(
            f"{run.name}: its sampler's solutions are no independent draws, so that neither their "
            "spread nor what a vote of S would choose can be told"
        )
    pool = load_any(run, reads={"tokens"}).arrays
    sampled = pool.answer_class != PADDING
    right, counts = (pool.correct & sampled).sum(axis=1), pool.n_solutions
    assert pool.tokens is not None
    tokens = np.where(sampled, pool.tokens, np.nan)
    lengths = pool.solution_tokens
    sizes = list(powers_of_two(int(counts.min())))
    grid = evaluate(
        pool, sizes, [], [named("oracle"), named("majority")], np.random.default_rng(seed)
    )
    success = grid.success[:, :, :, 0]
    everyone = np.arange(pool.n_problems)
    gaps = [_gap("all", everyone, lengths, success, i, s, level) for i, s in enumerate(sizes)]
    if len(everyone) >= 9 and len(np.unique(lengths)) > 2:
        thirds = np.array_split(np.argsort(lengths, kind="stable"), 3)
        last = len(sizes) - 1
        gaps += [
            _gap(name, own, lengths, success, last, sizes[last], level)
            for name, own in zip(_THIRDS, thirds, strict=True)
        ]
    spread = length_spread(tokens, pool.correct & sampled)
    known = spread[~np.isnan(spread)]
    rng = np.random.default_rng((seed, 1))
    return Theory(
        problems=pool.n_problems,
        level=level,
        epsilon=epsilon,
        variance=_mean(reward_variance(right, counts), level),
        tail=_mean(anti_concentration(right, counts, epsilon), level),
        spread=_resampled(known, level, rng),
        spread_of=len(known),
        gaps=tuple(gaps),
        didactic=tuple(_step(Didactic(h, n), rng) for n in SIZES[1:] for h in HORIZONS),
    )


def _gap(
    of: str,
    rows: IntArray,
    lengths: FloatArray,
    success: FloatArray,
    place: int,
    size: int,
    level: float,
) -> Gap:
    """success: (problems, [oracle, majority], S)."""
    verified, voted = success[rows, 0, place], success[rows, 1, place]
    return Gap(
        of,
        len(rows),
        float(lengths[rows].mean()),
        size,
        float(verified.mean()),
        float(voted.mean()),
        _mean(without_round_off(verified - voted), level),
    )


def _step(problem: Didactic, rng: np.random.Generator) -> Step:
    simulated, error = problem.simulated(rng)
    return Step(problem.horizon, problem.solutions, problem.gap(), simulated, error)


def _mean(values: FloatArray, level: float) -> Interval:
    """Of values from 0 to 1."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(np.nan, np.nan, np.nan)
    low, high = mean_interval(known, level)
    return Interval(float(known.mean()), float(low), float(high))


def _resampled(values: FloatArray, level: float, rng: np.random.Generator) -> Interval:
    """Percentiles of means of resampled problems: of values without an upper end."""
    if len(values) < 3:
        return Interval(float(values.mean()) if len(values) else np.nan, np.nan, np.nan)
    means = values[rng.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(values.mean()), float(low), float(high))
