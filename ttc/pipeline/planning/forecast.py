"""What a recipe will use before a token is bought: tokens, FLOPs, USD and time, by role."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from ttc.analysis.estimate import FloatArray
from ttc.budget.cost import Unit
from ttc.budget.flops import Lengths
from ttc.engine.fingerprints import worst_case
from ttc.fingerprint import fingerprint_calls
from ttc.importing.tally import estimate_tokens
from ttc.pipeline.planning.bounds import PLANNED, amounts, largest, most_of, rates_of
from ttc.pipeline.planning.drafts import drafting_notes
from ttc.pipeline.planning.facts import RoleFacts
from ttc.pipeline.planning.lengths import RoleUse, cut
from ttc.pipeline.planning.roles import SOLVER, PlannedRole, planned_roles, silent_methods

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_CONFIDENCE = 0.9
_BILLED = ("prompt_tokens", "tokens", "usd")
"""Units in which a server counts a prompt with every request; see `ttc.engine.charges`."""
FINGERPRINT = "fingerprint"
_ESTIMATED = "estimated"


@dataclass(frozen=True)
class Range:
    """An amount over the whole run; NaN where unknown.

    low, high: a 90 % interval for the sum over the run's problems, where lengths were measured on
    two problems or more. most: if every completion had max_tokens, and a server gave one sample a
    request; what replies that get lost may cost is not in it.
    """

    expected: float
    low: float
    high: float
    most: float

    def __add__(self, other: Range) -> Range:
        # Long solutions make long verifications: the errors of roles add up, not their squares.
        return Range(
            self.expected + other.expected,
            self.low + other.low,
            self.high + other.high,
            self.most + other.most,
        )


@dataclass(frozen=True)
class RoleForecast:
    """One role, or all of them, over the whole run; NaN where unknown.

    samples: expected, None where that is for the method to decide and was not measured;
    most_samples: at most, None where the method does not say. requests: calls sent, each for as
    many samples as the backend gives at a time. source: where the lengths are from. unsure: why
    the `most` of all amounts is no bound, though it is the most that can be told.
    """

    role: str
    model: str
    samples: int | None
    requests: int | None
    prompt_tokens: float
    completion_tokens: float
    tokens: Range
    flops: Range
    usd: Range
    seconds: float
    source: str = ""
    most_samples: int | None = None
    unsure: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, unknown figures as null."""
        return nulls(asdict(self))


@dataclass(frozen=True)
class Load:
    """A role's work on one problem: `prompts` prompts with `each` samples of every one, at most.

    shared: (problems,) amounts by unit of a prompt that its samples share; own: of one sample; on
    each problem of which lengths are known, or one entry for all. shared_most, own_most: the same
    for the longest completions, on each problem of the recipe, or one entry for all. group: samples
    of one call. exact: whether it is that many unless a budget ends it; counts: else (problems,)
    samples of each problem, None where nobody knows. unsaid: the method does not say how many there
    are at most. per_request: budgets of tokens and dollars count the prompt with every request;
    reread: in any unit, with whatever asks for it again. unsure: why the most is no bound. held:
    what is reserved for a sample, on each problem of which lengths are known; the most by default.
    """

    role: str
    prompts: int
    each: int
    group: int
    shared: Mapping[str, FloatArray]
    own: Mapping[str, FloatArray]
    shared_most: Mapping[str, Any]
    own_most: Mapping[str, Any]
    exact: bool = True
    counts: FloatArray | None = None
    unsaid: bool = False
    per_request: bool = False
    reread: bool = False
    unsure: str = ""
    held: Mapping[str, Any] | None = None

    @property
    def samples(self) -> int:
        return self.prompts * self.each

    def charges(self, unit: str, each: float) -> float:
        """How many times a prompt is paid for so many samples of it."""
        if self.per_request and unit in _BILLED:
            return max(1.0, math.ceil(each / self.group))
        return 1.0

    def amount(self, unit: str, prompts: float, each: float) -> FloatArray:
        """(problems,) amounts of so many prompts with so many samples of each."""
        times = self.charges(unit, each)
        amounts: FloatArray = prompts * (times * self.shared[unit] + each * self.own[unit])
        return amounts

    def whole(self, unit: str) -> FloatArray:
        """(problems,) amounts of all of it, NaN where unknown."""
        if self.exact:
            return self.amount(unit, self.prompts, self.each)
        if self.counts is None:
            return np.full(1, math.nan)
        own = self.shared[unit] + self.own[unit]  # its prompts are charged as they were measured
        return np.where(self.counts > 0, self.counts * own, 0.0)

    def most(self, unit: str) -> FloatArray:
        """(problems,) amounts of all of it, with the longest completions; NaN where unknown.

        A server may ignore how many samples it is asked for, and is then paid a prompt for each.
        """
        if self.unsaid:
            return np.full(1, math.nan)
        return self.most_of(unit, self.prompts, self.each)

    def most_of(self, unit: str, prompts: float, each: float) -> FloatArray:
        """The same of so many prompts with so many samples of each."""
        alone = self.reread or (self.per_request and unit in _BILLED)
        shared, own = np.asarray(self.shared_most[unit]), np.asarray(self.own_most[unit])
        times = each if alone else 1
        return np.atleast_1d(prompts * (times * shared + each * own))


