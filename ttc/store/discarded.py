"""What a method used beside the solutions that it returned: drafts, critics, readings, programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

Floats = NDArray[np.float64]
_AMOUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "flops", "usd", "seconds")


def discarded(run: RunFolder, place: Mapping[str, int]) -> dict[str, Floats]:
    """By unit, (problems,) what the sampler used of each problem in samples of which no returned
    solution is made; NaN where a sample's amount is unknown. Empty where there is none.

    place: numbers of the problems. Verifiers of the recipe are no part of it.
    """
    if not run.table("samples").is_file():
        return {}
    other = _other(run, place)
    if other is None:
        return {}
    row, amounts = other

    def total(values: Floats) -> Floats:
        return np.bincount(row, weights=values, minlength=len(place)).astype(np.float64)

    prompts = amounts["prompt_tokens"] - amounts["cached_tokens"]
    found = {
        "prompt_tokens": prompts,
        "completion_tokens": amounts["completion_tokens"],
        "tokens": prompts + amounts["completion_tokens"],
        "flops": amounts["flops"],
        "usd": amounts["usd"],
        "calls": np.ones(len(row)),
        "seconds": amounts["seconds"],
    }
    return {unit: total(values) for unit, values in found.items()}


def _other(
    run: RunFolder, place: Mapping[str, int]
) -> tuple[NDArray[np.int64], dict[str, Floats]] | None:
    """Problem and amounts of each such sample; None without any."""
    import pyarrow.compute as pc

    columns = ["problem_id", "number", "verifier", "fate", *_AMOUNTS]
    samples = read_table(run.table("samples"), "samples", columns)
    samples = samples.filter(pc.is_null(samples.column("verifier")))
    row = _rows(samples.column("problem_id").to_pylist(), place)
    kept = np.asarray(samples.column("fate").to_pylist(), dtype=object) == "kept"
    number = samples.column("number").to_numpy().astype(np.int64)
    chosen = ~(kept & _in_returned(run, place, row, number))
    if not chosen.any():
        return None
    amounts = {
        name: samples.column(name).to_numpy().astype(np.float64)[chosen] for name in _AMOUNTS
    }
    return row[chosen], amounts


def _in_returned(
    run: RunFolder, place: Mapping[str, int], row: NDArray[np.int64], number: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether a sample lies among those of a returned solution."""
    columns = ["problem_id", "first_sample", "last_sample", "returned"]
    table = read_table(run.solutions, "solutions", columns)
    if table.column("first_sample").null_count:  # nobody knows which samples they are made of
        return np.ones(len(row), dtype=np.bool_)
    of = _rows(table.column("problem_id").to_pylist(), place)
    first = table.column("first_sample").to_numpy().astype(np.int64)
    last = table.column("last_sample").to_numpy().astype(np.int64)
    returned = np.array([one is not False for one in table.column("returned").to_pylist()])
    width = int(max(number.max(initial=0), last.max(initial=0))) + 2
    # +1 where a solution's samples begin, -1 behind their end: above 0 is inside of one.
    edges = np.zeros(len(place) * width, dtype=np.int64)
    np.add.at(edges, of[returned] * width + first[returned], 1)
    np.add.at(edges, of[returned] * width + last[returned] + 1, -1)
    inside: NDArray[np.bool_] = np.cumsum(edges)[row * width + number] > 0
    return inside


def _rows(names: Sequence[str], place: Mapping[str, int]) -> NDArray[np.int64]:
    return np.array([place[name] for name in names], dtype=np.int64)
