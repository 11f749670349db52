"""What a recipe will use before a token is bought: tokens, FLOPs, USD and time, by role."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ttc.budget.cost import Rates
from ttc.budget.flops import Lengths
from ttc.pipeline.facts import RoleFacts
from ttc.pipeline.lengths import SOLVER, RoleUse

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_Z90 = 1.645  # of a two-sided 90 % interval


@dataclass(frozen=True)
class RoleForecast:
    """One role over the whole run; NaN where unknown.

    tokens_low, tokens_high: a 90 % interval where lengths were measured, else the expectation.
    tokens_most: if every completion had max_tokens.
    """

    role: str
    model: str
    samples: int
    prompt_tokens: float
    completion_tokens: float
    tokens: float
    tokens_low: float
    tokens_high: float
    tokens_most: float
    flops: float
    usd: float
    calls: float
    seconds: float
    source: str


@dataclass(frozen=True)
class Load:
    """A role's work on one problem: `prompts` prompts with `each` samples of every one.

    fixed, marginal: mean amounts by unit of one prompt (where samples share it) and of one sample.
    """

    role: str
    prompts: int
    each: int
    fixed: Mapping[str, float]
    marginal: Mapping[str, float]

    @property
    def samples(self) -> int:
        return self.prompts * self.each

    def amount(self, unit: str, prompts: float | None = None) -> float:
        """Amount for the problem, or for some of the prompts of it."""
        count = self.prompts if prompts is None else prompts
        return count * (self.fixed[unit] + self.each * self.marginal[unit])


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
        parts = {"roles": [_plain(r) for r in self.roles], "total": _plain(self.total)}
        return {"problems": self.problems, **parts, "notes": list(self.notes)}


def forecast(
    recipe: Recipe, problems: int, facts: Mapping[str, RoleFacts], uses: Mapping[str, RoleUse]
) -> Forecast:
    """Forecast the samples that a recipe asks for, as if no budget ended them.

    Prompts count as `cost.shared_prompt` says. Verifications of solutions with one and the same
    text share a prompt in a run, which a forecast can't know: it counts one for each solution.
    Raises `UsageError` where the recipe's cost section wants what is not known of a model.
    """
    roles, loads, notes = [], [], [f.note for f in facts.values() if f.note]
    for role, part in _parts(recipe).items():
        fact, use = facts[role], uses[role]
        rates = recipe.cost.rates(fact.identity)
        load = _load(recipe, role, rates, use)
        loads.append(load)
        most = _most(recipe, part, rates, load, use.lengths.prefill)
        roles.append(_role(load, problems, fact.identity.model, use, most))
    total = _total(roles, _limit_seconds(recipe, problems, facts, loads, roles))
    return Forecast(problems, tuple(roles), total, tuple(loads), tuple(dict.fromkeys(notes)))


def _parts(recipe: Recipe) -> dict[str, Any]:
    return {SOLVER: recipe.sampler} | {v.label: v for v in recipe.verifiers}


def _load(recipe: Recipe, role: str, rates: Rates, use: RoleUse) -> Load:
    """How often a role's prompts and samples come up in one problem, and what they cost."""
    part = _parts(recipe)[role]
    prompts, each = 1, recipe.solutions
    if role != SOLVER:
        chosen = getattr(part, "solutions", None) or recipe.solutions
        prompts, each = min(chosen, recipe.solutions), getattr(part, "verifications", 1)
    known = use.lengths
    prefill = Lengths(known.prefill, known.prefill_squared, 0.0, 0.0, 0.0)
    decode = Lengths(
        0.0, 0.0, known.completion, known.completion_squared, known.prompt_times_completion
    )
    once = _amounts(rates, prefill, 0.0)
    sampled = _amounts(rates, decode, 1.0)
    if recipe.cost.shared_prompt == "once":
        return Load(role, prompts, each, once, sampled)
    nothing = dict.fromkeys(once, 0.0)
    return Load(role, prompts, each, nothing, {u: once[u] + sampled[u] for u in once})


def _amounts(rates: Rates, lengths: Lengths, calls: float) -> dict[str, float]:
    found = rates.of_lengths(lengths, calls)
    return {
        "prompt_tokens": lengths.prefill,
        "completion_tokens": lengths.completion,
        **{unit: math.nan if rates.missing(unit) else found[unit] for unit in found},
    }


def _most(recipe: Recipe, part: Any, rates: Rates, load: Load, prompt: float) -> float:
    """Tokens of one problem if every completion had its longest; NaN where no length is set."""
    longest = getattr(part, "max_tokens", None)
    if longest is None:
        return math.nan
    if load.role != SOLVER:
        prompt += getattr(recipe.sampler, "max_tokens", 0)  # of the solution in it
    charged = load.prompts if recipe.cost.shared_prompt == "once" else load.samples
    return float(charged * prompt + load.samples * longest)


def _role(load: Load, problems: int, model: str, use: RoleUse, most: float) -> RoleForecast:
    tokens = problems * load.amount("tokens")
    error = min(1.0, _Z90 * use.uncertainty(problems))
    return RoleForecast(
        role=load.role,
        model=model,
        samples=problems * load.samples,
        tokens=tokens,
        tokens_low=tokens * (1 - error),
        tokens_high=tokens * (1 + error),
        tokens_most=problems * most,
        seconds=problems * load.samples * use.seconds,
        source=use.source,
        **{
            unit: problems * load.amount(unit)
            for unit in ("prompt_tokens", "completion_tokens", "flops", "usd", "calls")
        },
    )


def _total(roles: list[RoleForecast], least_seconds: float) -> RoleForecast:
    def add(name: str) -> float:
        return float(sum(getattr(role, name) for role in roles))

    # Long solutions make long verifications: the errors of roles add up, not their squares.
    figures = {
        name: add(name)
        for name in RoleForecast.__dataclass_fields__
        if name not in ("role", "model", "samples", "source")
    }
    seconds = figures.pop("seconds")
    if least_seconds > 0:
        seconds = least_seconds if math.isnan(seconds) else max(seconds, least_seconds)
    samples = sum(role.samples for role in roles)
    return RoleForecast(
        role="total", model="", samples=samples, seconds=seconds, source="", **figures
    )


def _limit_seconds(
    recipe: Recipe,
    problems: int,
    facts: Mapping[str, RoleFacts],
    loads: list[Load],
    roles: list[RoleForecast],
) -> float:
    """The least time that the recipe's request and token rates leave; 0 without such limits."""
    engine, least = recipe.engine, 0.0
    for load, role in zip(loads, roles, strict=True):
        fact = facts[load.role]
        requests = problems * load.prompts * math.ceil(load.each / fact.group)
        for amount, rate in (
            (requests, engine.requests_per_minute),
            (role.tokens, engine.tokens_per_minute),
        ):
            if rate is not None:
                least = max(least, 60.0 * amount / (rate * fact.servers))
    return least


def _plain(role: RoleForecast) -> dict[str, Any]:
    found = asdict(role)
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in found.items()}
