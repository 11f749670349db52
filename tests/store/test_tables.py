import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttc.core import Problem, Solution, Verification
from ttc.errors import DataError
from ttc.store import tables
from ttc.store.atomic import remove_leftovers
from ttc.store.columns import TABLES
from ttc.store.rows import (
    problem_row,
    read_problems,
    read_solutions,
    read_verifications,
    solution_row,
    verification_row,
)
from ttc.store.tables import count_rows, open_table, read_frame, read_table, write_table

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
counts = st.integers(0, 2**31 - 1)
floats = st.floats(allow_nan=False)
unit = st.floats(0, 1)

solutions = st.builds(
    Solution,
    problem_id=texts,
    index=counts,
    text=texts,
    answer=st.none() | texts,
    prompt_tokens=counts,
    completion_tokens=counts,
    finish_reason=texts,
    mean_logprob=st.none() | floats,
    steps=st.lists(texts, max_size=3).map(tuple),
    seconds=floats,
)
verifications = st.builds(
    Verification,
    problem_id=texts,
    solution_index=counts,
    index=counts,
    verifier=texts,
    text=texts,
    verdict=st.none() | st.booleans(),
    p_yes=st.none() | unit,
    score=st.none() | unit,
    prompt_tokens=counts,
    completion_tokens=counts,
    finish_reason=texts,
    step_scores=st.lists(unit, max_size=3).map(tuple),
    seconds=floats,
)
problems = st.builds(
    Problem,
    id=texts,
    question=texts,
    answer=texts,
    choices=st.lists(texts, max_size=4).map(tuple),
    metadata=st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=3),
)
roundtrip = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def solution(i: int, text: str = "text", problem: str = "p0") -> dict[str, Any]:
    made = Solution(problem, i, text, "4", 1, 2, "stop")
    return solution_row(made, answer_class=0, correct=True)


@roundtrip
@given(st.lists(solutions, max_size=6))
def test_solutions_come_back_as_written(tmp_path: Path, made: list[Solution]) -> None:
    path = tmp_path / "s.parquet"
    rows = [solution_row(one, answer_class=-1, correct=False) for one in made]
    assert write_table(path, "solutions", rows) == len(made)
    assert list(read_solutions(path)) == made


@roundtrip
@given(st.lists(verifications, max_size=6))
def test_verifications_come_back_as_written(tmp_path: Path, made: list[Verification]) -> None:
    path = tmp_path / "v.parquet"
    write_table(path, "verifications", map(verification_row, made))
    assert list(read_verifications(path)) == made


@roundtrip
@given(st.lists(problems, max_size=4))
def test_problems_come_back_in_the_runs_order(tmp_path: Path, made: list[Problem]) -> None:
    path = tmp_path / "p.parquet"
    counted = {"gold_class": 0, "n_solutions": 1, "n_verifications": 0, "n_classes": 1}
    rows = [problem_row(one, i, **counted) for i, one in enumerate(made)]
    write_table(path, "problems", reversed(rows))
    assert read_problems(path) == made


@pytest.mark.parametrize(
    ("level", "number"), [(3, 3), ("Level 5", 5), (" 2 ", 2), ("hard", None), (None, None)]
)
def test_a_numeric_level_becomes_a_column(level: object, number: int | None) -> None:
    problem = Problem("a", "q", "1", metadata={"level": level})
    row = problem_row(problem, 0, gold_class=-1, n_solutions=0, n_verifications=0, n_classes=0)
    assert row["level"] == number


