"""Pools spread over processes: the same for every number, whether rows or ids travel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config

from ttc.analysis.pool import PoolArrays
from ttc.analysis.spread import spread_over


def facts(pool: PoolArrays, places, seeds) -> list[tuple]:
    """What identifies a problem, wherever its row is."""
    return [
        (pool.problem_ids[i], pool.answer_class[i].tolist(), seed)
        for i, seed in zip(places, seeds, strict=True)
    ]


@dataclass(frozen=True)
class Elsewhere:
    """A pool of the same problems in another order, and some more."""

    note: str

    def load(self) -> PoolArrays:
        with Path(self.note).open("a") as note:
            note.write("loaded\n")
        return pool_of(7, order=[6, 2, 0, 1, 5, 3, 4])


def pool_of(n: int, order=None) -> PoolArrays:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, size=(7, 5)).astype(np.int32)
    chosen = list(range(n)) if order is None else order
    return PoolArrays(
        answer_class=classes[chosen],
        correct=classes[chosen] == 0,
        scores=np.zeros((len(chosen), 0, 0), np.float32),
        verification_count=np.zeros((len(chosen), 0), np.int32),
        solution_tokens=np.ones(len(chosen)),
        verification_tokens=np.ones(len(chosen)),
        problem_ids=tuple(f"p{i}" for i in chosen),
    )


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_rows_travel_within_a_machine(backend):
    pool, seeds = pool_of(6), np.arange(6) * 11
    alone = spread_over(pool, seeds, facts)
    with parallel_config(backend, n_jobs=2):
        assert spread_over(pool, seeds, facts) == alone
    assert spread_over(pool, seeds, facts, n_jobs=1) == alone


def test_ids_travel_to_who_can_read_the_pool(tmp_path):
    pool, seeds = pool_of(6), np.arange(6) * 11
    note = tmp_path / "loads"
    alone = spread_over(pool, seeds, facts)
    with parallel_config("threading", n_jobs=3):
        assert spread_over(pool, seeds, facts, source=Elsewhere(str(note))) == alone
    assert len(note.read_text().split()) <= 3, "a process reads it once, not for each batch"


@given(st.integers(1, 7), st.integers(1, 5))
def test_every_problem_is_done_once_and_in_order(n, jobs):
    pool, seeds = pool_of(n), np.arange(n)
    with parallel_config("threading", n_jobs=jobs):
        found = spread_over(pool, seeds, facts)
    assert [name for name, _, _ in found] == list(pool.problem_ids)
    assert [seed for _, _, seed in found] == seeds.tolist()
