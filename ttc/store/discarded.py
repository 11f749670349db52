"""What a sampler used beside what it returned: drafts, critics, readings, programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ttc.store._samples import AMOUNTS, Ints, numbers, problem_rows, used_by_unit
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_blocks, read_table

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
_OF_DRAFTS = ("draft_flops", "discarded_flops")


def discarded(run: RunFolder, place: Mapping[str, int], *, all_returned: bool) -> dict[str, Floats]:
    """By unit, (problems,) what the sampler used of each problem in samples of which no returned
    solution is made, and for drafts of the others; NaN where a sample's amount is unknown. Empty
    where there is none.

    place: numbers of the problems. all_returned: whether the method returned all stored solutions.
    Verifiers of the recipe are no part of it. Raises `DataError` for an unknown problem.
    """
    path = run.table("samples")
    if not path.is_file():
        return {}
    if all_returned and not any(
        _wasted(own).any() or own.column("drafted").null_count < len(own)
        for own in _own(path, ["fate", "drafted"])
    ):
        return {}  # as of most methods: no more need be read
    inside = None if all_returned else _Inside.of(run, place)
    totals: dict[str, Floats] = {}
    for samples in _own(path, ["problem_id", "number", "fate", *AMOUNTS, *_OF_DRAFTS]):
        row, wasted = problem_rows(path, samples, place), _wasted(samples)
        if inside is not None:
            wasted |= ~inside.holds(row, samples.column("number").to_numpy().astype(np.int64))
        drafts, nothing = _for_drafts(samples), np.zeros(len(row))
        for unit, values in used_by_unit(partial(numbers, samples)).items():
            total = totals.setdefault(unit, np.zeros(len(place)))
            np.add.at(total, row, np.where(wasted, values, drafts.get(unit, nothing)))
    return totals


def _wasted(samples: pa.Table) -> NDArray[np.bool_]:
    """(samples,) whether no solution that was kept is made of it."""
    import pyarrow.compute as pc

    fate = samples.column("fate").cast("string")
    return np.array(pc.not_equal(fate, "kept").to_numpy(), dtype=np.bool_)


def _for_drafts(samples: pa.Table) -> dict[str, Floats]:
    """By unit, (samples,) what each took beyond what one of its length takes without drafts."""
    drafted, accepted, draft, wasted = (
        np.nan_to_num(samples.column(name).to_numpy().astype(np.float64))
        for name in ("drafted", "accepted", *_OF_DRAFTS)
    )
    tokens = drafted - accepted
    return {"tokens": tokens, "completion_tokens": tokens, "flops": draft + wasted}


def _own(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Columns of the sampler's own samples, in blocks."""
    import pyarrow.compute as pc

    for samples in read_blocks(path, "samples", [*columns, "verifier"]):
        yield samples.filter(pc.is_null(samples.column("verifier")))


@dataclass(frozen=True)
class _Inside:
    """(problems, numbers) whether a sample of this number lies among those of a returned solution;
    None where nobody knows which samples solutions are made of.
    """

    known: NDArray[np.bool_] | None

    @classmethod
    def of(cls, run: RunFolder, place: Mapping[str, int]) -> _Inside:
        columns = ["problem_id", "first_sample", "last_sample", "returned"]
        table = read_table(run.solutions, "solutions", columns)
        if table.column("first_sample").null_count:
            return cls(None)
        returned = table.column("returned").cast("bool").fill_null(True).to_numpy()
        table = table.filter(returned)
        of = problem_rows(run.solutions, table, place)
        first, last = (
            table.column(name).to_numpy().astype(np.int64)
            for name in ("first_sample", "last_sample")
        )
        # +1 where a solution's samples begin, -1 behind their end: above 0 is inside of one.
        edges = np.zeros((len(place), int(last.max(initial=0)) + 2), dtype=np.int32)
        np.add.at(edges, (of, first), 1)
        np.add.at(edges, (of, last + 1), -1)
        return cls(np.cumsum(edges, axis=1, dtype=np.int32, out=edges) > 0)

    def holds(self, row: Ints, number: Ints) -> NDArray[np.bool_]:
        """Of some samples: their problems' rows and their numbers."""
        if self.known is None:
            return np.ones(len(row), dtype=np.bool_)
        # What comes after the last of all returned ones is in none, as the last column is.
        inside: NDArray[np.bool_] = self.known[row, np.minimum(number, self.known.shape[1] - 1)]
        return inside
