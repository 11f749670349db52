"""What is asked of `ttc adapt`, and what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ttc.analysis.contention import Chooses
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL
from ttc.analysis.stopping import Replayed
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.tuning.file import Tuned
from ttc.policies import StoppingRule

Kind = Literal["vote", "settled", "rule", "tuned", "calibrated"]
Unit = Literal["solutions", "verdicts"]
"""What rules stop, and what their numbers count: a problem's solutions, or verdicts of each."""


class VerdictRule(BaseModel):
    """A rule that stops verdicts, as fields of the sampler `contested`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    grid: ClassVar[Mapping[str, tuple[float, ...]]] = {"reach": (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)}

    type: Literal["contested"] = "contested"
    votes: int = Field(ge=1)
    choose: Chooses = "weighted_majority"
    reach: float = Field(default=1.0, ge=0, le=1)

    @property
    def label(self) -> str:
        return self.type + ("" if self.reach == 1 else f"(reach={self.reach:g})")


AnyRule = StoppingRule | VerdictRule
R = TypeVar("R", bound=AnyRule)
R_in = TypeVar("R_in", bound=AnyRule, contravariant=True)


class Ground(Protocol[R_in]):
    """Problems on one side of a split, on which rules are replayed.

    most: samples that a problem (or, of verdicts, a solution) has; votes: verdicts of a solution, 0
    where solutions are stopped. clusters: (problems,) labels of what was drawn together.
    """

    @property
    def most(self) -> int: ...
    @property
    def votes(self) -> int: ...
    @property
    def clusters(self) -> IntArray | None: ...
    @property
    def count(self) -> int: ...

    def replayed(self, rules: Sequence[R_in]) -> Replayed:
        """All of them on the same orders."""
        ...


FILES: Mapping[Unit, str] = {"solutions": "adapt.json", "verdicts": "adapt-verdicts.json"}
"""The split and what was tuned, in the run's folder; a recipe's `tuned:` may name the first."""


@dataclass(frozen=True)
class Region:
    """How a region for selective branching is calibrated: at most `alpha` of the accepted answers
    wrong, with probability 1 - delta, after `window` solutions.
    """

    alpha: float = 0.1
    delta: float = 0.1
    window: int = 5
    withhold: bool = False


@dataclass(frozen=True)
class AdaptRequest:
    """Which rules are replayed, and how.

    rules: labels or types; None: those of the run and all that there are as they are by default.
    problems: how many to tune on, else `share` of them. most: solutions that the full vote has, all
    where None. orders: random orders of each problem. loss: success that a tuned rule may lose
    against the full vote where it is tuned. region: calibrate selective branching, too. verdicts:
    rules stop verdicts, not solutions, where the choice is made so; verifier: whose. cluster: a key
    of the problems' metadata, whose values are split and resampled in place of problems.
    """

    rules: tuple[str, ...] | None = None
    problems: int | None = None
    share: float = 0.5
    most: int | None = None
    orders: int = 32
    loss: float = 0.01
    region: Region | None = None
    verdicts: Chooses | None = None
    verifier: str | None = None
    cluster: str | None = None
    seed: int | None = None
    level: float = LEVEL
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One rule on the problems that nothing was tuned on; of the full vote and the clairvoyant who
    stops, only what they use and how often they succeed. Of rules that stop verdicts, the full vote
    is the choice by all verdicts, and verdicts of each solution stand for solutions.

    saved: share of the full vote's tokens (of its solutions, where tokens are unknown); lost: what
    it succeeds less often; ahead: what it succeeds more often than a vote of the same number of
    solutions for every problem; regret: less often than who knows each problem's curve and deals
    out as many; over: solutions beyond those after which the full vote's answer stood.
    """

    label: str
    kind: Kind
    policy: Mapping[str, Any]
    samples: float
    tokens: float
    success: Interval
    over: float
    withheld: float
    saved: Interval | None = None
    lost: Interval | None = None
    ahead: Interval | None = None
    regret: Interval | None = None

    def as_row(self, problems: int, unit: Unit) -> dict[str, Any]:
        """A row of the `adaptation` table."""
        row: dict[str, Any] = {
            "rule": self.label,
            "kind": self.kind,
            "unit": unit,
            "policy": json.dumps(dict(self.policy)) if self.policy else None,
            "samples": self.samples,
            "tokens": plain(self.tokens),
            "over": self.over,
            "withheld": self.withheld,
            "n_problems": problems,
        }
        for name in ("success", "saved", "lost", "ahead", "regret"):
            one: Interval | None = getattr(self, name)
            row[name] = None if one is None else plain(one.estimate)
            row[f"{name}_low"] = None if one is None else plain(one.low)
            row[f"{name}_high"] = None if one is None else plain(one.high)
        return row


@dataclass(frozen=True)
class Accepted:
    """A calibrated region on the other problems: of `problems`, how many were `inside`, and how
    many of these wrong; likewise where it was calibrated. None was found where label is empty.
    """

    region: Region
    label: str
    problems: int
    inside: int = 0
    wrong: int = 0
    tuning_problems: int = 0
    tuning_inside: int = 0
    tuning_wrong: int = 0
    error: Interval | None = None
    needed: int = 0


@dataclass(frozen=True)
class Adaptation:
    """lines: on the `problems` that nothing was tuned on, or so many `clusters` of them. curve:
    (most,) success of the vote of 1, 2 ... solutions there; foreseen: that of who deals out as many
    on average, by problem. judge: whose verdicts are stopped, if any are.
    """

    run: str
    lines: tuple[Line, ...]
    tuned: Tuned
    problems: int
    most: int
    orders: int
    loss: float
    level: float
    curve: FloatArray
    foreseen: FloatArray
    accepted: Accepted | None = None
    replaced: bool = False
    unit: Unit = "solutions"
    judge: str = ""
    clusters: int | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the `adaptation` table."""
        return [line.as_row(self.problems, self.unit) for line in self.lines]
