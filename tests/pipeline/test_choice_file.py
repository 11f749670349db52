"""A file of choice questions without any mapping, from the file to what `ttc show` says."""

import gzip
import json

import pandas as pd
import processes

from ttc.store.run_folder import find_run

CHOICES = {"text": ["Rome", "Paris", "Oslo"], "label": ["1", "2", "3"]}
PROBLEMS = [
    {"qid": "france", "question": "Capital of France?", "choices": CHOICES, "answerKey": "2"},
    {"qid": "norway", "question": "Capital of Norway?", "choices": CHOICES, "answerKey": "3"},
]
SAID = {"france": ["Answer: B", "It is (B).", "Answer: A"], "norway": ["Answer: C"] * 3}
RECIPE = """
name: quiz
dataset: {type: file, path: quiz.jsonl.gz}
backend: {type: replay, run: results/recorded}
sampler: {type: independent, solutions: 3, temperature: 1.0, max_tokens: 64}
policies: [first, majority, oracle]
"""


def ttc(folder, *words):
    done = processes.ttc(folder, *words)
    assert done.returncode == 0, done.stderr + done.stdout
    return " ".join(done.stdout.split())


def test_choice_questions_of_a_plain_file_are_asked_with_options_and_judged_by_letter(tmp_path):
    lines = [
        {
            "id": p["qid"],
            "question": p["question"],
            "answer": "B",
            "solutions": [{"text": text} for text in SAID[p["qid"]]],
        }
        for p in PROBLEMS
    ]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ttc(tmp_path, "import", "said.jsonl", "--to", "results/recorded")
    text = "\n".join(json.dumps({**p, "source": "atlas"}) for p in PROBLEMS)
    (tmp_path / "quiz.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "quiz.yaml").write_text(RECIPE)
    said = ttc(tmp_path, "run", "quiz.yaml")
    told = "not used: source"
    assert said.count(told) == 1
    run = find_run("quiz", tmp_path / "results")
    assert told in run.manifest().note
    problems = pd.read_parquet(run.problems).set_index("problem_id")
    assert list(problems["gold_answer"]) == ["B", "C"]
    assert list(problems.loc["france", "choices"]) == ["Rome", "Paris", "Oslo"]
    solutions = pd.read_parquet(run.solutions)
    assert list(solutions["answer"]) == ["B", "B", "A", "C", "C", "C"]
    assert list(solutions["correct"]) == [True, True, False, True, True, True]
    assert "Paris" in ttc(tmp_path, "show", "quiz", "--problem", "france")
    assert told in ttc(tmp_path, "show", "quiz")
