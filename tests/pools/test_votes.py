"""Votes and coverage of samples that others drew and labelled."""

import json

import numpy as np
import pytest

from ttc.analysis.passk import coverage
from ttc.answers import AnswerRule
from ttc.importing import Judging, import_pool
from ttc.policies import Drawn
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


def test_the_vote_over_systems_is_the_published_one(pool, told, tmp_path):
    rows = pool("zeroeval_crux_51systems")
    rule = AnswerRule.model_validate({"equivalence": "string"})
    run = imported(rows, tmp_path, answers=rule, judging=Judging(labels="trust"))
    arrays = load_pool(run).arrays
    mean = np.mean([row.mean() for row in _per_problem(arrays)])
    some = np.mean([row.any() for row in _per_problem(arrays)])
    told("zeroeval_crux_51systems: mean, coverage", ".632, .995", f"{mean:.3f}, {some:.3f}")
    assert (round(mean, 3), round(some, 3)) == (0.632, 0.995)


def _per_problem(arrays):
    return [
        right[classes >= -1]
        for right, classes in zip(arrays.correct, arrays.answer_class, strict=True)
    ]