def test_labels_are_dictionaries_and_texts_are_compressed(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    write_table(path, "solutions", (solution(i, "a long text " * 50) for i in range(200)))
    metadata = pq.read_metadata(path)
    for number, name in enumerate(c.name for c in TABLES["solutions"]):
        chunk = metadata.row_group(0).column(number)
        assert chunk.compression == "ZSTD", name
        if name in ("problem_id", "answer", "finish_reason"):
            assert chunk.has_dictionary_page
    assert path.stat().st_size < 200 * 600 / 5
    stored = pq.read_schema(path)
    assert pa.types.is_dictionary(stored.field("problem_id").type)
    assert stored.field("completion_tokens").metadata[b"unit"] == b"tokens"
    assert str(read_frame(path, "solutions")["finish_reason"].dtype) == "category"


def test_rows_are_written_in_groups_by_count_and_by_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.parquet"
    monkeypatch.setattr(tables, "GROUP_ROWS", 10)
    monkeypatch.setattr(tables, "GROUP_CHARACTERS", 1000)
    with open_table(path, "solutions") as writer:
        writer.write(solution(i, problem=f"p{i // 7}") for i in range(25))
        writer.write([solution(25, "x" * 1000), solution(26)])
    groups = pq.read_metadata(path)
    assert [groups.row_group(g).num_rows for g in range(groups.num_row_groups)] == [10, 10, 6, 1]
    assert count_rows(path, "solutions") == writer.rows == 27
    one = read_table(path, "solutions", ["solution_index"], problem_id="p1")
    assert one.column("solution_index").to_pylist() == list(range(7, 14))


def test_columns_can_be_written_as_arrays_and_constants(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    with open_table(path, "verifications") as writer:
        writer.write_columns(
            {
                "problem_id": "p0",
                "solution_index": np.repeat(np.arange(3), 2),
                "verification_index": np.tile(np.arange(2), 3),
                "verifier": "genrm",
                "score": np.linspace(0, 1, 6),
                "prompt_tokens": 5,
                "completion_tokens": [7] * 6,
                "finish_reason": "stop",
                "seconds": 0.0,
                "text": "",
            },
            6,
        )
    made = list(read_verifications(path, "p0"))
    assert [v.score for v in made] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert made[3].verdict is None
    assert made[3].step_scores == ()
    assert (made[3].solution_index, made[3].index, made[3].completion_tokens) == (1, 1, 7)


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    write_table(tmp_path / "c.parquet", "curves", [])
    assert read_frame(tmp_path / "c.parquet", "curves").empty


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    write_table(path, "solutions", [solution(0, "a\ud83db"), solution(1, "pair \U0001f600 stays")])
    assert [s.text for s in read_solutions(path)] == ["a�b", "pair \U0001f600 stays"]


def test_a_crash_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    write_table(path, "solutions", [solution(0)])
    before = path.read_bytes()

    def interrupted() -> None:
        with open_table(path, "solutions") as writer:
            writer.write([solution(1)])
            writer.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_old_file_and_a_leftover_that_can_go(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    write_table(path, "solutions", [solution(0)])
    before = path.read_bytes()
    child = os.fork()
    if child == 0:
        with open_table(path, "solutions") as writer:
            writer.write([solution(1)])
            writer.flush()
            os._exit(9)
    os.waitpid(child, 0)
    assert path.read_bytes() == before
    assert remove_leftovers(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_the_users_own_error_passes_unchanged(tmp_path: Path) -> None:
    rows = ((tmp_path / "elsewhere").read_text() for _ in range(1))
    with pytest.raises(FileNotFoundError):
        write_table(tmp_path / "s.parquet", "solutions", rows)  # type: ignore[arg-type]


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't write"):
        write_table(tmp_path / "file" / "s.parquet", "solutions", [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt_tokens": 2**40}, "prompt_tokens can't hold"),
        ({"problem_id": None}, "problem_id can't be empty"),
        ({"text": None}, "text can't be empty"),
    ],
)
def test_values_that_do_not_fit_name_their_column(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        write_table(tmp_path / "s.parquet", "solutions", [solution(0) | change])


def test_unknown_and_missing_columns_are_the_programmers_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="colour"):
        write_table(tmp_path / "s.parquet", "solutions", [solution(0) | {"colour": 1}])
    incomplete = solution(0)
    del incomplete["text"]
    with pytest.raises(KeyError, match="text"):
        write_table(tmp_path / "s.parquet", "solutions", [incomplete])


def test_reading_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "solutions.parquet"
    with pytest.raises(DataError, match="has no solutions table"):
        read_table(path, "solutions")
    path.write_text("PAR1 no parquet at all")
    with pytest.raises(DataError, match="no readable parquet file"):
        read_table(path, "solutions")
    pq.write_table(pa.table({"problem_id": ["a"], "text": ["b"]}), path)
    with pytest.raises(DataError, match="lacks the columns answer_class, correct"):
        read_table(path, "solutions", ["problem_id", "answer_class", "correct"])
    assert read_table(path, "solutions", ["text"]).num_rows == 1


def test_a_damaged_page_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "solutions.parquet"
    write_table(path, "solutions", (solution(i, os.urandom(200).hex()) for i in range(300)))
    content = bytearray(path.read_bytes())
    middle = slice(4, len(content) // 2)
    content[middle] = bytes(len(content[middle]))
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"parquet|read"):
        read_table(path, "solutions")
