"""Runs side by side: a good verifier is ahead of the vote, one that knows nothing is not."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.errors import DataError
from ttc.pipeline.comparing import VOTE, Request, compare
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.report.compare import print_comparison
from ttc.report.console import Console
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_frame

WORLD = SimulationConfig(
    problems=60,
    solutions=16,
    verified_solutions=16,
    verifications=4,
    true_positive_rate=0.9,
    false_positive_rate=0.1,
    trap_rate=0.5,
)
RATES = (("0.9", "0.1"), ("0.5", "0.5"))
BLIND = WORLD.model_copy(update={"true_positive_rate": 0.5, "false_positive_rate": 0.5})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    worlds = {"good": WORLD, "blind": BLIND}
    return [
        simulate_run(SimulationConfig.model_validate(one.model_dump()), 1, folder / name)
        for name, one in worlds.items()
    ]


def test_a_good_verifier_is_ahead_of_the_vote_and_a_blind_one_is_not(runs):
    found = compare(runs, Request(unit="c", budgets=(16, 80), seed=3, by="verifier"))
    good, blind = (f"true_positive_rate={t}, false_positive_rate={f}" for t, f in RATES)
    assert found.methods == (
        f"{good}, {VOTE}", f"{blind}, {VOTE}", f"{good}, simulated", f"{blind}, simulated"
    )  # fmt: skip
    assert found.baseline == f"{good}, {VOTE}"
    last = {p.method: p for p in found.points if p.budget == 80}
    assert last[f"{good}, simulated"].ahead.low > 0
    assert last[f"{good}, simulated"].p < 0.01
    assert last[f"{good}, simulated"].verdict == "better"
    assert last[f"{blind}, simulated"].verdict == "undecided"
    assert last[found.baseline].ahead is None
    for point in found.points:
        assert point.cost <= point.budget * (1 + 1e-9)
        assert point.success.low <= point.success.estimate <= point.success.high


def test_several_runs_are_a_row_each_with_what_they_do_best(runs):
    found = compare(runs, Request(unit="c", budgets=(80,)))
    good, blind = (f"true_positive_rate={t}, false_positive_rate={f}" for t, f in RATES)
    assert (found.by, found.methods, found.baseline) == ("recipe", (good, blind), good)
    best = {p.method: p for p in found.points}
    assert best[good].row["verifier"] == "simulated"
    assert best[blind].ahead.high < 0
    assert best[blind].verdict == "worse"


def test_one_run_is_a_row_for_its_vote_and_each_verifier(runs):
    assert compare(runs[:1], Request(unit="c", budgets=(80,))).methods == (VOTE, "simulated")


@pytest.mark.slow
def test_votes_and_verifiers_may_be_named_where_rows_are_recipes(runs):
    vote = f"true_positive_rate={RATES[0][0]}, false_positive_rate={RATES[0][1]}, {VOTE}"
    for word in (VOTE, vote):
        found = compare(runs, Request(unit="c", budgets=(80,), baseline=word))
        assert (found.baseline, len(found.methods)) == (vote, 3)
    (gate,) = compare(runs, Request(unit="c"), [f"better than {vote} at 80 c"]).gates[:1]
    assert gate.base == vote


@pytest.mark.slow
def test_a_table_shows_three_budgets_and_names_the_other_rows(runs, capsys):
    for by, option, tables in ((None, "--by verifier", 3), ("verifier", "--by recipe", 3)):
        print_comparison(Console(), compare(runs, Request(unit="c", by=by)))
        shown = capsys.readouterr().out
        assert shown.count("baseline: ") == tables
        assert option in shown.splitlines()[-1]
    print_comparison(Console(), compare(runs[:1], Request(unit="c")))
    assert "--by" not in capsys.readouterr().out


def test_a_budget_that_buys_nothing_of_a_method_has_no_point_of_it(runs):
    found = compare(runs[:1], Request(unit="c", budgets=(1,)))
    assert [p.method for p in found.points] == [VOTE]


def test_a_ladder_of_budgets_spans_what_there_is(runs):
    found = compare(runs[:1], Request(unit="c"))
    assert found.budgets[0] == 1
    assert found.budgets[-1] == 82, "16 solutions, 4 verifications each, of lambda 1.02"
    assert list(found.budgets) == sorted(set(found.budgets))


def test_runs_of_other_problems_are_refused(runs, tmp_path):
    other = simulate_run(WORLD.model_copy(update={"problems": 9}), 2, tmp_path / "other")
    with pytest.raises(DataError, match="different datasets"):
        compare([runs[0], other])


@pytest.mark.slow
def test_from_the_shell(runs):
    folder = runs[0].path.parent.parent
    done = ttc(
        folder,
        *("compare", runs[0].path, runs[1].path, "--unit", "c", "--budget", 40, "--out", "out"),
    )
    assert done.returncode == 0, done.stderr
    assert "baseline: true_positive_rate=0.9" in done.stdout
    table = pq.read_table(folder / "out" / "comparison.parquet").to_pandas()
    assert set(table["cost_unit"]) == {"c"}
    assert np.isfinite(table["success"]).all()
    for name in ("comparison.md", "comparison.png", "comparison.svg"):
        assert (folder / "out" / name).stat().st_size > 0


SEARCH = """
name: adaptive
seed: 0
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: {type: adaptive, rule: esc, most: 10, draw: {temperature: 1.0, max_tokens: 96}}
policies: [first]
"""
POOL = """
name: pool
seed: 0
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 96}
verifiers: [{type: prm, backend: {type: nano, model: nano-prm}, prompt: nano-solver, steps: line}]
policies: [first, majority, weighted_majority, best_of_n]
"""


def run_of(text, folder):
    recipe = parse_recipe(text)
    return run_recipe(recipe.model_copy(update={"results": str(folder)})).run


def test_a_sampler_that_gives_one_answer_stands_beside_the_vote(tmp_path):
    runs = [run_of(one, tmp_path) for one in (POOL, SEARCH)]
    found = compare(runs, Request(by="policy"))
    assert found.methods == (
        VOTE, "weighted_majority (prm)", "best_of_n (prm)", "sampler=adaptive"
    )  # fmt: skip
    whole = [p for p in found.points if p.method == "sampler=adaptive"][-1]
    used = read_frame(runs[1].table("samples"), "samples")
    tokens = used["prompt_tokens"] - used["cached_tokens"] + used["completion_tokens"]
    assert whole.cost <= tokens.sum() / 8 + 1e-9
    assert whole.row["S"] is None
    assert whole.ahead is not None
    timed = compare(runs, Request(unit="latency", by="policy", concurrency=2))
    alone = compare(runs, Request(unit="latency", by="policy", concurrency=1))
    slowest = [max(p.cost for p in one.points if p.method == VOTE) for one in (timed, alone)]
    assert slowest[0] < slowest[1], "two calls at a time take less time than one"


def test_what_is_the_same_as_the_vote_is_not_found_to_differ(tmp_path):
    run = run_of(POOL, tmp_path)
    found = compare([run], Request(budgets=(130,), by="policy"))
    vote = next(p for p in found.points if p.method == VOTE)
    same = [p for p in found.points if p is not vote and p.row["S"] == vote.row["S"] == 1]
    assert [p.p for p in same] == [1.0] * len(same)
