from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing import import_pool
from ttc.store.pool import load_pool
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

RULE = AnswerRule(equivalence="numeric")
SOLUTIONS = pd.DataFrame(
    {
        "problem_id": ["b", "b", "a", "a", "a"],
        "question": ["two?", "two?", "one?", "one?", "one?"],
        "gold_answer": ["2", "2", "1", "1", "1"],
        "solution_index": [0, 1, 5, 3, 4],
        "text": ["is 2", 'is, \n"3"', "is 1", "", "is 1.0"],
        "correct": [True, False, True, False, True],
        "tokens": [7, 8, 9, 10, 11],
        "comment": list("vwxyz"),
    }
)
CHECKS = pd.DataFrame(
    {
        "problem_id": ["a", "b", "a", "a"],
        "solution_index": [3, 1, 3, 5],
        "verification_index": [1, 0, 0, 0],
        "verdict": ["yes", "no", "no", ""],
        "score": [0.5, 0.25, 1.0, None],
    }
)


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def load(tmp_path: Path, source: Path, **options: Any) -> RunFolder:
    return import_pool(source, tmp_path / "results" / "mine", answers=RULE, **options)


@pytest.mark.parametrize("ending", ["parquet", "csv", "tsv"])
def test_two_tables_in_a_folder(tmp_path: Path, ending: str) -> None:
    save(SOLUTIONS, tmp_path / f"solutions.{ending}")
    save(CHECKS, tmp_path / f"verifications.{ending}")
    run = load(tmp_path, tmp_path)
    assert [(p.id, p.question, p.answer) for p in read_problems(run.problems)] == [
        ("b", "two?", "2"),
        ("a", "one?", "1"),
    ]
    assert [s.text for s in read_solutions(run.solutions, "b")] == ["is 2", 'is, \n"3"']
    table = read_frame(run.solutions, "solutions")
    assert table["solution_index"].tolist() == [0, 1, 5, 3, 4]
    assert table["correct"].tolist() == [True, False, True, False, True]
    assert table["imported_correct"].tolist() == SOLUTIONS["correct"].tolist()
    assert table["completion_tokens"].tolist() == SOLUTIONS["tokens"].tolist()
    loaded = load_pool(run)
    assert loaded.arrays.problem_ids == ("b", "a")
    # Verified solutions first: 1 before 0 in b; 3 and 5 before 4 in a.
    np.testing.assert_array_equal(loaded.arrays.correct, [[0, 1, 0], [0, 1, 1]])
    np.testing.assert_allclose(
        loaded.arrays.scores, [[[0.25, np.nan], [np.nan] * 2], [[1, 0.5], [np.nan] * 2]]
    )
    assert run.manifest().choices.token_counts == "mixed"


def test_rows_may_be_scattered(tmp_path: Path) -> None:
    problems, repeats = 150, 3
    order = np.random.default_rng(0).permutation(problems * repeats)
    frame = pd.DataFrame(
        {
            "problem_id": [f"p{i % problems}" for i in order],
            "gold_answer": [i % problems for i in order],
            "text": [f"\\boxed{{{i % problems}}} draw {i // problems}" for i in order],
        }
    )
    run = load(tmp_path, save(frame, tmp_path / "pool.csv"))
    made = read_problems(run.problems)
    assert [p.id for p in made] == list(dict.fromkeys(frame["problem_id"]))
    for problem in made[:20]:
        texts = [s.text for s in read_solutions(run.solutions, problem.id)]
        assert texts == frame["text"][frame["problem_id"] == problem.id].tolist()
    assert load_pool(run).arrays.correct.all()


def test_columns_can_be_mapped_and_one_table_can_serve_twice(tmp_path: Path) -> None:
    frame = SOLUTIONS.rename(columns={"text": "response", "problem_id": "uid", "correct": "ok"})
    path = save(frame, tmp_path / "pool.parquet")
    mapping = {
        "problem.id": "uid",
        "solution.text": "response",
        "solution.correct": "ok",
        "verification.problem": "uid",
        "verdict": "ok",
    }
    run = load(tmp_path, path, mapping=mapping, verifications=path)
    assert sorted(v.verdict for v in read_verifications(run.verifications)) == [0, 0, 1, 1, 1]
    assert run.manifest().source["labels"] == 5


