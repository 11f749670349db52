"""What verifications cost that are made of several samples, or of what others have asked for.

What the verifications of one solution share (its prompt, a summary that all of them read) stands
apart from what each of them needs for itself, so that fewer than there are have their right cost.
Copies of a text among a problem's solutions are counted as if each had been read anew, as they are
everywhere: among fewer solutions there are fewer copies, and how many, no mean can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ttc.store._samples import (
    AMOUNTS,
    SAMPLED,
    Ints,
    numbers,
    problem_rows,
    sampled_tokens,
    used_by_unit,
)
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_blocks, read_table

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
_TEXTS = 4_096  # solutions whose texts are in memory at a time
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

    def take(self, rows: NDArray[np.bool_] | slice) -> JudgingUse:
        """Of some of the problems."""
        parts = (self.once, self.each)
        return JudgingUse(*({unit: of[rows] for unit, of in one.items()} for one in parts))


def judging_use(
    run: RunFolder, place: Mapping[str, int], verifier: str, judged: Judged
) -> JudgingUse:
    """Of a verifier; what its critics, rewards and programs used is among it.

    place: numbers of the problems. Raises `DataError` for an unknown problem.
    """
    path = run.table("samples")
    if not path.is_file():
        return JudgingUse()
    asked = judged.completions.any() or judged.prompts.any()
    counted = _counted(path, place, verifier)
    if asked and not counted.samples.any():
        return JudgingUse()  # it was asked for by whoever holds it
    same = (counted.samples == judged.verifications) & (counted.tokens == judged.completions)
    if len(counted.roles) < 2 and asked and same.all():
        return JudgingUse()
    samples = _of_verifier(
        read_table(path, "samples", ["problem_id", "number", "after", "verifier", *AMOUNTS]),
        verifier,
    )
    row = problem_rows(path, samples, place)
    used = used_by_unit(partial(numbers, samples))
    tree = _Tree.of(row, samples)
    copies = _copies(run, place) if len(row) else np.ones(len(place))
    return _shared_out(row, used, tree, copies, judged)


@dataclass(frozen=True)
class _Counted:
    """(problems,) samples of a verifier and the tokens sampled for them; its roles."""

    samples: Ints
    tokens: Floats
    roles: frozenset[str]


def _of_verifier(samples: pa.Table, verifier: str) -> pa.Table:
    import pyarrow.compute as pc

    return samples.filter(pc.equal(samples.column("verifier").cast("string"), verifier))


def _counted(path: Path, place: Mapping[str, int], verifier: str) -> _Counted:
    """What tells whether verifications are one sample each, a block at a time."""
    count, tokens = np.zeros(len(place), dtype=np.int64), np.zeros(len(place))
    roles: set[str] = set()
    for block in read_blocks(path, "samples", ["problem_id", "verifier", "role", *SAMPLED]):
        samples = _of_verifier(block, verifier)
        row = problem_rows(path, samples, place)
        count += np.bincount(row, minlength=len(place))
        np.add.at(tokens, row, sampled_tokens(partial(numbers, samples)))
        roles.update(samples.column("role").cast("string").unique().to_pylist())
    return _Counted(count, tokens, frozenset(roles))


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
    rows, digests = [], []
    for block in read_blocks(run.solutions, "solutions", ["problem_id", "text"], _TEXTS):
        rows.append(problem_rows(run.solutions, block, place))
        texts = block.column("text").to_pylist()
        digests.append(np.array([_digest(text) for text in texts], dtype=np.uint64))
    row, digest = np.concatenate(rows), np.concatenate(digests)
    order = np.lexsort((digest, row))
    ordered, text = row[order], digest[order]
    new = np.r_[len(row) > 0, (ordered[1:] != ordered[:-1]) | (text[1:] != text[:-1])]
    all_of = np.bincount(row, minlength=len(place))
    distinct = np.bincount(ordered[new[: len(row)]], minlength=len(place))
    return np.asarray(all_of / np.maximum(distinct, 1), dtype=np.float64)


def _digest(text: str | None) -> int:
    """Stands for a text among those of its problem."""
    if text is None:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
