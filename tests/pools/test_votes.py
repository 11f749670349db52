"""Votes and coverage of samples that others drew and labelled."""

import json

import numpy as np
import pytest

from ttc.analysis.passk import coverage
from ttc.analysis.reliability import pass_hat_k
from ttc.analysis.settings import EstimatorSettings
from ttc.answers import AnswerRule
from ttc.importing import Judging, import_pool
from ttc.pipeline.as_shared_out import as_shared_out
from ttc.policies import Drawn
from ttc.policies.majority import Majority
from ttc.registry import parts
from ttc.store.pool import load_pool
from ttc.store.tables import read_frame


def imported(rows, folder, **options):
    source = folder / "pool.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return import_pool(source, folder / "run", **options)


def test_a_weighted_vote_finds_what_the_majority_misses(pool, told, tmp_path):
    run = imported(
        pool("aime25_q06_80_answers_verifier_scores"),
        tmp_path,
        mapping={"solution.confidence": "score"},
    )
    arrays = load_pool(run).arrays
    classes, scores = arrays.answer_class[0], arrays.scores[0, :, 0]
    drawn = Drawn(classes, scores, np.ones(len(classes), dtype=int))
    table = read_frame(run.solutions, "solutions")
    answer = dict(zip(table["answer_class"], table["answer"], strict=True))
    known = parts("policy")
    votes = [
        answer[known[name]().picks(drawn, set())] for name in ("majority", "weighted_majority")
    ]
    told("aime25_q06: majority, weighted vote", "271, 821", ", ".join(votes))
    assert votes == ["271", "821"]


def labels(rows):
    """(problems,) right solutions, and solutions."""
    right = [sum(bool(s["correct"]) for s in row["solutions"]) for row in rows]
    return np.array(right), np.array([len(row["solutions"]) for row in rows])


CRUX = "cruxeval_codellama7b_10samples"
COVERAGE = [
    (CRUX, "input", {1: 0.3595, 5: 0.44991071}),
    (CRUX, "output", {1: 0.342125, 5: 0.40286706}),
    (
        "game24_gpt4_io100_and_tot",
        None,
        {1: 0.0734, 2: 0.10575, 4: 0.13907, 8: 0.16943, 16: 0.2001, 32: 0.23997, 64: 0.29287},
    ),
    ("tau_bench_airline_gpt4o_4trials", None, {2: 0.567, 3: 0.660, 4: 0.720}),
]


@pytest.mark.parametrize(("name", "task", "published"), COVERAGE)
def test_coverage_is_the_published_one(pool, told, name, task, published):
    rows = [row for row in pool(name) if task in (None, row.get("task"))]
    found = coverage(*labels(rows), list(published))
    wanted = ", ".join(f"{value:.4f}" for value in published.values())
    what = f"{name}{f' ({task})' if task else ''}: pass@{','.join(map(str, published))}"
    told(what, wanted, ", ".join(f"{value:.4f}" for value in found))
    assert found == pytest.approx(list(published.values()), abs=6e-4)


def test_how_often_all_trials_are_right_is_the_published_one(pool, told):
    published = [0.420, 0.273, 0.220, 0.200]
    found = pass_hat_k(*labels(pool("tau_bench_airline_gpt4o_4trials")), [1, 2, 3, 4]).mean(axis=0)
    wanted, measured = (", ".join(f"{x:.3f}" for x in row) for row in (published, found))
    told("tau_bench_airline_gpt4o_4trials: pass^1,2,3,4", wanted, measured)
    assert found == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize(("task", "published"), [("input", 0.3631), ("output", 0.3429)])
def test_votes_of_strings_are_the_published_ones(pool, told, tmp_path, task, published):
    rule = AnswerRule.model_validate({"equivalence": "string"})
    rows = [row for row in pool(CRUX) if row["task"] == task]
    run = imported(rows, tmp_path, answers=rule, judging=Judging(labels="trust"))
    found = as_shared_out(load_pool(run), [Majority()], 0, EstimatorSettings())[0]["success"]
    told(f"{CRUX} ({task}): vote of 10", f"{published:.4f}", f"{found:.4f}")
    assert found == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("zeroeval_crux_51systems", (0.632, 0.847, 0.995)),
        ("zeroeval_gsm8k_44systems", (0.873, 0.970, 0.996)),
    ],
)
def test_the_vote_over_systems_is_the_published_one(pool, told, tmp_path, name, published):
    rule = AnswerRule.model_validate({"equivalence": "string"})
    run = imported(pool(name), tmp_path, answers=rule, judging=Judging(labels="trust"))
    pool_ = load_pool(run)
    vote = as_shared_out(pool_, [Majority()], 0, EstimatorSettings())[0]["success"]
    right = _per_problem(pool_.arrays)
    found = [np.mean([row.mean() for row in right]), vote, np.mean([row.any() for row in right])]
    wanted, measured = (", ".join(f"{x:.3f}" for x in row) for row in (published, found))
    told(f"{name}: mean, vote of all, coverage", wanted, measured)
    # There the first of tied answers is taken, and strings with other quotes are other answers.
    assert found == pytest.approx(published, abs=0.01)
    assert (found[0], found[2]) == pytest.approx((published[0], published[2]), abs=6e-4)


def test_first_wrong_steps_that_people_named(pool, told, tmp_path):
    rows = pool("bigbench_mistake_first_error")
    steps = [-1 if row["first_error"] is None else row["first_error"] for row in rows]
    problems = [
        {key: row[key] for key in ("problem_id", "question", "answer")}
        | {
            "solutions": [
                {"answer": row["solution_answer"], "steps": row["steps"], "first_wrong_step": step}
            ]
        }
        for row, step in zip(rows, steps, strict=True)
    ]
    table = read_frame(imported(problems, tmp_path).solutions, "solutions")
    named = table["gold_first_wrong_step"].to_numpy()
    none = int((named < 0).sum())
    told("bigbench_mistake: chains, without a wrong step", "2186, 478", f"{len(table)}, {none}")
    assert (len(table), none) == (2186, 478)
    assert named.tolist() == steps


def _per_problem(arrays):
    return [
        right[classes >= -1]
        for right, classes in zip(arrays.correct, arrays.answer_class, strict=True)
    ]
