"""What a sampler used beside what it returned: drafts, critics, readings, programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ttc.store._samples import AMOUNTS, Ints, problem_rows, used_by_unit
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

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
    import pyarrow.compute as pc

    path = run.table("samples")
    if not path.is_file():
        return {}
    fate = _own(path, ["fate"]).column("fate").cast("string")
    wasted = np.asarray(pc.not_equal(fate, "kept").to_numpy(), dtype=np.bool_)
    drafted = _own(path, ["drafted"]).column("drafted")
    if all_returned and not wasted.any() and drafted.null_count == len(drafted):
        return {}  # as of most methods: no more need be read
    samples = _own(path, ["problem_id", "number", *AMOUNTS, *_OF_DRAFTS])
    row = problem_rows(path, samples, place)
    if not all_returned:
        number = samples.column("number").to_numpy().astype(np.int64)
        wasted = wasted | ~_in_returned(run, place, row, number)
    used = used_by_unit(lambda name: samples.column(name).to_numpy())
    own = _for_drafts(samples, len(row))
    return {
        unit: np.bincount(
            row,
            weights=np.where(wasted, values, own.get(unit, np.zeros(len(row)))),
            minlength=len(place),
        ).astype(np.float64)
        for unit, values in used.items()
    }


def _for_drafts(samples: pa.Table, rows: int) -> dict[str, Floats]:
    """By unit, (samples,) what each took beyond what one of its length takes without drafts."""
    drafted, accepted, draft, discarded = (
        np.nan_to_num(samples.column(name).to_numpy().astype(np.float64))
        for name in ("drafted", "accepted", *_OF_DRAFTS)
    )
    tokens = drafted - accepted
    return {"tokens": tokens, "completion_tokens": tokens, "flops": draft + discarded}


def _own(path: Path, columns: Sequence[str]) -> pa.Table:
    """Columns of the sampler's own samples."""
    import pyarrow.compute as pc

    samples = read_table(path, "samples", [*columns, "verifier"])
    return samples.filter(pc.is_null(samples.column("verifier")))


def _in_returned(
    run: RunFolder, place: Mapping[str, int], row: Ints, number: Ints
) -> NDArray[np.bool_]:
    """Whether a sample lies among those of a returned solution."""
    columns = ["problem_id", "first_sample", "last_sample", "returned"]
    table = read_table(run.solutions, "solutions", columns)
    if table.column("first_sample").null_count:  # nobody knows which samples they are made of
        return np.ones(len(row), dtype=np.bool_)
    returned = table.column("returned").cast("bool").fill_null(True).to_numpy()
    table = table.filter(returned)
    of = problem_rows(run.solutions, table, place)
    first, last = (
        table.column(name).to_numpy().astype(np.int64) for name in ("first_sample", "last_sample")
    )
    width = int(max(number.max(initial=0), last.max(initial=0))) + 2
    # +1 where a solution's samples begin, -1 behind their end: above 0 is inside of one.
    edges = np.zeros(len(place) * width, dtype=np.int64)
    np.add.at(edges, of * width + first, 1)
    np.add.at(edges, of * width + last + 1, -1)
    inside: NDArray[np.bool_] = np.cumsum(edges)[row * width + number] > 0
    return inside
