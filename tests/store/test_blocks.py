"""However tables are cut into blocks, a pool is the same to the bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pyarrow.parquet as pq
import pytest

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store import _samples, judging_use, tables
from ttc.store._samples import find_owner, joined, key, rank_within, small
from ttc.store.discarded import discarded
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_blocks, read_table


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = SimulationConfig(problems=5, solutions=40, verified_solutions=11, verifications=7)
    made = simulate_run(config, 3, tmp_path_factory.mktemp("simulated"))
    table = read_table(made.verifications, "verifications")
    seconds = np.random.default_rng(0).random(len(table))  # whose sums depend on their order
    at = table.column_names.index("seconds")
    pq.write_table(table.set_column(at, table.field(at), [seconds]), made.verifications)
    return made


def everything(loaded):
    found = {f.name: getattr(loaded.arrays, f.name) for f in fields(loaded.arrays)}
    for name in ("solutions", "verifications"):
        use = getattr(loaded, name)
        found |= {f"{name}.{f.name}": getattr(use, f.name) for f in fields(use)}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize("rows", [1, 13, 97])
def test_a_pool_is_the_same_in_blocks_of_any_size(run, monkeypatch, rows):
    whole = everything(load_pool(run, reads=("tokens",)))
    monkeypatch.setattr(tables, "_BLOCK_ROWS", rows)
    monkeypatch.setattr(_samples, "_BLOCK", rows)
    cut = everything(load_pool(run, reads=("tokens",)))
    assert whole.keys() == cut.keys()
    for name, value in whole.items():
        np.testing.assert_array_equal(cut[name], value, err_msg=name)


@pytest.mark.slow
def test_what_methods_used_besides_is_the_same_in_small_blocks(tmp_path, monkeypatch):
    small_run = ("dataset.problems=4", "sampler.solutions=4", f"results={tmp_path}")
    run = run_recipe(load_recipe("verifiers/genprm", small_run)).run
    whole = load_pool(run, "genprm")
    assert whole.judging, "its verifications are made of several samples"
    monkeypatch.setattr(tables, "_BLOCK_ROWS", 5)
    monkeypatch.setattr(judging_use, "_TEXTS", 3)
    cut = load_pool(run, "genprm")
    place = {name: i for i, name in enumerate(whole.arrays.problem_ids)}
    # As if some solutions had not been returned: what lies outside of all others is discarded.
    some = discarded(run, place, all_returned=False)
    monkeypatch.undo()
    for part in ("once", "each"):
        np.testing.assert_equal(getattr(cut.judging, part), getattr(whole.judging, part))
    for unit, amounts in discarded(run, place, all_returned=False).items():
        np.testing.assert_array_equal(some[unit], amounts)


@pytest.mark.parametrize("rows", [1, 100, 385])
def test_blocks_hold_all_rows_in_order_and_no_more_than_asked(run, rows):
    columns = ["problem_id", "score"]
    found = list(read_blocks(run.verifications, "verifications", columns, rows))
    assert max(map(len, found)) <= rows
    whole = read_table(run.verifications, "verifications", columns)
    assert [row for one in found for row in one.to_pylist()] == whole.to_pylist()


def test_ranks_are_the_same_in_any_order():
    rng = np.random.default_rng(1)
    group, index = np.sort(rng.integers(0, 6, 50)), rng.permutation(50)
    first = np.lexsort((index, group))
    ranks = rank_within(group[first], index[first])
    expected = [np.count_nonzero(group[: i + 1] == g) - 1 for i, g in enumerate(group)]
    np.testing.assert_array_equal(ranks, expected)
    other = rng.permutation(50)
    again = rank_within(group[first][other], index[first][other])
    np.testing.assert_array_equal(again, np.asarray(expected)[other])
    assert len(rank_within(group[:0], index[:0])) == 0


def test_owners_are_found_across_blocks(monkeypatch):
    monkeypatch.setattr(_samples, "_BLOCK", 4)
    whole = key(np.array([1, 0, 2]), np.array([7, 7, 0]))
    parts = whole[[0, 2, 1, 1, 0, 2, 0]]
    owner, lost = find_owner(parts, whole)
    assert owner.tolist() == [0, 2, 1, 1, 0, 2, 0]
    assert lost == -1
    strange = np.r_[parts, key(np.array([1]), np.array([8]))]
    assert find_owner(strange, whole)[1] == 7


def test_numbers_that_do_not_fit_into_four_bytes_stay_what_they_are():
    assert small(np.array([2**31 - 1, -(2**31)])).dtype == np.int32
    large = np.array([2**31, 0])
    assert small(large).tolist() == large.tolist()
    assert joined([small(large), small(np.array([1]))]).tolist() == [2**31, 0, 1]
    padded = joined([np.ones((1, 1)), np.zeros((2, 3))])
    assert padded.shape == (3, 3)
    assert np.isnan(padded[0, 1:]).all()
