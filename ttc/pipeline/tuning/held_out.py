"""Keeps reports off the problems that parameters were chosen on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ttc.core import Problem
from ttc.errors import DataError
from ttc.pipeline.tuning.file import read_tuned, shared
from ttc.registry import Part, all_parts
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder

TuningProblems = Literal["refuse", "left_out"]
TunedParts = Sequence[tuple[str, str]]
"""Labels of parts, and the file that the parameters of each are from."""


@dataclass(frozen=True)
class HeldOut:
    """tuned_on: problems that some policy was tuned on, by the file that says so."""

    tuned_on: dict[str, frozenset[str]] = field(default_factory=dict)
    total: int = 0

    @property
    def left_out(self) -> frozenset[str]:
        return frozenset().union(*self.tuned_on.values())

    def facts(self) -> dict[str, Any]:
        """For the manifest: the files, and the problems that are not reported on."""
        return {"files": sorted(self.tuned_on), "problems": sorted(self.left_out)}


def held_out(run: RunFolder, tuned: TunedParts, what: TuningProblems) -> HeldOut:
    """Which of a run's problems are not to be reported on, for what is tuned (`tuned_parts`).

    Raises `DataError`, unless they are to be left out, where some part was tuned on some of them:
    by its file, in this or in another run; and where nothing would be left.
    """
    if not tuned:
        return HeldOut()
    return check_tuned(tuned, read_problems(run.problems), what, run.name)


def check_tuned(
    tuned: TunedParts, problems: Sequence[Problem], what: TuningProblems, where: str
) -> HeldOut:
    """The same, of problems as they are loaded."""
    found: dict[str, frozenset[str]] = {}
    for label, file in tuned:
        if tuned_on := shared(read_tuned(Path(file)), problems):
            found[file] = tuned_on
            if what == "refuse":
                raise DataError(_refusal(label, file, len(tuned_on), len(problems), where))
    held = HeldOut(found, len(problems))
    if found and len(held.left_out) == len(problems):
        raise DataError(
            f"all {len(problems)} problems of {where} were tuned on ({', '.join(sorted(found))}), "
            "so none is left to report on; take other problems, or tune on fewer (ttc tune --share)"
        )
    return held


def tuned_parts(parts: Iterable[Part]) -> TunedParts:
    """The policies and verifiers, those inside others too, that say where they were tuned."""
    every = (inner for part in parts for inner in all_parts(part))
    told = ((getattr(one, "label", ""), getattr(one, "tuned", "")) for one in every)
    return tuple((label, file) for label, file in told if file)


def _refusal(label: str, file: str, tuned_on: int, total: int, where: str) -> str:
    return (
        f"{label} was tuned on {tuned_on} of the {total} problems of {where} ({file}), so a "
        "report on these is refused; leave them out by `grid: {tuning_problems: left_out}` in the "
        "recipe, or `ttc curves RUN --tuned`"
    )
