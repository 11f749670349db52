"""Step scores, first wrong steps and confidences of foreign data: kept, and made scores of."""

import json

import pytest

from ttc.errors import DataError
from ttc.importing import import_pool
from ttc.store.rows import read_verifications
from ttc.store.tables import read_frame

SOLUTIONS = [
    {
        "answer": "4",
        "steps": ["2 and 2", "make 4"],
        "first_wrong_step": -1,
        "confidence": 0.9,
        "step_confidences": [0.7, 0.95],
        "verifications": [{"step_scores": [0.9, 0.8]}, {"first_wrong_step": -1}],
    },
    {
        "answer": "5",
        "steps": ["2 and 2", "make 5"],
        "first_wrong_step": 1,
        "step_confidences": [0.7, 0.2],
        "verifications": [{"step_scores": [0.9, 0.1], "first_wrong_step": 1}],
    },
    {"answer": "4", "steps": 2, "verifications": [{"verdict": True, "step_scores": [0.6]}]},
]


def write(path, *solutions):
    row = {"problem_id": "a", "question": "2+2?", "answer": "4", "solutions": list(solutions)}
    path.write_text(json.dumps(row) + "\n")
    return path


def test_steps_and_their_labels_are_kept(tmp_path):
    run = import_pool(write(tmp_path / "a.jsonl", *SOLUTIONS), tmp_path / "results" / "a")
    table = read_frame(run.solutions, "solutions")
    assert [list(row) for row in table["steps"]] == [
        ["2 and 2", "make 4"],
        ["2 and 2", "make 5"],
        [],
    ]
    assert table["gold_first_wrong_step"].tolist()[:2] == [-1, 1]
    assert table["gold_first_wrong_step"].isna().tolist() == [False, False, True]


def test_scores_of_steps_and_confidences(tmp_path):
    run = import_pool(write(tmp_path / "a.jsonl", *SOLUTIONS), tmp_path / "results" / "a")
    told = [
        (v.verifier, v.solution_index, v.score, v.verdict, v.step_scores, v.first_wrong_step)
        for v in read_verifications(run.verifications)
    ]
    assert told == [
        ("confidence", 0, 0.9, True, (0.7, 0.95), None),
        ("imported", 0, 0.8, True, (0.9, 0.8), None),
        ("imported", 0, 1.0, True, (), None),
        ("confidence", 1, 0.2, False, (0.7, 0.2), None),
        ("imported", 1, 0.1, False, (0.9, 0.1), 1),
        ("imported", 2, 0.6, True, (0.6,), None),
    ]


def test_a_table_holds_lists_as_json(tmp_path):
    table = tmp_path / "solutions.csv"
    table.write_text(
        "problem_id,question,gold_answer,answer,steps,first_wrong_step\n"
        'a,2+2?,4,5,"[""2"", ""5""]",1\na,2+2?,4,4,,-1\n'
    )
    judged = tmp_path / "verifications.csv"
    judged.write_text('problem_id,solution_index,score,step_scores\na,0,0.3,"[0.9, 0.3]"\n')
    run = import_pool(table, tmp_path / "results" / "a", verifications=judged)
    assert read_frame(run.solutions, "solutions")["gold_first_wrong_step"].tolist() == [1, -1]
    (one,) = read_verifications(run.verifications)
    assert one.step_scores == (0.9, 0.3)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("steps", "one", "steps: expected a list of texts"),
        ("step_confidences", [0.5, None], r"step_confidences\[1\]: expected a number from 0 to 1"),
        ("confidence", 87, "confidence: expected a number from 0 to 1"),
        ("steps", [{"text": "a"}], r"steps\[0\]: expected a text"),
    ],
)
def test_other_things_of_these_names_are_left_alone_unless_they_are_meant(
    tmp_path, key, value, says
):
    source = write(tmp_path / "a.jsonl", {"answer": "4", key: value})
    run = import_pool(source, tmp_path / "results" / "a")
    assert not run.verifications.exists()
    with pytest.raises(DataError, match=says):
        import_pool(source, tmp_path / "results" / "a", mapping={f"solution.{key}": key})


@pytest.mark.parametrize(
    ("solution", "says"),
    [
        ({"first_wrong_step": -2}, "first_wrong_step: expected a whole number from 0"),
        ({"verifications": [{"step_scores": ["a"]}]}, r"step_scores\[0\]: expected a number"),
        ({"verifications": [{"step_scores": [0.5, None]}]}, r"step_scores\[1\]: expected a number"),
        ({"verifications": [{"score": float("inf")}]}, r"score: expected a number, found inf"),
    ],
)
def test_what_is_no_step_is_refused(tmp_path, solution, says):
    source = write(tmp_path / "a.jsonl", {"answer": "4", **solution})
    with pytest.raises(DataError, match=says):
        import_pool(source, tmp_path / "results" / "a")
