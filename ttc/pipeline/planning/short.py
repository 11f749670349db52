"""Where a budget is short of its recipe: what it buys, what would fit, what all of it needs."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.core import Problem
from ttc.errors import TtcError
from ttc.pipeline.planning.facts import RoleFacts, role_facts
from ttc.pipeline.planning.forecast import Forecast, forecast
from ttc.pipeline.planning.lengths import RoleUse, measured_uses, told_use, with_prompts
from ttc.pipeline.planning.limits import Limit, limits
from ttc.pipeline.planning.roles import SOLVER, planned_roles
from ttc.store.run_folder import RunFolder, find_run, list_runs
from ttc.words import counted

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_log = logging.getLogger(__name__)
_HOW_MANY = ("solutions", "verifications", "problems")
_LATEST = 20  # runs of other names that are looked into
_WORDS = {"tokens": "tokens", "flops": "FLOPs", "usd": "USD", "calls": "calls"}


def short_budgets(recipe: Recipe, problems: Sequence[Problem]) -> list[str]:
    """A sentence on each limit that will not hold all of the recipe; asks no server.

    By the lengths of an earlier run or pilot that sampled alike, where there is one; else where
    even prompts with a token for each sample take more. Nothing where that can't be told: that
    samples might be as long as they may is no news.
    """
    if not recipe.budget.limited:
        return []
    try:
        facts = role_facts(recipe, problems, reach=False)
        known, roles = _measured(recipe), planned_roles(recipe)
        if not all(role.name in known for role in roles if role.judges or role.name == SOLVER):
            least = {role.name: known.get(role.name) or _least(facts[role.name]) for role in roles}
            found = forecast(recipe, len(problems), facts, least)
            return [said for one in limits(recipe.budget, found) if (said := _never(one, found))]
        uses = {}
        for role in roles:
            prompts = facts[role.name].prompts
            use = known.get(role.name) or told_use(prompts, math.nan, "")
            judged = role.name in known and (role.judges or role.name == SOLVER)
            uses[role.name] = with_prompts(use, prompts) if judged else use
        found = forecast(recipe, len(problems), facts, uses)
        return [said for one in limits(recipe.budget, found) if (said := sentence(one, found))]
    except TtcError as error:  # whatever is the matter, the run itself will tell
        _log.info("what the budget buys can't be told: %s", error)
        return []


def _least(facts: RoleFacts) -> RoleUse:
    """Prompts, where they are known and no estimate, and a token of each sample."""
    return told_use(() if facts.estimated else facts.prompts or (0.0,), 1.0, "")


def _never(one: Limit, found: Forecast) -> str:
    """What is surely too much for a limit; empty where all may fit."""
    if not one.holds or not all(load.exact for load in found.loads) or one.unit not in _WORDS:
        return ""
    times = found.problems if one.scope == "run" else 1
    least = times * float(np.mean(sum(load.whole(one.unit) for load in found.loads)))
    if math.isnan(least) or least <= one.limit:
        return ""
    asked = f"all that the recipe asks for takes {_few(least)} at the least"
    limit = f"{_few(one.limit)} {_WORDS[one.unit]}"
    return f"budget.per_{one.scope}.{one.unit}: {limit} will end the run early; {asked}"


def sentence(one: Limit, found: Forecast) -> str:
    """What a limit buys and what would fit; empty for one that is likely to hold all."""
    if not one.holds or one.needs is None or (one.fits and one.needs <= one.limit):
        return ""
    if one.needs <= one.limit and one.solutions is None:
        return ""
    key = f"budget.per_{one.scope}.{one.unit}"
    if one.solutions is not None and one.verifications is not None:
        buys = f"buys about {_few(one.solutions)} solutions"
        if found.loads[1:]:
            buys += f" and {_few(one.verifications)} verifications"
        buys += " a problem"
    else:
        buys = "may end the run early, should samples be as long as they may"
    asked = f"{_few(one.needs)} {_WORDS[one.unit]} would hold all that the recipe asks for"
    text = f"{key}: {_few(one.limit)} {_WORDS[one.unit]} {buys}; {asked}"
    if one.offer is None:
        return text
    parts = [counted(one.offer.solutions, "solution")]
    parts += [
        f"{counted(n, 'verification')} of each by {role}"
        for role, n in one.offer.verifications.items()
    ]
    return f"{text}; {' with '.join(parts[:2])}{''.join(f', {p}' for p in parts[2:])} would fit"


def _few(value: float) -> str:
    """A number in three digits, or whole."""
    if value >= 1e6:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.2g}"


def _measured(recipe: Recipe) -> dict[str, RoleUse]:
    """Lengths by role, of the run that tells most about them; none where no run does."""
    roles = planned_roles(recipe)
    for run in earlier_runs(recipe):
        with suppress(TtcError):  # such as this very run, which has no samples yet
            return measured_uses(run, roles)
    return {}


def earlier_runs(recipe: Recipe) -> Iterator[RunFolder]:
    """Runs and pilots of this name and of the same models; then those of any name whose samples
    were drawn alike, the latest first.
    """
    from ttc.recipe import resolve

    own = resolve(recipe)
    for name in (recipe.name, f"{recipe.name}-pilot"):
        with suppress(TtcError):
            run = find_run(name, Path(recipe.results))
            its = run.manifest().recipe
            if all(_models(its, key) == _models(own, key) for key in ("backend", "verifiers")):
                yield run
    wanted = _drawn(own)
    for run in [*reversed(list_runs(Path(recipe.results)))][:_LATEST]:
        with suppress(TtcError):
            if _drawn(run.manifest().recipe) == wanted:
                yield run


def _drawn(recipe: Mapping[str, Any]) -> object:
    """What lengths of samples depend on: all but how many, of which problems, and what is made of
    them.
    """
    parts = {key: recipe.get(key) for key in ("backend", "prompt", "sampler", "verifiers")}
    dataset = recipe.get("dataset")
    kept = dataset if isinstance(dataset, Mapping) else {}
    return _without(parts | {"dataset": {k: v for k, v in kept.items() if k != "seed"}})


def _without(value: Any) -> Any:
    """Plain data without keys that say how many."""
    if isinstance(value, Mapping):
        return {str(key): _without(one) for key, one in value.items() if key not in _HOW_MANY}
    return [_without(one) for one in value] if isinstance(value, list | tuple) else value


def _models(recipe: Mapping[str, object], key: str) -> object:
    part = recipe.get(key)
    if isinstance(part, list):
        return [one.get("backend") for one in part if isinstance(one, dict)]
    return part
