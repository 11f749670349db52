"""Recommendations against brute force, and what a winner really achieves."""

import math

import numpy as np
import pytest

from ttc.analysis.simulate import SimulationConfig
from ttc.errors import DataError
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.scaling import FitRequest
from ttc.pipeline.scaling.allocations import ladder
from ttc.pipeline.scaling.recommending import recommend
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(
    problems=40, solutions=12, verified_solutions=12, verifications=6, trap_rate=0.3
)
REQUEST = FitRequest(unit="c", policies=("best_of_n",), draws=60)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return simulate_run(CONFIG, 3, tmp_path_factory.mktemp("results") / "sim")


@pytest.mark.parametrize("budget", [1, 3.5, 20, 60])
def test_it_is_the_best_of_all_affordable_cells(run, budget):
    (found,) = recommend(run, [budget], REQUEST)
    rows = answer(
        run,
        CurveRequest(
            policies=("first", "majority", "best_of_n"),
            solutions=ladder(12),
            verifications=ladder(6),
        ),
    ).rows
    affordable = [row for row in rows if row["cost_c"] <= budget]
    own = [row for row in affordable if row["policy"] == found.best.policy]
    best = max(own, key=lambda row: row["success"])
    assert (best["S"], best["V"]) == (found.best.S, found.best.V)
    assert found.best.cost == pytest.approx(best["cost_c"])
    # Out of bag, so no more than the winner shows here, and no method is told to be better.
    assert found.best.success.estimate <= best["success"] + 1e-9
    assert found.best.success.estimate > max(row["success"] for row in affordable) - 0.05
    for rival in found.rivals:
        assert rival.behind.estimate <= 0
        assert rival.allocation.cost <= budget


def test_the_ladder_is_twice_as_fine_as_powers_of_two():
    assert ladder(12) == (1, 2, 3, 4, 6, 8, 12)
    assert ladder(1) == (1,)
    assert ladder(7)[-1] == 7


def test_a_winner_by_luck_is_not_believed(tmp_path):
    """With a blind verifier the best of many cells is luck; new problems show its true rate."""
    blind = SimulationConfig(
        problems=25,
        solutions=12,
        verified_solutions=12,
        verifications=6,
        true_positive_rate=0.5,
        false_positive_rate=0.5,
        trap_rate=1.0,
        trap_share=0.9,
    )
    run = simulate_run(blind, 5, tmp_path / "blind")
    (found,) = recommend(run, [100], REQUEST)
    judged = next(one for one in (found.best, *(r.allocation for r in found.rivals)) if one.V)
    rows = answer(run, CurveRequest(("best_of_n",), ladder(12), ladder(6))).rows
    assert judged.success.estimate < max(row["success"] for row in rows) - 0.005
    assert found.confidence < 1


@pytest.mark.parametrize("seed", range(6))
def test_a_budget_short_of_two_solutions_buys_one_and_no_verification(tmp_path, seed):
    """Verifying a single solution changes nothing, however round-off falls."""
    world = SimulationConfig(problems=30, solutions=8, verified_solutions=3, verifications=2)
    run = simulate_run(world, seed, tmp_path / "one")
    (found,) = recommend(run, [2.5 if seed % 2 else 1.9], REQUEST)
    assert found.best.V == 0


def test_a_budget_beyond_the_pool_is_said_to_be(run):
    inside, outside = recommend(run, [50, 10_000], REQUEST)
    assert inside.beyond is None
    assert outside.beyond.success <= 1
    assert outside.beyond.S * outside.beyond.V > 72
    assert not math.isnan(outside.as_dict()["beyond_the_pool"]["success"])


def test_a_budget_for_nothing_is_one_sentence(run):
    with pytest.raises(DataError, match="buys no solution: one costs 1"):
        recommend(run, [0.5], REQUEST)


def test_budgets_in_tokens(run):
    (found,) = recommend(run, [900], FitRequest(policies=("best_of_n",), unit="tokens", draws=40))
    assert found.best.cost <= 900
    assert np.isfinite(found.best.success.estimate)