def test_answers_alone_will_do(tmp_path: Path) -> None:
    frame = pd.DataFrame({"problem_id": [1, 1], "gold_answer": [3.0, 3.0], "answer": [3.0, np.nan]})
    run = load(tmp_path, save(frame, tmp_path / "pool.parquet"))
    assert read_frame(run.solutions, "solutions")["answer_class"].tolist() == [0, -1]
    assert read_problems(run.problems)[0].id == "1"


def test_text_columns_of_a_parquet_file_that_we_do_not_need_are_not_read(tmp_path: Path) -> None:
    extra = pa.table({"blob": pa.array([b"\xff"] * 5)})
    table = pa.Table.from_pandas(SOLUTIONS).append_column("blob", extra.column("blob"))
    pq.write_table(table, tmp_path / "pool.parquet")
    assert load_pool(load(tmp_path, tmp_path / "pool.parquet")).arrays.n_problems == 2


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"text": None}, {}, "needs a column of texts or of answers; has problem_id, question"),
        (
            {"problem_id": None, "question": None},
            {},
            r"pool.csv: no column 'problem_id' for problem.id",
        ),
        ({}, {"mapping": {"tokens": "length"}}, "may mean solution.tokens or verification.tokens"),
        (
            {},
            {"mapping": {"solution.tokens": "token"}},
            "no column 'token' for solution.tokens; did you mean 'tokens'",
        ),
        ({"tokens": [1, 2, "x", 4, 5]}, {}, r"pool.csv:5: tokens: expected a whole .* found 'x'"),
        ({"correct": ["yes", "no", "?", 1, 0]}, {}, r"pool.csv:5: correct: expected true or false"),
        ({"gold_answer": ["2", "3", "1", "1", "1"]}, {}, "'3', but an earlier row of the same"),
        ({"solution_index": [0, 0, 1, 2, 3]}, {}, "solution 0 of problem 'b' is there twice"),
        ({"solution_index": [0, "", 1, 2, 3]}, {}, "some solutions of problem 'b' have no number"),
        ({"problem_id": ["b", "", "a", "a", "a"]}, {}, r"pool.csv:3: the problem's id .* is empty"),
    ],
)
def test_wrong_tables_are_told(
    tmp_path: Path, change: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    frame = SOLUTIONS.copy()
    for name, column in change.items():
        frame = frame.drop(columns=name) if column is None else frame.assign(**{name: column})
    with pytest.raises(DataError, match=message):
        load(tmp_path, save(frame, tmp_path / "pool.csv"), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"solution_index": None}, "no column 'solution_index' for verification.solution"),
        ({"verdict": None, "score": None}, "needs a column of text, verdict, p_yes, score"),
        ({"verification_index": [0, 0, 0, 0]}, "verification 0 of solution 3 of problem 'a' is th"),
        ({"solution_index": [3, 2, 3, 5]}, r"checks.csv:3: verifies solution 2 of problem 'b'"),
        ({"problem_id": list("abxa")}, r"checks.csv:4: verifies problem 'x', which is not"),
        ({"solution_index": ["", 1, 3, 5]}, r"checks.csv:2: solution_index: empty"),
        ({"score": [0.5, "x", 1, 1]}, r"checks.csv:3: score: expected a number, found 'x'"),
    ],
)
def test_wrong_tables_of_verifications_are_told(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    frame = CHECKS.copy()
    for name, column in change.items():
        frame = frame.drop(columns=name) if column is None else frame.assign(**{name: column})
    source = save(SOLUTIONS, tmp_path / "pool.csv")
    with pytest.raises(DataError, match=message):
        load(tmp_path, source, verifications=save(frame, tmp_path / "checks.csv"))


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "pool.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="not valid parquet"):
        load(tmp_path, tmp_path / "pool.parquet")
    (tmp_path / "pool.csv").write_text("problem_id,text\n")
    with pytest.raises(DataError, match="no rows"):
        load(tmp_path, tmp_path / "pool.csv")
    (tmp_path / "pool.csv").write_text("problem_id,text\na,b,c\n")
    with pytest.raises(DataError, match=r"pool.csv:2: 3 cells"):
        load(tmp_path, tmp_path / "pool.csv")
    (tmp_path / "pool.csv").unlink()
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path, save(SOLUTIONS, tmp_path / "s.csv"), verifications=tmp_path / "v.csv")
