"""The problems and samples needed to tell two methods apart, from a pool or from assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.grid import evaluate
from ttc.analysis.policies import POLICIES
from ttc.analysis.pool import PoolArrays
from ttc.analysis.power import (
    Spread,
    power_of,
    problems_needed,
    smallest_difference,
    spread_of,
    spread_of_rates,
)
from ttc.errors import DataError, UsageError
from ttc.pipeline.asking import policy_name
from ttc.store.pool import load_pool, verifiers
from ttc.store.run_folder import RunFolder

_BLOCKS = 8
_REPEATS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Arm:
    """A method at S solutions with V verifications each; 0 verifications where it reads none."""

    policy: str
    solutions: int | None = None
    verifications: int | None = None

    @property
    def reads(self) -> bool:
        return POLICIES[self.policy].uses_verifications

    def __str__(self) -> str:
        size = f" S={self.solutions}" if self.solutions and self.policy != "first" else ""
        return self.policy + size + (f" V={self.verifications}" if self.reads else "")


def parse_arm(text: str) -> Arm:
    """`majority`, `majority@64` or `best_of_n@16x8`. Raises `UsageError`."""
    # "pass@k" and the like are names with an @ of their own.
    name, _, size = text.partition("@") if not text.lower().endswith("@k") else (text, "", "")
    arm = Arm(policy_name(name))
    if not size:
        return arm
    sizes = size.lower().split("x")
    if not all(s.isascii() and s.isdecimal() and int(s[:9]) > 0 for s in sizes) or len(sizes) > 2:
        raise UsageError(f"--compare {text}: expected METHOD, METHOD@S or METHOD@SxV")
    if len(sizes) == 2 and not arm.reads:
        raise UsageError(f"--compare {text}: {arm.policy} reads no verifications")
    return Arm(arm.policy, *map(int, sizes))


@dataclass(frozen=True)
class Design:
    """What one choice of samples per problem needs.

    repeats: measurements of each problem, of `solutions` fresh solutions in all (None where the
    spread is an assumption). problems: at the stated power; problems_upper: should the spread be
    at the end of its one-sided 90 % interval. power, smallest_difference: of the recipe's own
    number of problems.
    """

    repeats: int
    solutions: int | None
    deviation: float
    problems: int
    problems_upper: int
    power: float
    smallest_difference: float


@dataclass(frozen=True)
class Telling:
    """Designs that find `difference`, with what they rest on."""

    arms: tuple[str, str]
    difference: float
    power: float
    alpha: float
    recipe_problems: int
    spread: Spread
    measured: float | None
    source: str
    designs: tuple[Design, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Goal:
    """The difference to find, the power to find it with, and the level of the two-sided test."""

    difference: float
    power: float = 0.8
    alpha: float = 0.05

    def __post_init__(self) -> None:
        for name, value in (("difference", self.difference), ("power", self.power)):
            if not 0 < value < 1:
                raise UsageError(f"--{name} {value:g}: must lie between 0 and 1")
        if not 0 < self.alpha < self.power:
            raise UsageError(f"--alpha {self.alpha:g}: must lie between 0 and the power")


def tell_assumed(goal: Goal, accuracy: float, correlation: float, problems: int) -> Telling:
    """From a stated success of the worse method and correlation of outcomes, both once a problem.

    Raises `UsageError` for what is no such thing.
    """
    if not 0 <= accuracy <= 1 - goal.difference:
        raise UsageError(f"--accuracy {accuracy:g}: must lie between 0 and 1 less the difference")
    if not -1 <= correlation <= 1:
        raise UsageError(f"--correlation {correlation:g}: must lie between -1 and 1")
    spread = spread_of_rates(accuracy, accuracy + goal.difference, correlation)
    source = (
        f"assumed: success {accuracy:.0%} against {accuracy + goal.difference:.0%}, correlation "
        f"{correlation:g} of the outcomes, one outcome per problem"
    )
    arms = ("a method", "a better one")
    return _telling(goal, arms, problems, spread, source)


def tell_measured(
    run: RunFolder, arms: Sequence[Arm], goal: Goal, problems: int, verifier: str | None = None
) -> Telling:
    """From a pool: both methods on the same fresh samples, problem by problem.

    The pool is cut into blocks that share no sample; how differences vary between blocks and
    between problems tells what more samples of a problem, and what more problems, would bring.
    Raises `DataError` for a pool that lacks the samples, or has a single problem.
    """
    names = verifiers(run)
    loaded = load_pool(run, verifier or (names[0] if names else None))
    reads = any(arm.reads for arm in arms)
    if reads and loaded.verifier is None:
        raise DataError(f"{run.name} has no verifications, which {arms[0]} or {arms[1]} needs")
    pool = (loaded.verified() if reads else loaded).arrays
    if pool.n_problems < 2:
        raise DataError(f"{run.name} has one problem only; a spread needs at least two")
    there = int((pool.n_verified if reads else pool.n_solutions).min())
    depth = int(pool.n_verifications.min()) if reads else 0
    first, second = (_sized(arm, there, depth, run) for arm in arms)
    block = max(first.solutions or 1, second.solutions or 1)
    blocks = min(_BLOCKS, there // block)
    differences = np.stack(
        [_difference(_block(pool, i * block, block, depth), first, second) for i in range(blocks)],
        axis=1,
    )
    source = (
        f"measured on {run.name}: {pool.n_problems} problems, {blocks} x {block} solutions of each"
    )
    found = _telling(
        goal, (str(first), str(second)), problems, spread_of(differences), source, block
    )
    return replace(found, measured=float(differences.mean()))


def _sized(arm: Arm, there: int, depth: int, run: RunFolder) -> Arm:
    """The arm with its S and V; by default the half of the pool, and all verifications."""
    usual = 1 if arm.policy == "first" else max(1, there // 2)
    solutions, verifications = arm.solutions or usual, arm.verifications or depth
    if solutions > there or (arm.reads and verifications > depth):
        raise DataError(
            f"{arm.policy} at S = {solutions}, V = {verifications} is beyond {run.name}, which has "
            f"S = {there}, V = {depth} for every problem"
        )
    return Arm(arm.policy, solutions, verifications if arm.reads else 0)


def _block(pool: PoolArrays, start: int, size: int, depth: int) -> PoolArrays:
    """Columns of a pool as a pool."""
    columns = slice(start, start + size)
    judged = columns if depth else slice(0, 0)
    return replace(
        pool,
        answer_class=pool.answer_class[:, columns],
        correct=pool.correct[:, columns],
        scores=pool.scores[:, judged],
        verification_count=pool.verification_count[:, judged],
    )


def _difference(pool: PoolArrays, first: Arm, second: Arm) -> FloatArray:
    """(problems,) success of the second arm less that of the first."""
    values = []
    for arm in (first, second):
        depths = [arm.verifications or 0] if arm.reads else []
        grid = evaluate(pool, [arm.solutions or 1], depths, [arm.policy], np.random.default_rng(0))
        values.append(grid.success[:, 0, 0, 1 if arm.reads else 0])
    difference: FloatArray = values[1] - values[0]
    return difference


def _telling(
    goal: Goal,
    arms: tuple[str, str],
    problems: int,
    spread: Spread,
    source: str,
    block: int | None = None,
) -> Telling:
    repeats = _REPEATS if spread.within is not None else (1,)
    return Telling(
        arms=arms,
        difference=goal.difference,
        power=goal.power,
        alpha=goal.alpha,
        recipe_problems=problems,
        spread=spread,
        measured=None,
        source=source,
        designs=tuple(_design(goal, spread, problems, r, block) for r in repeats),
    )


def _design(goal: Goal, spread: Spread, problems: int, repeats: int, block: int | None) -> Design:
    deviation = spread.deviation(repeats)
    upper = deviation * spread.upper_factor()
    return Design(
        repeats=repeats,
        solutions=None if block is None else repeats * block,
        deviation=deviation,
        problems=problems_needed(goal.difference, deviation, goal.power, goal.alpha),
        problems_upper=problems_needed(goal.difference, upper, goal.power, goal.alpha),
        power=power_of(problems, goal.difference, deviation, goal.alpha),
        smallest_difference=smallest_difference(problems, deviation, goal.power, goal.alpha),
    )


def usual_arms(policies: Sequence[str]) -> tuple[Arm, Arm]:
    """Self-consistency against the recipe's first verified policy; else against one solution."""
    known = [name for name in policies if name in POLICIES]
    verified = [name for name in known if POLICIES[name].uses_verifications]
    if verified:
        return Arm("majority"), Arm(verified[0])
    return Arm("first"), Arm("majority")


def two_arms(texts: Sequence[str]) -> tuple[Arm, Arm]:
    """The arms of `--compare`. Raises `UsageError` unless there are two."""
    if len(texts) != 2:
        raise UsageError("--compare: give two methods, such as majority@16,best_of_n@4x8")
    return parse_arm(texts[0]), parse_arm(texts[1])
