"""Groups of solutions: by difficulty, length, level, or what metadata says of their problem."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.errors import UsageError
from ttc.pipeline.judging.loading import Judged
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder
from ttc.words import nearest

_PREFIX = "metadata."
RATES = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))
"""Of difficulty: solve rates from the first to below the second, 1 in the last."""
QUARTERS = ("shortest", "shorter", "longer", "longest")
"""Of length: a quarter of the solutions each, about."""
MOST = 30


def groups_of(run: RunFolder, judged: Judged, by: str) -> Mapping[str, BoolArray]:
    """(n,) members of each group, those without any left out.

    by: `difficulty` (solve rate of the problem), `length` (quarters of solutions by tokens),
    `level` (of the problems table), or `metadata.KEY`. Raises `UsageError` for others, for a key
    that no problem has, and for more than 30 groups.
    """
    if by == "difficulty":
        made = _by_solve_rate(judged.solve_rate)
    elif by == "length":
        made = _by_length(judged.tokens)
    else:
        made = _by_metadata(run, judged, by)
    found = {name: inside for name, inside in made.items() if inside.any()}
    if len(found) > MOST:
        raise UsageError(f"--by {by}: makes {len(found)} groups, more than {MOST}")
    return found


def _by_solve_rate(rate: FloatArray) -> dict[str, BoolArray]:
    return {
        f"{low:g} to {high:g}": np.asarray((rate >= low) & ((rate < high) | (high == RATES[-1][1])))
        for low, high in RATES
    }


def _by_length(tokens: FloatArray) -> dict[str, BoolArray]:
    if np.isnan(tokens).all():
        return {}
    ends = np.nanquantile(tokens, (0.25, 0.5, 0.75))
    place = np.searchsorted(ends, tokens, side="left")
    return {name: (place == i) & ~np.isnan(tokens) for i, name in enumerate(QUARTERS)}


def _by_metadata(run: RunFolder, judged: Judged, by: str) -> dict[str, BoolArray]:
    key = by.removeprefix(_PREFIX)
    if key == by and by != "level":
        raise UsageError(f"--by {by}: choose of difficulty, length, level, metadata.KEY")
    known = {one.id: one.metadata for one in read_problems(run.problems)}
    told = {name: known[name].get(key) for name in judged.problem_ids}
    if all(value is None for value in told.values()):
        there = {k for one in known.values() for k in one}
        raise UsageError(f"--by {by}: no problem has metadata {key!r}" + nearest(key, there))
    labels = np.array([_word(told[name]) for name in judged.problem_ids], dtype=object)
    own = labels[judged.problem]
    return {label: own == label for label in _ordered(set(labels.tolist()))}


def _word(value: object) -> str:
    return "unknown" if value is None else str(value)[:80]


def _ordered(labels: set[str]) -> list[str]:
    """Numbers by size, then words."""
    return sorted(labels, key=lambda one: (not one.isdecimal(), len(one) * one.isdecimal(), one))
