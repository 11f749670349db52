"""A run on the embedded model whose budget goes where its votes are contested."""

import numpy as np
import pandas as pd
import pytest

from ttc.errors import Interrupted
from ttc.pipeline.run import run_recipe
from ttc.pipeline.sharing_out import Tally
from ttc.recipe import load_recipe

CHANGES = (
    "dataset.problems=10",
    "dataset.levels=[1, 5]",
    "sampler.solutions=24",
    "budget.per_run={calls: 80}",
)
TABLES = ("problems", "solutions", "samples", "curves")


def run(results, *changes):
    return run_recipe(
        load_recipe("adaptive/allocation", (*CHANGES, f"results={results}", *changes))
    )


def tables(outcome):
    return [
        pd.read_parquet(outcome.run.table(name)).drop(columns="seconds", errors="ignore")
        for name in TABLES
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"))


def test_hard_problems_get_more_and_the_budget_holds(done):
    problems = tables(done)[0]
    counts = problems.groupby("level")["n_solutions"].mean()
    assert counts[5] > 1.5 * counts[1]
    assert problems["n_solutions"].min() >= 1
    assert 76 <= problems["n_solutions"].sum() <= 80
    assert done.manifest.ledger["rounds"] > 2


def test_the_manifest_tells_what_the_votes_came_to(done):
    _, solutions, *_ = tables(done)
    told = {row["policy"]: row for row in done.manifest.evaluation["shared_out"]}
    assert told["majority"]["solutions"] == pytest.approx(len(solutions) / 10)

    def vote(own):
        counts = np.bincount(own["answer_class"][own["answer_class"] >= 0])
        best = np.flatnonzero(counts == counts.max())
        return np.mean([own["correct"][own["answer_class"] == one].all() for one in best])

    by_hand = solutions.groupby("problem_id", observed=True)[["answer_class", "correct"]].apply(
        vote
    )
    assert told["majority"]["success"] == pytest.approx(by_hand.mean())


def cut_off(monkeypatch, results, name, times):
    """Begin a run that is interrupted when a method of its tally is called once more than that."""
    count, whole = iter(range(times)), getattr(Tally, name)

    def interrupted(self, told):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return whole(self, told)

    with monkeypatch.context() as patch:
        patch.setattr(Tally, name, interrupted)
        with pytest.raises((KeyboardInterrupt, Interrupted)):
            run(results)


@pytest.mark.parametrize("rounds", [0, 3, 6])
def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(done, tmp_path, monkeypatch, rounds):
    cut_off(monkeypatch, tmp_path, "_deal", rounds)
    again = run(tmp_path)
    for one, other in zip(tables(done), tables(again), strict=True):
        pd.testing.assert_frame_equal(one, other)
    solver = again.manifest.ledger["roles"]["solver"]
    assert solver["paid_samples"] < solver["samples"] == len(tables(done)[1])


@pytest.mark.parametrize(("seen", "least"), [(4, 1), (27, 0)])  # late, nothing may be just then
def test_what_was_under_way_when_a_run_was_cut_off_counts(tmp_path, monkeypatch, seen, least):
    cut_off(monkeypatch, tmp_path, "see", seen)
    ledger = run(tmp_path).manifest.ledger
    assert ledger["lost"]["calls"] >= least
    assert 76 <= ledger["roles"]["solver"]["samples"] + ledger["lost"]["calls"] <= 80


@pytest.mark.parametrize("rule", ["posterior", "equal"])
def test_in_tokens_no_rule_passes_the_runs_limit(tmp_path, rule):
    limits = ("budget.per_run={tokens: 2500}", f"budget.allocation={rule}")
    outcome = run(tmp_path, *limits)
    samples = tables(outcome)[2]
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert 0.8 * 2500 < used.sum() <= 2500
    assert samples["problem_id"].nunique() == 10
