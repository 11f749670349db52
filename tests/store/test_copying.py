"""A copied table is the one that its rows would have been written as, to the byte."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.store import copying, tables
from ttc.store.copying import Copier
from ttc.store.tables import open_table, write_table

TEXTS = st.text(max_size=12)
ROWS = st.builds(
    lambda problem, text, reason, steps, logprob: {
        "problem_id": problem,
        "solution_index": 3,
        "answer": text or None,
        "answer_class": -1,
        "correct": True,
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "finish_reason": reason,
        "mean_logprob": logprob,
        "seconds": 0.25,
        "steps": steps,
        "text": text,
    },
    st.sampled_from("abc"),
    TEXTS.filter(lambda text: text.isprintable()),
    st.sampled_from(["stop", "length"]),
    st.lists(st.sampled_from(["x", "yy"]), max_size=2),
    st.none() | st.floats(-5, 0),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(ROWS, max_size=40), st.integers(1, 9), st.integers(1, 9), st.integers(4, 60))
def test_copies_are_equal_to_the_byte(rows, batch, most_rows, most_characters):
    with tempfile.TemporaryDirectory() as folder:
        whole, source, copy = (Path(folder) / f"{n}.parquet" for n in ("whole", "source", "copy"))
        write_table(source, "solutions", rows)
        saved = tables.GROUP_ROWS, tables.GROUP_CHARACTERS
        try:
            for module in (tables, copying):
                module.GROUP_ROWS, module.GROUP_CHARACTERS = most_rows, most_characters
            write_table(whole, "solutions", rows)
            with open_table(copy, "solutions") as writer:
                copier = Copier(writer)
                for part in pq.ParquetFile(source).iter_batches(batch_size=batch):
                    copier.add(part)
                copier.flush()
        finally:
            for module in (tables, copying):
                module.GROUP_ROWS, module.GROUP_CHARACTERS = saved
        assert pq.ParquetFile(copy).num_row_groups == pq.ParquetFile(whole).num_row_groups
        assert copy.read_bytes() == whole.read_bytes()


def test_a_column_that_older_tables_lack_is_null(tmp_path):
    row = {"problem_id": "a", "solution_index": 0, "answer_class": 0, "correct": True}
    row |= {"prompt_tokens": 1, "completion_tokens": 1, "finish_reason": "stop", "seconds": 0.0}
    write_table(tmp_path / "new.parquet", "solutions", [row | {"text": "t", "repeat": 1}])
    old = pq.read_table(tmp_path / "new.parquet").drop_columns(["repeat"])
    with open_table(tmp_path / "copy.parquet", "solutions") as writer:
        copier = Copier(writer)
        for part in old.to_batches():
            copier.add(part)
        copier.flush()
    assert pq.read_table(tmp_path / "copy.parquet").column("repeat").to_pylist() == [None]
