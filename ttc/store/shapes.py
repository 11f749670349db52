"""What the free parts of a manifest hold, as far as anybody reads them: checked when it is read.

Their keys grow with the methods, so none is missing and none is too many; one that is there with a
value of another kind makes the manifest a damaged one, which running the recipe mends.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel


def _number(value: Any) -> Any:
    """A flag is no number, and neither is a text of digits."""
    if isinstance(value, bool | str):
        raise ValueError("must be a number")
    return value


Amount = Annotated[
    float, BeforeValidator(_number), Field(ge=0, le=1e60, allow_inf_nan=False, strict=False)
]
Count = Annotated[int, BeforeValidator(_number), Field(ge=0, lt=2**63)]
Names = list[Annotated[str, Field(strict=True)]]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Spent(_Shape):
    samples: Count = 0
    prompt_tokens: Amount = 0
    completion_tokens: Amount = 0
    flops: Amount = 0
    usd: Amount = 0
    paid_samples: Count = 0
    paid_tokens: Amount = 0
    paid_usd: Amount = 0


class _PartFacts(_Shape):
    problems: Count = 0
    limits: dict[str, Amount] = {}
    used: dict[str, Amount] = {}
    billed: dict[str, Amount] = {}
    wants: Count = 0
    bare: Count = 0
    least: dict[str, Amount] = {}


class LedgerShape(_Shape):
    """`ledger`: what was used and paid for, by role; until 0.1 under two names beside these."""

    rounds: Count = 0
    exhausted_problems: Count = 0
    roles: dict[str, _Spent] = {}
    solution: _Spent = _Spent()
    verification: _Spent = _Spent()
    fingerprint: _Spent = _Spent()
    part: _PartFacts | None = None
    lost: dict[str, Amount] = {}


class TimingShape(RootModel[dict[str, Amount]]):
    """`timing`: seconds by stage."""


class _Reach(_Shape):
    solutions: Count
    verifications: Count


class _Repeats(_Shape):
    fewest: Count = 1
    most: Count = 1


class _Tuning(_Shape):
    files: Names = []
    problems: Names = []


class EvaluationShape(_Shape):
    """`evaluation`: which problems the curves are about."""

    measured: bool = False
    without_answer: Names = []
    repeats: _Repeats = _Repeats()

    paired: bool = False
    problems: Count = 0
    evaluated: Count = 0
    without_solutions: Names = []
    without_valid_answer: Names = []
    fewest_solutions: Count = 0
    most_solutions: Count = 0
    without_verifications: dict[str, Names] = {}
    verified: dict[str, _Reach] = {}
    tuning: _Tuning | None = None


class _Part(_Shape):
    type: Annotated[str, Field(strict=True)]


Sizes = Annotated[str, Field(strict=True)] | list[Count] | None
Limits = Amount | list[Amount] | None


class _Grid(_Shape):
    solutions: Sizes = None
    verifications: Sizes = None


class _Budget(_Shape):
    per_problem: dict[str, Limits] = {}
    per_run: dict[str, Any] = {}


class RecipeShape(_Shape):
    """`recipe`: what is read of it again. Imported runs have next to nothing there."""

    policies: list[_Part] = []
    verifiers: list[_Part] = []
    grid: _Grid = _Grid()
    budget: _Budget = _Budget()
    cost: dict[str, Any] = {}


SHAPES: dict[str, type[BaseModel]] = {
    "ledger": LedgerShape,
    "timing": TimingShape,
    "evaluation": EvaluationShape,
    "recipe": RecipeShape,
}
