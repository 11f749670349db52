"""A recipe as one question wants it: with its policy, and with less of this and that."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ttc.answering.policies import Chooser, chooser, choosers, type_of
from ttc.answering.question import Question
from ttc.errors import RecipeError, UsageError
from ttc.serve.errors import ApiError

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_MOST_KEPT = 256
_BOUNDED = ("max_tokens", "solutions", "verifications")
"""What a request may have less of than the recipe, never more: who asks is not who pays."""


@dataclass(frozen=True)
class Variant:
    """recipe: with the verifiers that are asked only; kept: their places in the whole recipe."""

    recipe: Recipe
    chooser: Chooser
    kept: tuple[int, ...]


class Variants:
    """Of one recipe, each made and checked once."""

    def __init__(self, recipe: Recipe, usual: Chooser, *, all_verifiers: bool = False) -> None:
        """usual: who chooses where a request does not say; all_verifiers: have solutions verified
        also where nobody reads it.
        """
        self.recipe = recipe
        self.usual = usual
        self._all = all_verifiers
        self._plain: dict[str, Any] = recipe.model_dump(mode="json", by_alias=True)
        # A grid is for curves, and may not fit fewer solutions.
        self._plain["grid"] |= {
            "solutions": "powers_of_two",
            "verifications": "powers_of_two",
        }
        self._made: OrderedDict[str, Variant] = OrderedDict()

    def names(self) -> list[str]:
        """What may stand as a request's `model`."""
        name = self.recipe.name
        return [name, *(f"{name}:{one.name}" for one in choosers(self.recipe))]

    def of(self, question: Question) -> Variant:
        """Raises `ApiError` that names the field at fault."""
        policy = self._policy(question)
        field = "ttc" if question.policy else "model"
        key = json.dumps([policy, dict(question.changes)], sort_keys=True)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        made = self._make(policy, question.changes, field)
        self._made[key] = made
        while len(self._made) > _MOST_KEPT:
            self._made.popitem(last=False)
        return made

    def _policy(self, question: Question) -> str | None:
        name, colon, policy = question.model.partition(":")
        if name != self.recipe.name or (colon and not policy):
            known = ", ".join(self.names())
            said = f"the model {question.model!r:.200} does not exist; there are: {known}"
            raise ApiError(404, said, "model", "model_not_found")
        if policy and question.policy not in (None, policy):
            said = f"the model names the policy {policy!r:.80}, ttc.policy another"
            raise ApiError(400, said, "ttc")
        return question.policy or policy or None

    def _make(self, policy: str | None, changes: Mapping[str, Any], field: str) -> Variant:
        """field: of the request, which named the policy."""
        try:
            who = self.usual if policy is None else chooser(self.recipe, policy)
        except UsageError as error:
            if field == "model":
                raise ApiError(404, str(error), field, "model_not_found") from None
            raise ApiError(400, str(error), field, "policy_refused") from None
        labels = [one.label for one in self.recipe.verifiers]
        kept = tuple(i for i, one in enumerate(labels) if self._all or one == who.verifier)
        if not kept and "verifications" in changes:
            said = f"the policy {who.name!r} reads no verifications, so none are made"
            raise ApiError(400, said, "ttc")
        data = copy.deepcopy(self._plain)
        data["verifiers"] = [data["verifiers"][i] for i in kept]
        for name, value in changes.items():
            self._change(data, name, value)
        policies = () if who.policy is None else (who.policy,)
        data["policies"] = [one.model_dump(mode="json", by_alias=True) for one in policies]
        return Variant(_validated(data, changes), who, kept)

    def _change(self, data: dict[str, Any], name: str, value: Any) -> None:
        """Raise `ApiError` where the recipe has no such thing, or less of it."""
        places = self._places(data, name)
        if not places:
            kind = type_of(self.recipe.sampler)
            said = f"{name}: the sampler of this recipe ({kind}) has no such setting"
            if name == "verifications":
                said = "verifications: this recipe's verifiers have no such number"
            raise ApiError(400, said, name, "unsupported_parameter")
        for part, key in places:
            if name in _BOUNDED and value > part[key]:
                said = f"{name}: this server gives at most {part[key]}, as its recipe says"
                raise ApiError(400, said, name)
            part[key] = [*part[key], *value] if name == "stop" else value
        if name == "solutions":
            for one in data["verifiers"]:
                if isinstance(one.get("solutions"), int):
                    one["solutions"] = min(one["solutions"], value)

    def _places(self, data: dict[str, Any], name: str) -> list[tuple[dict[str, Any], str]]:
        """The parts of a recipe's plain data, and their keys, that a request's field is about."""
        if name == "verifications":
            return [(one, name) for one in data["verifiers"] if name in one]
        sampler = data["sampler"]
        inner = [sampler["draw"]] if isinstance(sampler.get("draw"), dict) else []
        keys = ("most", "solutions") if name == "solutions" else (name,)
        found = [
            (part, key)
            for part in (sampler, *(inner if name != "solutions" else ()))
            for key in keys
            if key in part
        ]
        return found[:1]


def _validated(data: dict[str, Any], changes: Mapping[str, Any]) -> Recipe:
    from ttc.recipe.load import recipe_of

    if not data["policies"]:
        data["policies"] = ["first"]  # a recipe has one; nobody asks it
    try:
        return recipe_of(data)
    except RecipeError as error:
        named = next((name for name in changes if name in str(error)), None)
        raise ApiError(400, str(error).removeprefix("recipe: "), named) from None
