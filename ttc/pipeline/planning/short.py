"""Where a budget is short of its recipe: what it buys, what would fit, what all of it needs."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.core import Problem
from ttc.errors import TtcError
from ttc.pipeline.planning.facts import RoleFacts, role_facts
from ttc.pipeline.planning.forecast import Forecast, forecast
from ttc.pipeline.planning.lengths import RoleUse, measured_uses, told_use, with_prompts
from ttc.pipeline.planning.limits import Limit, limits
from ttc.pipeline.planning.roles import SOLVER, planned_roles
from ttc.store.run_folder import RunFolder, find_run
from ttc.words import counted

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_log = logging.getLogger(__name__)
_WORDS = {"tokens": "tokens", "flops": "FLOPs", "usd": "USD", "calls": "calls"}


def short_budgets(recipe: Recipe, problems: Sequence[Problem]) -> list[str]:
    """A sentence on each limit that is not likely to hold all of the recipe; asks no server.

    By the lengths of an earlier run or pilot of the same name with the same models, if there is
    one; else by those that samples may have. Nothing where that can't be told.
    """
    if not recipe.budget.limited:
        return []
    try:
        facts = role_facts(recipe, problems, reach=False)
        found = forecast(recipe, len(problems), facts, _uses(recipe, facts))
        return [said for one in limits(recipe.budget, found) if (said := sentence(one, found))]
    except TtcError as error:  # whatever is the matter, the run itself will tell
        _log.info("what the budget buys can't be told: %s", error)
        return []


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


def _uses(recipe: Recipe, facts: Mapping[str, RoleFacts]) -> dict[str, RoleUse]:
    roles = planned_roles(recipe)
    known: dict[str, RoleUse] = {}
    for run in earlier_runs(recipe):
        with suppress(TtcError):  # such as this very run, which has no samples yet
            known = measured_uses(run, roles)
            break
    uses = {}
    for role in roles:
        prompts = facts[role.name].prompts
        if role.name in known and (role.judges or role.name == SOLVER):
            uses[role.name] = with_prompts(known[role.name], prompts)
        else:
            uses[role.name] = known.get(role.name) or told_use(prompts, math.nan, "")
    return uses


def earlier_runs(recipe: Recipe) -> list[RunFolder]:
    """Runs and pilots of this name, of the same models."""
    from ttc.recipe import resolve

    own, found = resolve(recipe), []
    for name in (recipe.name, f"{recipe.name}-pilot"):
        with suppress(TtcError):
            run = find_run(name, Path(recipe.results))
            its = run.manifest().recipe
            if all(_models(its, key) == _models(own, key) for key in ("backend", "verifiers")):
                found.append(run)
    return found


def _models(recipe: Mapping[str, object], key: str) -> object:
    part = recipe.get(key)
    if isinstance(part, list):
        return [one.get("backend") for one in part if isinstance(one, dict)]
    return part
