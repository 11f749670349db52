"""Scaling fits of simulated runs: truth found again, units, several runs, pairs."""

import json
import math

import numpy as np
import pytest

from ttc.analysis.simulate import SimulationConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.interval import interval
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.pipeline.scaling.quantities import MEANINGS
from ttc.pipeline.scaling.tables import allocation_rows, fit_rows
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_frame, write_table

GOOD = SimulationConfig(
    problems=60,
    solutions=32,
    verified_solutions=16,
    verifications=8,
    true_positive_rate=0.9,
    false_positive_rate=0.15,
    error_correlation=0.05,
    trap_rate=0.4,
)
FEW = {"draws": 40}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return simulate_run(GOOD, 1, tmp_path_factory.mktemp("results") / "good")


@pytest.fixture(scope="module")
def fitted(run):
    return fit_scaling([run], FitRequest(policies=("best_of_n", "weighted_majority"), **FEW))


@pytest.mark.slow
def test_every_figure_has_a_meaning_and_an_interval_around_it(fitted):
    assert [m.label for m in fitted.methods] == [
        "best_of_n (simulated)",
        "weighted_majority (simulated)",
    ]
    for method in fitted.methods:
        assert set(method.figures) == set(MEANINGS)
        assert set(method.in_c) == set(MEANINGS)
        for name in ("crossover", "sc_plateau", "gain", "law_a", "law_b", "match_multiple"):
            one = method.figures[name]
            assert one.low <= one.high
            assert one.known > 0.9


def test_a_good_verifier_overtakes_the_vote_in_both_worlds(fitted):
    best = fitted.methods[0]
    assert best.figures["gain"].low > 0.05
    assert math.isfinite(best.figures["match_multiple"].estimate)
    assert best.figures["crossover"].estimate < best.at[-1].budget / 8
    for crossed in (best.figures["crossover"], best.in_c["crossover"]):
        assert crossed.low <= crossed.estimate <= crossed.high
    gains = [one.gain.estimate for one in best.at]
    assert gains[-1] == best.figures["gain"].estimate > 0.05
    for one in best.at:
        assert max(one.voted.cost, one.verified.cost) <= one.budget * (1 + 1e-9)
        assert not one.gain.low > one.gain.estimate


@pytest.mark.slow
def test_a_useless_verifier_never_matches_and_that_is_said(tmp_path):
    blind = GOOD.model_copy(
        update={"true_positive_rate": 0.5, "false_positive_rate": 0.5, "trap_rate": 0.0}
    )
    run = simulate_run(blind, 1, tmp_path / "blind")
    found = fit_scaling([run], FitRequest(policies=("best_of_n",), **FEW))
    assert math.isinf(found.methods[0].figures["match_multiple"].estimate)
    plain = found.as_dict()["methods"][0]["figures"]["match_multiple"]
    assert plain["estimate"] == "never"
    json.dumps(found.as_dict(), allow_nan=False)


def test_methods_are_compared_on_the_same_resampled_problems(fitted):
    first, second = fitted.methods
    assert np.array_equal(first.drawn["sc_plateau"], second.drawn["sc_plateau"])
    gap = fitted.differences[second.label]["sc_plateau"]
    assert (gap.estimate, gap.low, gap.high) == (0, 0, 0)
    assert fitted.differences[second.label]["best_success"].low < 0.2


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(run, fitted):
    again = fit_scaling([run], FitRequest(policies=("best_of_n", "weighted_majority"), **FEW))
    assert again.as_dict() == fitted.as_dict()


@pytest.mark.slow
def test_costs_in_tokens_are_those_of_the_curves(run):
    found = fit_scaling([run], FitRequest(policies=("best_of_n",), **FEW))
    assert found.unit == "tokens"
    by_c = fit_scaling([run], FitRequest(policies=("best_of_n",), unit="c", **FEW))
    for name, one in by_c.methods[0].figures.items():
        beside = found.methods[0].in_c[name]
        alike = MEANINGS[name][1] in ("cost", "exponent", "ratio") and name != "dearer_split"
        if alike and not math.isnan(one.estimate):
            assert beside.estimate == pytest.approx(one.estimate), name
    mean = 300  # GOOD's solutions, without prompts
    assert found.methods[0].budgets[0] == pytest.approx(mean, rel=0.05)
    ratio = found.methods[0].setting.costs / by_c.methods[0].setting.costs
    assert ratio == pytest.approx(np.full(ratio.shape, mean), rel=0.05)


@pytest.mark.slow
def test_a_unit_without_costs_is_one_sentence(run):
    for unit, words in (("usd", "prices"), ("flops", "cost.parameters")):
        with pytest.raises(DataError, match=words):
            fit_scaling([run], FitRequest(unit=unit, **FEW))
    found = fit_scaling(
        [run],
        FitRequest(
            policies=("best_of_n",), unit="flops", overrides=("cost.parameters=1e9",), **FEW
        ),
    )
    assert found.methods[0].budgets[0] == pytest.approx(2e9 * 300, rel=0.05)


