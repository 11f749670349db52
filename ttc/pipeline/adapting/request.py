"""What is asked of `ttc adapt`, and what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import LEVEL
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.tuning.file import Tuned

Kind = Literal["vote", "settled", "rule", "tuned", "calibrated"]


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
    against the full vote where it is tuned. region: calibrate selective branching, too.
    """

    rules: tuple[str, ...] | None = None
    problems: int | None = None
    share: float = 0.5
    most: int | None = None
    orders: int = 32
    loss: float = 0.01
    region: Region | None = None
    seed: int | None = None
    level: float = LEVEL
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One rule on the problems that nothing was tuned on; of the full vote and the clairvoyant who
    stops, only what they use and how often they succeed.

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

    def as_row(self, problems: int) -> dict[str, Any]:
        """A row of the `adaptation` table."""
        row: dict[str, Any] = {
            "rule": self.label,
            "kind": self.kind,
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
    """lines: on the `problems` that nothing was tuned on. curve: (most,) success of the vote of 1,
    2 ... solutions there; foreseen: that of who deals out as many on average, by problem.
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

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the `adaptation` table."""
        return [line.as_row(self.problems) for line in self.lines]
