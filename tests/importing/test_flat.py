"""Flat logs with one response a line, and JSON lists: read with the names that people use."""

import json

import pytest

from ttc.errors import DataError
from ttc.importing import import_pool, preview
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.tables import read_frame

LINES = [
    {"question_id": 7, "prompt": "1+1?", "answer": "2", "response": "It is 2", "is_correct": 1},
    {"question_id": 8, "prompt": "2+2?", "answer": "4", "response": "It is 5", "is_correct": 0},
    {"question_id": 7, "prompt": "1+1?", "answer": "2", "response": "It is 3", "is_correct": 0},
]


def save(path, rows):
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1))
    elif path.suffix == ".csv":
        import pandas as pd

        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def load(source, **options):
    return import_pool(source, source.parent / "results" / "x", **options)


@pytest.mark.parametrize("name", ["log.jsonl", "log.json", "log.csv", "log.txt", "log"])
def test_one_response_a_line_under_usual_names_whatever_the_file_is_called(tmp_path, name):
    run = load(save(tmp_path / name, LINES))
    assert [(p.id, p.question, p.answer) for p in read_problems(run.problems)] == [
        ("7", "1+1?", "2"),
        ("8", "2+2?", "4"),
    ]
    assert [one.text for one in read_solutions(run.solutions, "7")] == ["It is 2", "It is 3"]
    table = read_frame(run.solutions, "solutions").sort_values(["problem_id", "solution_index"])
    assert table["correct"].tolist() == [True, False, False]
    assert table["imported_correct"].tolist() == [True, False, False]


def test_rewards_and_step_scores_beside_the_response(tmp_path):
    rows = [
        {"id": "a", "question": "?", "gold": "2", "completion": "2", "score": 0.75},
        {"id": "a", "question": "?", "gold": "2", "completion": "3", "step_scores": [0.5, 0.25]},
        {"id": "a", "question": "?", "gold": "2", "completion": "4"},
    ]
    run = load(save(tmp_path / "x.jsonl", rows))
    made = [(one.solution_index, one.score) for one in read_verifications(run.verifications)]
    assert made == [(0, 0.75), (1, 0.25)]
    assert "unused_keys" not in run.manifest().source


def test_equal_questions_are_one_problem_without_ids(tmp_path):
    rows = [{key: value for key, value in row.items() if key != "question_id"} for row in LINES]
    run = load(save(tmp_path / "x.jsonl", rows))
    problems = read_problems(run.problems)
    assert [p.question for p in problems] == ["1+1?", "2+2?"]
    assert len({p.id for p in problems}) == 2


def test_the_dry_run_says_which_key_is_what(tmp_path):
    rows = [row | {"latency": 3, "trace": []} for row in LINES]
    shown = preview(save(tmp_path / "x.jsonl", rows))
    assert shown.format == "table"
    told = {name: key for name, key, _ in shown.rows}
    assert told["problem.id"] == "question_id"
    assert told["problem.answer"] == "answer"
    assert told["solution.text"] == "response"
    assert told["solution.correct"] == "is_correct"
    assert list(shown.unused) == ["latency", "trace"]
    assert not (tmp_path / "results").exists()
    assert any("right by our rule, right by its label" in text for text in shown.judged)


@pytest.mark.parametrize(
    "label", [("C", "I"), (1, 0), ("true", "false"), (True, False), (1.0, 0.0)]
)
def test_labels_as_tools_write_them(tmp_path, label):
    rows = [
        {"id": "a", "response": "2", "correct": label[0]},
        {"id": "a", "response": "3", "correct": label[1]},
    ]
    run = load(save(tmp_path / "x.jsonl", rows))
    table = read_frame(run.solutions, "solutions")
    assert table["imported_correct"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"is_correct": "maybe"}, r"x.jsonl:2: is_correct: expected true or false, found 'maybe'"),
        ({"prompt": "3+3?"}, r"x.jsonl:2: prompt: '3\+3\?', but an earlier row"),
        ({"question_id": None}, r"x.jsonl:2: the problem's id \(question_id\) is empty"),
        ({"response": ["a"]}, r"x.jsonl:2: response: expected a text, found a list"),
        ({"question_id": {"a": 1}}, r"x.jsonl:2: question_id: expected a text, found an object"),
    ],
)
def test_a_broken_line_is_told_with_its_key(tmp_path, change, says):
    rows = [LINES[0], LINES[0] | change, LINES[2]]
    with pytest.raises(DataError, match=says):
        load(save(tmp_path / "x.jsonl", rows))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[" * 100_000, "too deep|not JSON"),
        ('{"a": ' * 100_000, "too deep|not JSON"),
        ('[{"question": "?", "answer": 1' + "0" * 5000 + "}]", "too long a number|lacks"),
        ('[{"question": "?"}, 3]', "item 2: must be a JSON object|lacks"),
        ("\x00\x01\x02", "can't tell its layout from its content"),
    ],
)
def test_hostile_json_is_refused(tmp_path, content, says):
    (tmp_path / "x.json").write_text(content)
    if content.startswith("\x00"):
        (tmp_path / "x.json").rename(tmp_path / "x.bin")
    source = tmp_path / ("x.bin" if content.startswith("\x00") else "x.json")
    with pytest.raises(DataError, match=says):
        load(source)