def test_lambda_can_be_set(run):
    free = fit_scaling(
        [run], FitRequest(policies=("best_of_n",), unit="c", overrides=("cost.lambda=0",), **FEW)
    )
    method = free.methods[0]
    assert method.ratio == 0
    assert (method.setting.costs == method.setting.S[:, None]).all()
    assert set(method.analysis.verified.V.tolist()[1:]) == {8}  # free verifications: all of them


@pytest.mark.slow
def test_pooled_runs_average_and_compared_ones_stand_apart(run, tmp_path):
    twin = simulate_run(GOOD, 1, tmp_path / "twin")  # the same problems and samples
    request = {"policies": ("best_of_n",), **FEW}
    one = fit_scaling([run], FitRequest(**request)).methods[0]
    pooled = fit_scaling([run, twin], FitRequest(pool=True, **request))
    (both,) = pooled.methods
    assert both.surface == pytest.approx(one.surface, nan_ok=True)
    assert both.figures["gain"].estimate == pytest.approx(one.figures["gain"].estimate)
    assert both.run.count(" + ") == 1
    compared = fit_scaling([run, twin], FitRequest(**request))
    assert len(compared.methods) == len(compared.coverage) == 2
    assert [one.label for one in compared.methods] == [
        "best_of_n (simulated) good",
        "best_of_n (simulated) twin",
    ], "by what they are called, as their recipes are equal"
    assert compared.called(run.name) == "good"
    (gaps,) = compared.differences.values()
    assert gaps["gain"].low == gaps["gain"].high == 0


def test_runs_of_different_data_are_refused(run, tmp_path):
    other = simulate_run(GOOD.model_copy(update={"problems": 50}), 2, tmp_path / "other")
    with pytest.raises(DataError, match="different datasets"):
        fit_scaling([run, other], FitRequest(**FEW))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verifications": 0}, "no verifications"),
        ({"verified_solutions": 1}, "two verified solutions"),
        ({"problems": 1}, "three at least"),
        ({"problems": 2}, "three at least"),
    ],
)
def test_too_little_is_one_sentence(tmp_path, change, words):
    run = simulate_run(GOOD.model_copy(update=change), 1, tmp_path / "little")
    with pytest.raises(DataError, match=words):
        fit_scaling([run], FitRequest(**FEW))


def test_one_verification_each_still_has_a_frontier(tmp_path):
    run = simulate_run(GOOD.model_copy(update={"verifications": 1}), 1, tmp_path / "one")
    (method,) = fit_scaling([run], FitRequest(policies=("best_of_n",), **FEW)).methods
    assert set(method.analysis.verified.V.tolist()) == {1}
    assert math.isnan(method.figures["spline_a"].estimate)  # no V to trade
    assert math.isfinite(method.figures["gain"].estimate)


def test_policies_that_read_nothing_are_refused(run):
    with pytest.raises(UsageError, match="majority reads no verifications"):
        fit_scaling([run], FitRequest(policies=("sc",)))
    with pytest.raises(UsageError, match="no policy 'best_of_m'"):
        fit_scaling([run], FitRequest(policies=("best_of_m",)))


def test_tables_hold_every_figure(fitted, tmp_path):
    write_table(tmp_path / "fits.parquet", "fits", fit_rows(fitted))
    write_table(tmp_path / "allocation.parquet", "allocation", allocation_rows(fitted))
    fits = read_frame(tmp_path / "fits.parquet", "fits")
    row = fits[(fits.policy == "best_of_n") & (fits.quantity == "gain")].iloc[0]
    assert row.estimate == fitted.methods[0].figures["gain"].estimate
    assert {
        "gain_at_budget",
        "crossover_in_c",
        "a_recommended",
        "b_conventions",
        "coverage_a",
        "coverage_law_held_out_rmse",
        "difference_gain",
    } <= set(fits.quantity)
    paths = read_frame(tmp_path / "allocation.parquet", "allocation")
    assert set(paths.procedure) == {"voting", "grid", "spline", "law"}
    voting = paths[(paths.procedure == "voting") & (paths.policy == "best_of_n")]
    assert (voting.best_V == 0).all()


def test_intervals_leave_out_what_cannot_be_told_and_keep_never():
    draws = np.array([1.0, 2, 3, 4, np.inf, np.inf, np.nan, np.nan])
    found = interval(3.0, draws, 40, 0.9)
    assert found.known == 0.75
    assert (found.low, found.high) == (1, np.inf)
    nothing = interval(2.0, np.full(4, np.nan), 40, 0.9)
    assert math.isnan(nothing.low)
    assert nothing.as_dict()["low"] is None
