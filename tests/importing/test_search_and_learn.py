"""Completions of search-and-learn: what its votes chose, ours choose; step scores count."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import ttc
from tool_logs import LOGS, imported

from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing import Judging, import_pool, preview
from ttc.importing.verifying import squashed
from ttc.policies import named
from ttc.policies.best_of_n import BestOfN
from ttc.store.pool import load_pool
from ttc.store.rows import read_problems, read_verifications
from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame

JSONL = "search_and_learn/best_of_n_completions.jsonl"
PARQUET = "search_and_learn/best_of_n_completions.parquet"
ROWS = [json.loads(line) for line in (LOGS / JSONL).read_text().splitlines()]


@pytest.mark.parametrize("log", [JSONL, PARQUET])
def test_samples_tokens_and_step_scores_are_as_they_are(tmp_path, log):
    run, solutions = imported(tmp_path, log)
    assert [p.id for p in read_problems(run.problems)] == [row["unique_id"] for row in ROWS]
    tokens = [count for row in ROWS for count in row["completion_tokens"]]
    assert solutions["completion_tokens"].tolist() == tokens
    made = list(read_verifications(run.verifications))
    steps = [scores for row in ROWS for scores in row["scores"]]
    assert [list(one.step_scores) for one in made] == [pytest.approx(s) for s in steps]
    last = [score for row in ROWS for score in row["agg_scores"]]
    assert [one.score for one in made] == pytest.approx(last)
    assert run.manifest().recipe["import"]["aggregate"] == "last"
    unused = run.manifest().source["unused_keys"]
    assert {"pred", "agg_scores", "pred_maj@8", "pred_weighted@8"} <= set(unused)


@pytest.mark.parametrize(
    ("policy", "column"),
    [
        ("majority", "pred_maj@8"),
        ("weighted_majority", "pred_weighted@8"),
        ("best_of_n", "pred_naive@8"),
    ],
)
def test_policies_score_what_its_own_choices_score(tmp_path, policy, column):
    """Its choice of each problem, judged, against ours at S = 8; votes that tie are shared by us
    and are the first one's there, so problems with ties are left out of the comparison.
    """
    done = ttc(tmp_path, "import", str(LOGS / JSONL), "--to", "results/log")
    assert done.returncode == 0, done.stderr
    rule = AnswerRule()
    clear, theirs = _clear(policy), {}
    for row in ROWS:
        if row["unique_id"] in clear:
            theirs[row["unique_id"]] = rule.equivalent(rule.extract(row[column]), row["answer"])
    assert len(theirs) >= 5
    pool = load_pool(find_run("log", tmp_path / "results"), "imported").arrays
    for i, name in enumerate(pool.problem_ids):
        if name in theirs:
            view = ProblemView.of(pool, i, EstimatorSettings(), seed=1)
            found = named(policy).estimate(view, [8], [1]).value.item()
            assert found == pytest.approx(float(theirs[name])), name


def _clear(policy):
    if policy != "majority":
        return {row["unique_id"] for row in ROWS}
    rule, found = AnswerRule(), set()
    for row in ROWS:
        answers = [rule.extract(text) for text in row["completions"]]
        counts = sorted((answers.count(one) for one in {*answers} - {None}), reverse=True)
        if len(counts) == 1 or counts[0] > counts[1]:
            found.add(row["unique_id"])
    return found


@pytest.mark.parametrize(
    ("how", "expected"), [("last", 0.9), ("min", 0.5), ("prod", 0.27), ("mean", 2 / 3)]
)
def test_scores_of_steps_are_aggregated_as_asked(tmp_path, how, expected):
    row = {"problem": "1+1?", "answer": "2", "completions": ["2"], "scores": [[0.6, 0.5, 0.9]]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    judging = Judging(aggregate=how)
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x", judging=judging)
    (one,) = read_verifications(run.verifications)
    assert one.score == pytest.approx(expected)
    assert one.verdict == (expected >= 0.5)


@pytest.mark.slow
def test_everything_that_reads_step_scores_works_on_it(tmp_path):
    """Best-of-N, weighted votes, aggregates of steps and the judging of judges, from the shell."""
    assert ttc(tmp_path, "import", str(LOGS / PARQUET), "--to", "results/log").returncode == 0
    policies = "best_of_n,weighted_majority,majority"
    done = ttc(tmp_path, "curves", "log", "--policy", policies, "--k", "8", "--json")
    rows = {row["policy"]: row["success"] for row in json.loads(done.stdout)}
    assert rows["best_of_n"] > 0
    assert rows["weighted_majority"] > 0
    pool = load_pool(find_run("log", tmp_path / "results"), "imported", reads=("steps",)).arrays
    views = [
        ProblemView.of(pool, i, EstimatorSettings(), seed=1) for i in range(len(pool.problem_ids))
    ]
    for how in ("last", "min", "mean", "product"):
        policy = BestOfN(aggregate=how)
        found = np.mean([policy.estimate(view, [8], [1]).value.item() for view in views])
        assert 0 < found < 1
        if how == "last":  # the score that it was imported with
            assert found == pytest.approx(rows["best_of_n"])
    judged = ttc(tmp_path, "eval-verifier", "log")
    assert judged.returncode == 0, judged.stderr
    assert "imported" in judged.stdout


def rewards(*values):
    return {"problem": "1+1?", "answer": "2", "completions": ["2", "3", "2"], "rewards": values}


def test_unbounded_rewards_keep_their_order_and_stand_in_raw_score(tmp_path):
    values = [-7.5, 12.25, 0.5]
    (tmp_path / "x.jsonl").write_text(json.dumps(rewards(*values)))
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")
    made = list(read_verifications(run.verifications))
    assert [one.raw for one in made] == values
    assert [one.score for one in made] == pytest.approx([0.5 / 8.5, 1 - 0.5 / 13.25, 2 / 3])
    assert [one.verdict for one in made] == [None] * 3
    manifest = run.manifest()
    assert manifest.source["squashed"] == ["imported"]
    assert "rewards r, squashed in their order to (1 + r / (1 + |r|)) / 2" in manifest.note
    shown = preview(tmp_path / "x.jsonl")
    assert ("verification.score", "rewards", "-7.5") in shown.rows


def test_unbounded_scores_of_steps_are_squashed_too_but_have_no_product(tmp_path):
    row = rewards([1.5, -2.0], [0.5], [3.0]) | {"answer": "2"}
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")
    made = list(read_verifications(run.verifications))
    assert [one.raw for one in made] == [-2.0, 0.5, 3.0]
    assert all(0 < step < 1 for one in made for step in one.step_scores)
    judging = Judging(aggregate="prod")
    with pytest.raises(DataError, match=r"x.jsonl:1: a step scores 1.5, and a product is of"):
        import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x", judging=judging)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scores": [[0.5]]}, r"x.jsonl:1: scores: 1 entries, but 2 in completions"),
        ({"scores": [[0.5], ["a"]]}, r"scores\[1\]\[0\]: expected a number, found 'a'"),
        ({"scores": [[0.5], [float("nan")]]}, r"scores\[1\]\[0\]: expected a number"),
        ({"scores": [0.5, float("inf")]}, r"scores\[1\]: expected a number, found inf"),
        ({"completion_tokens": [3, 2.5]}, r"completion_tokens\[1\]: expected a whole number"),
        ({"completions": ["2", 3]}, "lacks 'solutions'"),
        ({"is_correct": [True, "?"]}, r"is_correct\[1\]: expected true or false"),
    ],
)
def test_broken_lists_are_told_with_line_and_key(tmp_path, change, says):
    row = {"problem": "1+1?", "answer": "2", "completions": ["2", "3"]} | change
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=says):
        import_pool(tmp_path / "x.jsonl", tmp_path / "results" / "x")


def test_lists_of_other_names_labels_and_unknown_counts(tmp_path):
    row = {
        "id": "a",
        "prompt": "1+1?",
        "target": "2",
        "texts": ["is 2", "is 3"],
        "labels": ["C", "I"],
        "completion_tokens": [-1, -1],
        "rm": [0.9, 0.1],
    }
    (tmp_path / "x.json").write_text(json.dumps([row]))
    mapping = {"solutions": "texts", "verification.score": "rm"}
    run = import_pool(tmp_path / "x.json", tmp_path / "results" / "x", mapping=mapping)
    table = read_frame(run.solutions, "solutions")
    assert table["imported_correct"].tolist() == [True, False]
    assert [one.score for one in read_verifications(run.verifications)] == [0.9, 0.1]
    assert run.manifest().source["estimated_token_counts"] == 2
    wrong = {"solution.txt": "texts"}
    with pytest.raises(DataError, match=r"unknown name 'solution.txt'; did you mean 'solution.t"):
        import_pool(
            tmp_path / "x.json",
            tmp_path / "results" / "x",
            mapping=wrong,
            layout="search-and-learn",
        )


def test_ways_to_write_the_right_answer_are_not_answers_of_completions(tmp_path):
    row = {
        "problem": "1+1?",
        "answer": "2",
        "answers": ["2", "2.0"],
        "completions": [r"so \boxed{3}", r"so \boxed{2}"],
    }
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    run = import_pool(tmp_path / "x.jsonl", tmp_path / "x")
    table = read_frame(run.solutions, "solutions")
    assert table["answer"].tolist() == ["3", "2"]
    assert table["correct"].tolist() == [False, True]
    assert "answers" in run.manifest().source["unused_keys"]
    named = import_pool(
        tmp_path / "x.jsonl", tmp_path / "y", mapping={"solution.answer": "answers"}
    )
    assert read_frame(named.solutions, "solutions")["answer"].tolist() == ["2", "2.0"]


def test_a_completion_that_is_null_is_told_by_its_fault(tmp_path):
    row = {"problem": "1+1?", "answer": "2", "completions": ["2", None], "scores": [[0.9], "high"]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match=r"x.jsonl:1: scores\[1\]"):
        import_pool(tmp_path / "x.jsonl", tmp_path / "x")


numbers = st.floats(-1e4, 1e4)


@given(numbers, numbers)
def test_squashing_keeps_the_order_and_stays_inside(a, b):
    assert 0 < squashed(a) < 1
    if a < b:
        assert squashed(a) <= squashed(b)
    if b - a > 1e-6:
        assert squashed(a) < squashed(b)
