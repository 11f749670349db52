"""What verifications cost that are made of several samples, or of what others have asked for.

What the verifications of one solution share (its prompt, a summary that all of them read) stands
apart from what each of them needs for itself, so that fewer than there are have their right cost.
Copies of a text among a problem's solutions are counted as if each had been read anew, as they are
everywhere: among fewer solutions there are fewer copies, and how many, no mean can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ttc.store._samples import AMOUNTS, Ints, problem_rows, used_by_unit
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
_COUNTED = ("prompt_tokens", "completion_tokens", "tokens", "calls")


@dataclass(frozen=True)
class Judged:
    """What the tables say of a verifier. (problems,) each: verifications, the solutions that have
    any, and the tokens sampled for all and those read.
    """

    verifications: Ints
    solutions: Ints
    completions: Ints
    prompts: Ints


@dataclass(frozen=True)
class JudgingUse:
    """By unit, (problems,) what is used once for a verified solution, and what for each of its
    verifications; NaN where a problem has none, or an amount is unknown. Empty where each
    verification is one sample, or nobody knows of samples.
    """

    once: Mapping[str, Floats] = field(default_factory=dict)
    each: Mapping[str, Floats] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.each)

    def take(self, rows: NDArray[np.bool_]) -> JudgingUse:
        """Of some of the problems."""
        parts = (self.once, self.each)
        return JudgingUse(*({unit: of[rows] for unit, of in one.items()} for one in parts))


def judging_use(
    run: RunFolder, place: Mapping[str, int], verifier: str, judged: Judged
) -> JudgingUse:
    """Of a verifier; what its critics, rewards and programs used is among it.

    place: numbers of the problems. Raises `DataError` for an unknown problem.
    """
    import pyarrow.compute as pc

    path = run.table("samples")
    if not path.is_file():
        return JudgingUse()
    samples = read_table(
        path, "samples", ["problem_id", "number", "after", "verifier", "role", *AMOUNTS]
    )
    samples = samples.filter(pc.equal(samples.column("verifier").cast("string"), verifier))
    row = problem_rows(path, samples, place)
    used = used_by_unit(lambda name: samples.column(name).to_numpy())
    sampled = np.bincount(row, weights=used["completion_tokens"], minlength=len(place))
    count = np.bincount(row, minlength=len(place))
    one_role = pc.count_distinct(samples.column("role").cast("string")).as_py() < 2
    asked = judged.completions.any() or judged.prompts.any()
    if asked and not len(row):
        return JudgingUse()  # it was asked for by whoever holds it
    same = (count == judged.verifications) & (sampled == judged.completions)
    if one_role and asked and same.all():
        return JudgingUse()
    tree = _Tree.of(row, samples)
    copies = _copies(run, place) if len(row) else np.ones(len(place))
    return _shared_out(row, used, tree, copies, judged)


@dataclass(frozen=True)
class _Tree:
    """(samples,) begins: goes on from no other; forks: several go on from it, so it is shared by
    them; forked: goes on from such a one.
    """

    begins: NDArray[np.bool_]
    forks: NDArray[np.bool_]
    forked: NDArray[np.bool_]

    @classmethod
    def of(cls, row: Ints, samples: pa.Table) -> _Tree:
        number = samples.column("number").to_numpy().astype(np.int64)
        after = samples.column("after").fill_null(-1).to_numpy().astype(np.int64)
        own, above = (row << 32) | number, (row << 32) | np.maximum(after, 0)
        begins = after < 0
        parents, children = np.unique(above[~begins], return_counts=True)
        forking = parents[children > 1]
        return cls(begins, np.isin(own, forking), ~begins & np.isin(above, forking))


def _shared_out(
    row: Ints,
    used: Mapping[str, Floats],
    tree: _Tree,
    copies: Floats,
    judged: Judged,
) -> JudgingUse:
    n = len(judged.verifications)

    def total(values: Any, of: Any = slice(None)) -> Floats:
        return np.bincount(row[of], weights=values[of], minlength=n).astype(np.float64)

    sums = {unit: total(values) for unit, values in used.items()}
    prompt = total(used["prompt_tokens"], tree.begins)
    depth = judged.verifications / np.maximum(judged.solutions, 1)
    several = depth > 1
    alike = tree.begins & ~tree.forks  # whether verifications begin in one way
    begun, paid = total(alike), total(alike & (used["prompt_tokens"] > 0))
    others = 1 - paid * copies / np.maximum(begun, 1)  # share of prompts that others have paid
    part = (others * depth / np.where(several, depth - 1, np.inf)).clip(0, 1)
    common = total(used["prompt_tokens"], tree.forks | tree.forked)
    common = (common + part * total(used["prompt_tokens"], alike)) * several
    completion = total(used["completion_tokens"], tree.forks) * several
    more = (copies - 1) * (prompt + total(used["prompt_tokens"], tree.forked))
    shared = {
        "prompt_tokens": common * copies,
        "completion_tokens": completion,
        "tokens": common * copies + completion,
        "calls": total(tree.forks) * several,
    }
    grown = 1 + more / np.where(sums["tokens"] > 0, sums["tokens"], np.inf)
    whole = {u: v if u in _COUNTED else v * grown for u, v in sums.items()}
    whole |= {u: sums[u] + more for u in ("prompt_tokens", "tokens")}
    share = shared["tokens"] / np.where(whole["tokens"] > 0, whole["tokens"], np.inf)
    shared |= {unit: share * whole[unit] for unit in whole if unit not in _COUNTED}
    solutions, verifications = (
        np.where(of > 0, of, np.nan) for of in (judged.solutions, judged.verifications)
    )
    return JudgingUse(
        {unit: shared[unit] / solutions for unit in whole},
        {unit: (whole[unit] - shared[unit]) / verifications for unit in whole},
    )


def _copies(run: RunFolder, place: Mapping[str, int]) -> Floats:
    """(problems,) how many solutions stand for one text among them."""
    table = read_table(run.solutions, "solutions", ["problem_id", "text"])
    counted = table.group_by(["problem_id", "text"]).aggregate([([], "count_all")])
    all_of, distinct = (
        np.bincount(problem_rows(run.solutions, one, place), minlength=len(place))
        for one in (table, counted)
    )
    return np.asarray(all_of / np.maximum(distinct, 1), dtype=np.float64)
