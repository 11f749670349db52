"""What a recipe allows to be spent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ttc.budget.cost import UNITS, Rates, Unit
from ttc.errors import UsageError

_Positive = Annotated[float, Field(gt=0)]
Limit = _Positive | Annotated[tuple[_Positive, ...], Field(min_length=1)] | None


class ProblemBudget(BaseModel):
    """Limits for each problem: a number, or a list (all are reported, the largest holds)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    tokens: Limit = None
    """Prompt and completion tokens."""
    flops: Limit = None
    """Floating point operations."""
    usd: Limit = None
    """US dollars."""
    calls: Limit = None
    """Samples, of solutions and of verifications."""

    def limits(self, unit: Unit) -> tuple[float, ...]:
        """The listed limits of a unit, ascending; empty without one."""
        value: Limit = getattr(self, unit)
        if value is None:
            return ()
        return tuple(sorted(value)) if isinstance(value, tuple) else (float(value),)


class RunBudget(BaseModel):
    """Limits for the whole run."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    tokens: float | None = Field(default=None, gt=0)
    """Prompt and completion tokens."""
    flops: float | None = Field(default=None, gt=0)
    """Floating point operations."""
    usd: float | None = Field(default=None, gt=0)
    """US dollars."""
    calls: float | None = Field(default=None, gt=0)
    """Samples, of solutions and of verifications."""
    seconds: float | None = Field(default=None, gt=0, le=1e9)
    """Wall-clock time from the start of this try; calls under way by then are given up, none is
    sent later, and what is in the journal is still used. What fits depends on the machine's
    speed."""


class Shares(BaseModel):
    """How a problem's limits are divided between solving and verifying.

    Only where they bind: what solving leaves is for verifying, and what verifying leaves is for
    more solutions. Several verifiers share evenly.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    solve: float = Field(default=1.0, gt=0, le=1e9)
    """Weight of the sampler."""
    verify: float = Field(default=1.0, gt=0, le=1e9)
    """Weight of all verifiers together."""


class BudgetConfig(BaseModel):
    """What may be spent, per problem and per run; without limits by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    per_problem: ProblemBudget = ProblemBudget()
    """Limits for each problem."""
    per_run: RunBudget = RunBudget()
    """Limits for the whole run, shared fairly among its problems."""
    shares: Shares | None = None
    """Of a problem's limits: how much is for solving and how much for verifying. Without it, a
    problem for which they are short gets fewer solutions and fewer verifications of each, in the
    ratio that the recipe asks for; methods that draw as they find have equal parts."""

    allocation: Literal["equal", "posterior", "gain"] = "equal"
    """Of a run's limits: which problems get what is left. `equal`: equal parts. `posterior`: by the
    probability that the runner-up is really the more frequent answer (a Beta posterior of the votes
    so far). `gain`: by how much the next samples are expected to raise the share of answers that
    the vote stands for (knowledge gradient). Both see votes, never whether they are right."""
    pilot: float = Field(default=0.25, gt=0, lt=1)
    """Where it is not equal: the part of the run's limits that is dealt out equally before, so that
    there are votes to go by; it counts like all else."""
    rounds: int = Field(default=8, ge=1, le=1000)
    """In how many rounds the rest is dealt, each by all votes until then."""

    @property
    def equal(self) -> bool:
        """Whether all problems get equal parts."""
        return self.allocation == "equal"

    @property
    def depends_on_prompts(self) -> bool:
        """Whether a limit is in a unit of which prompts take a part."""
        units = [u for u in UNITS if u != "calls"]
        return any(self.per_problem.limits(u) or getattr(self.per_run, u) for u in units)

    @property
    def limited(self) -> bool:
        """Whether there is a limit in any unit; one of time alone is none."""
        return any(self.per_problem.limits(u) or getattr(self.per_run, u) for u in UNITS)

    def require(self, rates: Rates, model: str) -> None:
        """Raise `UsageError` where a limit is in a unit that this model's facts don't give."""
        for unit in UNITS:
            limited = self.per_problem.limits(unit) or getattr(self.per_run, unit) is not None
            if limited and rates.missing(unit):
                key = "cost.prices" if unit == "usd" else "cost.parameters"
                raise UsageError(
                    f"the budget is in {unit}, but {model} does not state what it costs; set {key}"
                )
