"""Which policies may answer: all that a run has, but for those that look at the gold answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.errors import TtcError, UsageError
from ttc.pipeline.measured import POLICY as ANSWER
from ttc.policies import PolicyPart, StoppingRule, matching
from ttc.registry import Part, all_parts
from ttc.store.run_folder import RunFolder, run_folder
from ttc.store.tables import read_frame

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_PREFERRED = ("weighted_majority", "pessimistic", "best_of_n", "majority")
"""Where no run says which is best."""


@dataclass(frozen=True)
class Chooser:
    """Who chooses. policy: None for the sampler itself; verifier: the label of whose verdicts it
    reads, empty for none.
    """

    policy: PolicyPart | None
    verifier: str = ""
    several: bool = False

    @property
    def name(self) -> str:
        """`majority`; `best_of_n@prm` where there are several verifiers."""
        if self.policy is None:
            return ANSWER
        return self.policy.label + (f"@{self.verifier}" if self.several and self.verifier else "")


def type_of(part: Part) -> str:
    """Its name in recipes."""
    return str(type(part).model_fields["type"].default)


def needs_gold(policy: PolicyPart) -> bool:
    """Whether it, or a policy inside it, can only choose where it is told what is right."""
    usual = (PolicyPart.picks, StoppingRule.picks)
    inside = (one for one in all_parts(policy) if isinstance(one, PolicyPart))
    return any(type(one).picks not in usual for one in inside)


def choosers(recipe: Recipe) -> list[Chooser]:
    """All that can answer for a recipe, the sampler itself first where it gives one answer."""
    found = [] if recipe.sampler.exchangeable else [Chooser(None)]
    for policy in recipe.policies:
        if not needs_gold(policy):
            found += _of(recipe, policy)
    return found


def chooser(recipe: Recipe, name: str) -> Chooser:
    """The chooser of a name, which may be of a policy that the recipe does not list.

    Raises `UsageError` that says what there is.
    """
    known = {one.name: one for one in choosers(recipe)}
    if name in known:
        return known[name]
    if name == ANSWER:
        raise UsageError(
            f"the sampler {type_of(recipe.sampler)!r} gives solutions and no answer of its own; "
            f"there are: {', '.join(known)}"
        )
    bare, _, verifier = name.rpartition("@")
    if verifier not in {one.label for one in recipe.verifiers}:  # as in `pass@k`
        bare, verifier = name, ""
    policy = matching(bare, recipe.policies)[0]
    if needs_gold(policy):
        raise UsageError(
            f"the policy {policy.label!r} looks at the gold answer, which a question does not "
            f"bring; there are: {', '.join(known)}"
        )
    found = _of(recipe, policy)
    if not found:
        raise UsageError(f"no verifier of this recipe gives what {policy.label!r} reads")
    if not verifier:
        return found[0]
    fitting = [one for one in found if one.verifier == verifier]
    if not fitting:
        able = ", ".join(one.verifier for one in found)
        raise UsageError(f"{policy.label!r} can't read {verifier!r}; it can read: {able}")
    return fitting[0]


def _of(recipe: Recipe, policy: PolicyPart) -> list[Chooser]:
    """A policy with each verifier whose verdicts it may read, those that are for it first."""
    if not policy.reads_verifications:
        return [Chooser(policy)]
    able = [one for one in recipe.verifiers if one.compares == ("pairs" in policy.reads)]
    kind = type_of(policy)
    able.sort(key=lambda one: kind not in one.read_by)
    return [Chooser(policy, one.label, len(recipe.verifiers) > 1) for one in able]


def best(recipe: Recipe) -> tuple[Chooser, str]:
    """The recipe's best chooser, and how that is known.

    By its finished run, where there is one: the most successful with all solutions and
    verifications. The sampler's own answer where it gives one. Raises `UsageError` where every
    policy needs gold.
    """
    from ttc.recipe import run_id

    found = choosers(recipe)
    if not found:
        raise UsageError("every policy of this recipe looks at the gold answer; add majority")
    if found[0].policy is None:
        return found[0], "the sampler's own answer"
    run = run_folder(Path(recipe.results), recipe.name, run_id(recipe))
    success = _success(run, found)
    if success:
        place = max(range(len(found)), key=lambda i: (success.get(i, -1.0), -i))
        return found[place], f"best in {run.name}: {100 * success[place]:.1f} % right"
    kinds = [type_of(one.policy) for one in found if one.policy is not None]
    for name in _PREFERRED:
        if name in kinds:
            return found[kinds.index(name)], "no run of this recipe says which is best"
    return found[-1], "no run of this recipe says which is best"


def _success(run: RunFolder, found: Sequence[Chooser]) -> dict[int, float]:
    """By place, success at the largest S and V of the run's curves; empty without a whole run."""
    try:
        if not (run.complete() and run.curves.is_file()):
            return {}
        rows = read_frame(run.curves, "curves", ["policy", "verifier", "S", "V", "success"])
    except TtcError:
        return {}
    out = {}
    for i, one in enumerate(found):
        assert one.policy is not None, "of a sampler that answers itself nobody asks"
        own = rows[rows["policy"] == one.policy.label]
        if one.verifier:
            own = own[own["verifier"] == one.verifier]
        own = own.sort_values(["S", "V"])
        if len(own) and not math.isnan(value := float(own["success"].iloc[-1])):
            out[i] = value
    return out