@dataclass(frozen=True)
class Forecast:
    """All roles of a recipe, their sum, and a problem's share of it."""

    problems: int
    roles: tuple[RoleForecast, ...]
    total: RoleForecast
    loads: tuple[Load, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, unknown figures as null."""
        return {
            "problems": self.problems,
            "roles": [role.as_dict() for role in self.roles],
            "total": self.total.as_dict(),
            "notes": list(self.notes),
        }


def forecast(
    recipe: Recipe, problems: int, facts: Mapping[str, RoleFacts], uses: Mapping[str, RoleUse]
) -> Forecast:
    """Forecast the samples that a recipe asks for, as if no budget ended them.

    Raises `UsageError` where the recipe's cost section wants what is not known of a model.
    """
    from ttc.recipe.unread import unread

    planned = planned_roles(recipe)
    roles, loads, cuts = [], [], []
    solution = next((r.longest for r in planned if r.name == SOLVER and r.template), None)
    for one in planned:
        fact, use = facts[one.name], uses[one.name]
        longest = math.inf if one.longest is None else one.longest
        if use.longest > longest:
            cuts.append(f"{one.name}: lengths beyond its max_tokens are counted as {longest:,}")
            use = cut(use, longest)
        load = _load(recipe, one, fact, use, solution)
        loads.append(load)
        roles.append(_role(load, problems, fact.identity.model, use))
    roles += _fingerprints(recipe, facts)
    total = _total(roles, _least_seconds(recipe, facts, roles))
    total = _within_budget(recipe, problems, total)
    measured = all(load.counts is not None for load in loads if load.unsaid)
    told = unread(recipe)
    told += [_silence(recipe, text, measured) for text in silent_methods(recipe)]
    told += drafting_notes(recipe.cost, facts, uses)
    notes = dict.fromkeys([*told, *cuts, *(fact.note for fact in facts.values() if fact.note)])
    return Forecast(problems, tuple(roles), total, tuple(loads), tuple(notes))


def _load(
    recipe: Recipe, role: PlannedRole, fact: RoleFacts, use: RoleUse, solution: int | None
) -> Load:
    """How often a role's prompts and samples come up in one problem, and what they cost.

    solution: the longest one in tokens, None where it can't be told.
    """
    rates = rates_of(recipe, role, fact)
    known = [_with_drafts(amounts(recipe, rates, one), one, use) for one in use.lengths]
    longest = math.nan if role.longest is None else role.longest
    most = [most_of(recipe, role, one, solution) for one in (fact, *fact.others)]
    shared_most = {u: largest([shared[u] for shared, _, _ in most]) for u in PLANNED}
    own_most = {u: largest([own[u] for _, own, _ in most]) for u in PLANNED}
    held = [
        amounts(recipe, rates.worst, Lengths.of_samples(one.prefill, [longest], 1))[1]
        for one in use.lengths
    ]
    return Load(
        role=role.name,
        prompts=role.prompts or 0,
        each=role.each or 0,
        group=1 if use.alone else fact.group,
        shared={u: use.charged * [shared[u] for shared, _ in known] for u in PLANNED},
        own={u: np.asarray([own[u] for _, own in known]) for u in PLANNED},
        shared_most=shared_most,
        own_most=own_most,
        exact=role.exact,
        counts=None if use.counts is None else recipe.repeats * use.counts,
        unsaid=role.samples is None,
        per_request=any(f.served for f in (fact, *fact.others))
        and recipe.cost.shared_prompt == "once",
        reread=not role.exact and recipe.cost.prefix == "reread",
        unsure="; ".join(dict.fromkeys(said for *_, said in most if said)),
        held={u: np.asarray([own[u] for own in held]) for u in PLANNED},
    )


def _fingerprints(recipe: Recipe, facts: Mapping[str, RoleFacts]) -> list[RoleForecast]:
    """The calls that tell which models are served, where there are any; see
    `ttc.engine.fingerprints`. They belong to no problem, and get what problems leave.
    """
    served = {
        str(fact.identity.scope): fact
        for fact in facts.values()
        if fact.served and fact.offers is not None and fact.offers.logprobs
    }
    if not recipe.engine.fingerprint:
        return []
    return [_fingerprint(recipe, fact) for fact in served.values()]


def _fingerprint(recipe: Recipe, fact: RoleFacts) -> RoleForecast:
    assert fact.offers is not None
    calls = fingerprint_calls(fact.offers)
    # Where raw prompts are refused, the same are asked for as chat.
    usual = calls[: len(calls) // 2] if fact.offers.raw and fact.offers.chat else calls
    texts = [c.prompt.text or "".join(m.content for m in c.prompt.messages) for c in usual]
    prompt, rates = float(sum(map(estimate_tokens, texts))), recipe.cost.rates(fact.identity)
    most = worst_case(fact.offers, rates, fact.servers)
    count = fact.servers * len(usual)
    expected = rates.amounts(fact.servers * prompt, float(count), count)

    def amount(unit: Unit) -> Range:
        if rates.missing(unit):
            return Range(*[math.nan] * 4)
        return Range(expected[unit], expected[unit], max(expected[unit], most[unit]), most[unit])

    return RoleForecast(
        role=FINGERPRINT,
        model=fact.identity.model,
        samples=count,
        requests=count,
        prompt_tokens=fact.servers * prompt,
        completion_tokens=float(count),
        tokens=amount("tokens"),
        flops=amount("flops"),
        usd=amount("usd"),
        seconds=0.0,
        source=_ESTIMATED,
        most_samples=fact.servers * len(calls),
        unsure=fact.unsure,
    )


def _silence(recipe: Recipe, text: str, measured: bool) -> str:
    """What it means for a plan that a method does not say something."""
    if recipe.budget.limited:
        return f"{text}: at most what the budget allows"
    if measured:
        return f"{text}: no bound but what was measured; a budget would be one"
    return f"{text}; give a budget, or run a pilot (--pilot PROBLEMS), to tell what it will use"


def _within_budget(recipe: Recipe, problems: int, total: RoleForecast) -> RoleForecast:
    """The most of all, where what a method says gives none: what the budget lets it have."""

    def bounded(unit: Unit, amount: Range) -> Range:
        if not math.isnan(amount.most):
            return amount
        each = max(recipe.budget.per_problem.limits(unit), default=math.inf)
        whole = getattr(recipe.budget.per_run, unit)
        most = min(problems * each, math.inf if whole is None else whole)
        return replace(amount, most=math.nan if math.isinf(most) else most)

    return replace(
        total,
        tokens=bounded("tokens", total.tokens),
        flops=bounded("flops", total.flops),
        usd=bounded("usd", total.usd),
    )


def _with_drafts(
    used: tuple[dict[str, float], dict[str, float]], lengths: Lengths, use: RoleUse
) -> tuple[dict[str, float], dict[str, float]]:
    """With what was measured of a smaller network's drafts."""
    if use.drafts is None:
        return used
    shared, own = used
    tokens, flops = (each * lengths.completion for each in use.drafts)
    more = {"completion_tokens": tokens, "tokens": tokens, "flops": flops}
    return shared, {u: n + more.get(u, 0.0) for u, n in own.items()}


def _role(load: Load, problems: int, model: str, use: RoleUse) -> RoleForecast:
    def over(unit: str) -> Range:
        return amount_range(load.whole(unit), problems, problems * float(load.most(unit).mean()))

    most = None if load.unsaid else problems * load.samples
    samples, requests = most, problems * load.prompts * math.ceil(load.each / load.group)
    if not load.exact:
        samples = None if load.counts is None else round(problems * float(load.counts.mean()))
    return RoleForecast(
        role=load.role,
        model=model,
        samples=samples,
        requests=requests if load.exact else samples,
        prompt_tokens=over("prompt_tokens").expected,
        completion_tokens=over("completion_tokens").expected,
        tokens=over("tokens"),
        flops=over("flops"),
        usd=over("usd"),
        seconds=math.nan if samples is None else samples * use.seconds,
        source=use.source,
        most_samples=most,
        unsure=load.unsure,
    )


def amount_range(amounts: FloatArray, problems: int, most: float) -> Range:
    """Of the sum over so many new problems, as a sample of problems foretells it."""
    known = amounts[~np.isnan(amounts)]
    if not len(known):
        return Range(math.nan, math.nan, math.nan, most)
    expected = problems * float(known.mean())
    if len(known) < 2:
        return Range(expected, math.nan, math.nan, most)
    quantile = float(stdtrit(len(known) - 1, (1 + _CONFIDENCE) / 2))
    spread = float(known.std(ddof=1)) * math.sqrt(1 / len(known) + 1 / problems)
    half = quantile * problems * spread
    high = max(expected, float(np.fmin(expected + half, most)))
    return Range(expected, max(0.0, expected - half), high, most)


def _total(roles: Sequence[RoleForecast], least_seconds: float) -> RoleForecast:
    nothing = Range(0.0, 0.0, 0.0, 0.0)
    return RoleForecast(
        role="total",
        model="",
        samples=_sum(role.samples for role in roles),
        requests=_sum(role.requests for role in roles),
        most_samples=_sum(role.most_samples for role in roles),
        prompt_tokens=sum(role.prompt_tokens for role in roles),
        completion_tokens=sum(role.completion_tokens for role in roles),
        tokens=sum((role.tokens for role in roles), nothing),
        flops=sum((role.flops for role in roles), nothing),
        usd=sum((role.usd for role in roles), nothing),
        seconds=float(np.fmax(sum(role.seconds for role in roles), least_seconds)),
        unsure="; ".join(dict.fromkeys(role.unsure for role in roles if role.unsure)),
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    """None where one is unknown."""
    known = list(amounts)
    return None if None in known else sum(n for n in known if n is not None)


def _least_seconds(
    recipe: Recipe, facts: Mapping[str, RoleFacts], roles: Sequence[RoleForecast]
) -> float:
    """The least time that the recipe's request and token rates leave; NaN without such limits."""
    engine, least = recipe.engine, math.nan
    for role in (role for role in roles if role.role in facts):
        for amount, rate in (
            (role.requests, engine.requests_per_minute),
            (role.tokens.expected, engine.tokens_per_minute),
        ):
            if rate is not None and amount is not None:
                minutes = amount / (rate * facts[role.role].servers)
                least = float(np.fmax(least, 60.0 * minutes))
    return least


def nulls(figures: dict[str, Any]) -> dict[str, Any]:
    """Plain data with null for NaN."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return nulls(value)
        return None if isinstance(value, float) and math.isnan(value) else value

    return {key: plain(value) for key, value in figures.items()}
