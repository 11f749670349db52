"""The problems and samples needed to tell two methods apart, from a pool or from assumptions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ttc.analysis.paired import block_differences
from ttc.analysis.power import (
    deviation_of,
    deviation_of_rates,
    foretold_deviation,
    power_of,
    problems_needed,
    smallest_difference,
    upper_factor,
)
from ttc.budget.cost import CostConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.costs import unit_costs
from ttc.pipeline.planning.forecast import Load, nulls
from ttc.pipeline.planning.matching import Price, Room, Wanted, matched
from ttc.policies import PolicyPart, matching, named
from ttc.store.attempts import is_measured
from ttc.store.pool import LoadedPool, load_pool, verifiers
from ttc.store.run_folder import RunFolder

_DESIGNS = 5  # each with twice the solutions of the one before


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


@dataclass(frozen=True)
class Design:
    """What one choice of samples per problem needs.

    solutions, verifications: samples of each problem in all, None where the deviation is assumed.
    deviation: of a problem's measured difference, from problem to problem. problems: at the stated
    power; problems_upper: should the deviation be at the end of its one-sided 90 % interval;
    tokens: of all those samples, NaN where unknown. power, smallest_difference: of the recipe's
    own number of problems, NaN for a single one; beyond 1 means that they can find none. own:
    whether these are the recipe's own samples; foretold: the pool is smaller than this, and the
    deviation follows from how it falls within the pool.
    """

    solutions: int | None
    verifications: int | None
    deviation: float
    problems: int
    problems_upper: int
    tokens: float
    power: float
    smallest_difference: float
    own: bool = False
    foretold: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain data, unknown figures as null."""
        return nulls(asdict(self))


@dataclass(frozen=True)
class SampleSize:
    """Designs that reach a goal, with what they rest on.

    measured_problems: on how many problems deviations were measured, 0 if they are assumed.
    measured: the difference there. arm_tokens: of each method for a problem, NaN where unknown.
    """

    arms: tuple[str, str]
    goal: Goal
    recipe_problems: int
    measured_problems: int
    measured: float | None
    source: str
    designs: tuple[Design, ...]
    arm_tokens: tuple[float, float] = (math.nan, math.nan)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        found = asdict(self)
        found["arm_tokens"] = [None if math.isnan(n) else n for n in self.arm_tokens]
        goal: dict[str, Any] = found.pop("goal")
        return found | goal | {"designs": [design.as_dict() for design in self.designs]}


def assumed_size(goal: Goal, accuracy: float, correlation: float, problems: int) -> SampleSize:
    """From a stated success of the worse method and correlation of outcomes, both once a problem.

    Raises `UsageError` for what is no such thing.
    """
    if not 0 <= accuracy <= 1 - goal.difference:
        raise UsageError(f"--accuracy {accuracy:g}: must lie between 0 and 1 less the difference")
    if not -1 <= correlation <= 1:
        raise UsageError(f"--correlation {correlation:g}: must lie between -1 and 1")
    better = accuracy + goal.difference
    deviation = deviation_of_rates(accuracy, better, correlation)
    source = (
        f"assumed: success {100 * accuracy:g} % against {100 * better:g} %, correlation "
        f"{correlation:g} of the outcomes, one outcome per problem and method"
    )
    arms = ("the worse method", "the better one")
    designs = (_design(goal, deviation, 0, problems),)
    return SampleSize(arms, goal, problems, 0, None, source, designs)


def measured_size(
    run: RunFolder,
    wanted: tuple[Wanted, Wanted],
    goal: Goal,
    problems: int,
    verifier: str | None = None,
    loads: Sequence[Load] = (),
) -> SampleSize:
    """From a pool: both methods on the same fresh samples, problem by problem.

    loads: what samples cost, the solver's first. Raises `DataError` for measured answers, and for a
    pool that lacks the samples, has a single problem, or shows no spread at all.
    """
    if is_measured(run):
        raise DataError(
            f"{run.name} has no S to compare methods at: its solutions are no exchangeable draws"
        )
    reads = any(one.policy.reads_verifications for one in wanted)
    names = verifiers(run)
    if reads and not names:
        raise DataError(f"{run.name} has no verifications, which {_reading(wanted)} needs")
    verifier = verifier or (names[0] if names else None)
    loaded = load_pool(run, verifier, reads=wanted[0].policy.reads | wanted[1].policy.reads)
    pool = (loaded.verified() if reads else loaded).arrays
    if pool.n_problems < 2:
        raise DataError(f"{run.name} has one problem only; a spread needs at least two")
    there = int((pool.n_verified if reads else pool.n_solutions).min())
    depth = int(pool.n_verifications.min()) if reads else 0
    roles = _roles(loads, verifier if reads else None)
    price = partial(_tokens, roles) if roles else _prices(run, loaded)
    room = Room(there, depth, price, run.name)
    first, second = matched(wanted, room)
    size, depth = (
        max(getattr(first, name), getattr(second, name)) for name in ("solutions", "verifications")
    )
    own = loads[0].each if loads and loads[0].exact and loads[0].each >= size else None
    sizes = {n for i in range(_DESIGNS) if (n := size * 2**i) <= there}
    sizes |= {own} if own is not None and own <= there else set()
    deviations, measured = {}, math.nan
    for solutions in sorted(sizes):
        differences = block_differences(pool, first, second, solutions, np.random.default_rng(0))
        deviations[solutions], measured = deviation_of(differences), float(differences.mean())
        if deviations[solutions] == 0:
            raise DataError(
                f"{first} and {second} differ alike on all {pool.n_problems} problems of "
                f"{run.name}; that is too little to plan from"
            )
    if own is not None and own > there:
        deviations[own] = foretold_deviation(deviations, own)
    designs = []
    for solutions, deviation in deviations.items():
        tokens = _tokens(roles, solutions, depth) if roles else math.nan
        design = _design(goal, deviation, pool.n_problems, problems)
        designs.append(
            replace(
                design,
                tokens=design.problems * tokens,
                solutions=solutions,
                verifications=solutions * depth,
                own=solutions == own,
                foretold=solutions > there,
            )
        )
    judged = f", {depth} verifications of each by {verifier}" if depth else ""
    source = f"measured on {run.name}: {pool.n_problems} problems x {there} solutions{judged}"
    arms = (str(first), str(second))
    costs = (room.cost(first), room.cost(second))
    found = tuple(designs)
    return SampleSize(arms, goal, problems, pool.n_problems, measured, source, found, costs)


