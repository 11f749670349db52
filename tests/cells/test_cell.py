"""A cell is one command, and ends by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.cells.cell import Cell, do
from ttc.core.shard import Shard


@given(st.lists(st.integers(), max_size=30), st.integers(1, 40))
def test_shards_part_the_problems(items, of):
    parts = [Shard(i + 1, of).take(items) for i in range(of)]
    assert sorted(one for part in parts for one in part) == sorted(items)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_folders_of_shards_stand_in_order():
    assert [Shard(i, 12).folder for i in (2, 11)] == ["02-of-12", "11-of-12"]


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "a/4", "1/0", "-1/4", "1/4/2", "1/1e3"])
def test_a_shard_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        Shard.parse(text)


def test_the_command_of_a_cell():
    cell = Cell("quickstart", ("seed=1", "sampler.temperature=0.6"), "out", Shard(3, 16))
    assert cell.arguments() == [
        *("run", "quickstart", "--set", "seed=1", "--set", "sampler.temperature=0.6"),
        *("--results", "out", "--shard", "3/16"),
    ]


@pytest.mark.slow
def test_a_cell_that_fails_says_why_in_its_own_words(tmp_path):
    done = do(Cell("quickstart", ("sampler.solutions=many",), str(tmp_path)))
    assert not done.ok
    assert "sampler.solutions" in done.words
