"""What a comparison found."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ttc.analysis.estimate import FloatArray
from ttc.pipeline.comparing.gate import GateResult
from ttc.pipeline.comparing.wanted import By
from ttc.pipeline.curves import Row
from ttc.pipeline.interval import Interval, plain
from ttc.store.run_folder import RunFolder

Verdict = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class Point:
    """A method within a budget, or at so many samples S. row: the cell that it takes.

    ahead: what it succeeds more often than the baseline there, None for the baseline itself and
    where that can't be had. Where it is stated: p of a paired t test and p_flips of the
    permutation test, both adjusted (Holm); detectable: the difference that so many problems find
    with 80 % power after that adjustment, NaN where all differ by the same; won, lost: problems
    that it solves and the baseline doesn't, and the other way round. p_single: of the permutation
    test alone. short: its pool ends below this budget, and more samples would still have helped.
    """

    method: str
    budget: float | None
    row: Row
    cost: float
    success: Interval
    ahead: Interval | None = None
    p: float = math.nan
    p_flips: float = math.nan
    p_single: float = math.nan
    detectable: float = math.nan
    verdict: Verdict | None = None
    won: int = 0
    lost: int = 0
    samples: int | None = None
    short: bool = False

    def as_row(self, unit: str, baseline: str) -> dict[str, Any]:
        """A row of the `comparison` table."""
        ahead = self.ahead
        told = ahead is not None
        return {
            "method": self.method,
            "baseline": baseline,
            "budget": self.budget,
            "at_samples": self.samples,
            "cost_unit": unit,
            **{name: self.row[name] for name in ("policy", "S", "V", "calls")},
            "cost": plain(self.cost),
            "success": self.success.estimate,
            "ci_low": self.success.low,
            "ci_high": self.success.high,
            "ahead": None if ahead is None else ahead.estimate,
            "ahead_low": None if ahead is None else ahead.low,
            "ahead_high": None if ahead is None else ahead.high,
            "p": plain(self.p),
            "p_flips": plain(self.p_flips),
            "p_flips_single": plain(self.p_single),
            "finding": self.verdict,
            "detectable": plain(self.detectable),
            "problems_won": self.won if told else None,
            "problems_lost": self.lost if told else None,
            "pool_ends": self.short,
        }


@dataclass(frozen=True)
class Overtakes:
    """From which budget on a method stays ahead of the baseline, and the baseline of it.

    Infinite: never within the range, from the first budget that buys both to `last`.
    """

    ahead: Interval
    behind: Interval
    first: float
    last: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ahead_from": self.ahead.as_dict(),
            "behind_from": self.behind.as_dict(),
            "first": plain(self.first),
            "last": plain(self.last),
        }


@dataclass(frozen=True)
class Flip:
    """A problem that one side solves and the other doesn't: right more often than not, among the
    draws that its pool allows. before, after: success of baseline and method there.
    """

    method: str
    baseline: str
    budget: float | None
    samples: int | None
    problem: str
    before: float
    after: float
    runs: tuple[str, str]

    @property
    def won(self) -> bool:
        return self.after > self.before

    def commands(self) -> tuple[str, str]:
        """What shows the problem in the baseline's run and in the method's."""
        first, second = (
            f"ttc show {shlex.quote(run)} --problem {shlex.quote(self.problem)}"
            for run in self.runs
        )
        return first, second

    def as_row(self) -> dict[str, Any]:
        """A row of the `flips` table."""
        first, second = self.commands()
        return {
            "method": self.method,
            "baseline": self.baseline,
            "budget": self.budget,
            "at_samples": self.samples,
            "problem_id": self.problem,
            "baseline_success": self.before,
            "success": self.after,
            "show_baseline": first,
            "show": second,
        }


@dataclass(frozen=True)
class Comparison:
    """points: of every method at every budget (or S) that is stated, or of a ladder where none is,
    the baseline's first; curve: of every method along the ladder. bands: by method, (budgets, 2)
    ends of its difference's intervals along `ladder` that hold together. together: how many
    comparisons p values were adjusted for. units: problems, or clusters of them. by: what rows are;
    judged: they are recipes, and some have verifiers, which could be rows. asked: a
    person, and no gate alone, stated budgets or sizes.
    """

    points: tuple[Point, ...]
    methods: tuple[str, ...]
    runs: Mapping[str, tuple[RunFolder, ...]]
    baseline: str
    budgets: tuple[float, ...]
    samples: tuple[int, ...]
    unit: str
    problems: int
    units: int
    level: float
    together: int
    stated: bool
    recipes: int = 1
    by: By = "verifier"
    judged: bool = False
    asked: bool = False
    curve: tuple[Point, ...] = ()
    bands: Mapping[str, FloatArray] = field(default_factory=dict)
    ladder: tuple[float, ...] = ()
    overtakes: Mapping[str, Overtakes] = field(default_factory=dict)
    flips: tuple[Flip, ...] = ()
    gates: tuple[GateResult, ...] = ()
    equal: Mapping[str, str] = field(default_factory=dict)
    also: Sequence[str] = ()
    notes: Sequence[str] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the `comparison` table: what is stated, then the curve."""
        told = [(one, True) for one in self.points]
        stated = {(one.method, one.budget) for one in self.points}
        told += [(one, False) for one in self.curve if (one.method, one.budget) not in stated]
        return [{**one.as_row(self.unit, self.baseline), "stated": is_} for one, is_ in told]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "unit": self.unit,
            "problems": self.problems,
            "units": self.units,
            "level": self.level,
            "baseline": self.baseline,
            "by": self.by,
            "methods": {name: [run.name for run in self.runs[name]] for name in self.methods},
            "equal": dict(self.equal),
            "also_differ": list(self.also),
            "correction": "Holm",
            "comparisons": self.together,
            "points": self.rows(),
            "overtakes": {name: one.as_dict() for name, one in self.overtakes.items()},
            "flips": [one.as_row() for one in self.flips],
            "gates": [one.as_dict() for one in self.gates],
            "notes": list(self.notes),
        }