def _prices(run: RunFolder, loaded: LoadedPool) -> Price:
    """As the pool's own samples were paid."""
    costs = unit_costs(loaded, CostConfig(), run.manifest())
    return lambda solutions, verifications: costs.cell(solutions, verifications)["tokens"]


def _reading(wanted: tuple[Wanted, Wanted]) -> str:
    return next(one.policy.label for one in wanted if one.policy.reads_verifications)


def _roles(loads: Sequence[Load], verifier: str | None) -> list[Load]:
    """The solver's load and the verifier's, which may have another name; none if it is not there"""
    if verifier is None:
        return list(loads[:1])
    named = [load for load in loads[1:] if load.role == verifier or len(loads) == 2]
    return [loads[0], named[0]] if named else []


def _tokens(loads: Sequence[Load], solutions: int, verifications: int) -> float:
    """Tokens of one problem's solutions, each with so many verifications."""
    solver, *judges = loads
    amounts = [solver.amount("tokens", 1, solutions)]
    if verifications:
        amounts += [judge.amount("tokens", solutions, verifications) for judge in judges]
    return sum(float(np.nanmean(a)) if not np.isnan(a).all() else math.nan for a in amounts)


def _design(goal: Goal, deviation: float, measured: int, problems: int) -> Design:
    """A design whose deviation was measured on so many problems, beside the recipe's problems."""
    upper = deviation * upper_factor(measured)
    aim = (goal.power, goal.alpha)
    return Design(
        solutions=None,
        verifications=None,
        deviation=deviation,
        problems=problems_needed(goal.difference, deviation, *aim),
        problems_upper=problems_needed(goal.difference, upper, *aim),
        tokens=math.nan,
        power=power_of(problems, goal.difference, deviation, goal.alpha),
        smallest_difference=smallest_difference(problems, deviation, *aim),
    )


def usual_methods(policies: Sequence[PolicyPart]) -> tuple[Wanted, Wanted]:
    """Self-consistency against the recipe's first verified policy; else against one solution."""
    voted = Wanted(named("majority"))
    for policy in policies:
        if policy.reads_verifications:
            return voted, Wanted(policy)
    return Wanted(named("first")), voted


def two_methods(texts: Sequence[str], known: Sequence[PolicyPart] = ()) -> tuple[Wanted, Wanted]:
    """The methods of `--compare`: `majority`, `majority@64`, `best_of_n@16x8`.

    known: the recipe's policies, whose labels count, too.

    Raises `UsageError` unless there are two.
    """
    if len(texts) != 2:
        raise UsageError("--compare: give two methods, such as majority@16,best_of_n@4x8")
    return _method(texts[0], known), _method(texts[1], known)


def _method(text: str, known: Sequence[PolicyPart]) -> Wanted:
    # "pass@k" and the like are names with an @ of their own.
    name, _, size = text.partition("@") if not text.lower().endswith("@k") else (text, "", "")
    policy = matching(name, known)[0]
    if not size:
        return Wanted(policy)
    sizes = size.lower().split("x")
    if not all(s.isascii() and s.isdecimal() and int(s[:9]) > 0 for s in sizes) or len(sizes) > 2:
        raise UsageError(f"--compare {text}: expected METHOD, METHOD@S or METHOD@SxV")
    if len(sizes) == 2 and not policy.reads_verifications:
        raise UsageError(f"--compare {text}: {policy.label} reads no verifications")
    return Wanted(policy, *map(int, sizes))
