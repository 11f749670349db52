"""Planned sample sizes against repeated experiments on pools of planted truth."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from ttc.analysis.grid import evaluate
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.errors import DataError, UsageError
from ttc.pipeline.planning.forecast import Load
from ttc.pipeline.planning.matching import Wanted
from ttc.pipeline.planning.sample_size import (
    Goal,
    assumed_size,
    measured_size,
    two_methods,
    usual_methods,
)
from ttc.policies import named
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run

FIRST, MAJORITY, BEST = map(named, ("first", "majority", "best_of_n"))
TRUTH = {
    "solve_alpha": 1.0,
    "solve_beta": 1.5,
    "verifications": 2,
    "trap_rate": 0.3,
    "error_correlation": 0.3,
}
METHODS = (Wanted(MAJORITY, 4), Wanted(BEST, 4, 2))


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A pool to plan from; nothing of its truth is told to the plan."""
    config = SimulationConfig(problems=600, solutions=16, verified_solutions=16, **TRUTH)
    return simulate_run(config, 1, tmp_path_factory.mktemp("sizes") / "planned")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    config = SimulationConfig(problems=40, solutions=16, verified_solutions=16, **TRUTH)
    return simulate_run(config, 2, tmp_path_factory.mktemp("sizes") / "small")


def differences(solutions, problems, seed):
    """(problems,) best-of-4 with two verifications less the vote of 4, of so many solutions."""
    config = SimulationConfig(
        problems=problems, solutions=solutions, verified_solutions=solutions, **TRUTH
    )
    arrays = simulate_pool(config, np.random.default_rng(seed)).arrays
    rng = np.random.default_rng(seed)
    success = evaluate(arrays, [4], [2], [MAJORITY, BEST], rng).success[:, :, 0, :]
    return success[:, 1, 1] - success[:, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("design", [0, 2])
def test_repeated_experiments_of_the_planned_size_have_the_stated_power(pool, design):
    """The truth of the model says how far the methods are apart; a plan for just that is made."""
    solutions = 4 * 2**design
    population = differences(solutions, 2500, seed=2)
    goal = Goal(float(population.mean()), power=0.8)
    planned = measured_size(pool, METHODS, goal, problems=100).designs[design]
    assert (planned.solutions, planned.verifications) == (solutions, 2 * solutions)
    rng = np.random.default_rng(4)
    experiments = population[rng.integers(len(population), size=(4000, planned.problems))]
    found = float(np.mean(ttest_1samp(experiments, 0, axis=1).pvalue < 0.05))
    # 600 problems tell the deviation to some 3 %, and so the power to some 3 points.
    assert found == pytest.approx(0.8, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [12, 48])
def test_the_recipes_own_pool_has_the_power_that_is_planned_for_it(pool, drawn):
    """As `ttc` tests: a paired t test over problems, both methods over all subsets of a pool of N
    solutions. 12 lie between the pool's halves; 48 are thrice what it has.
    """
    own = Load("solver", 1, drawn, 1, {"tokens": np.ones(1)}, {"tokens": np.ones(1)}, {}, {})
    judge = Load("judge", drawn, 2, 1, {"tokens": np.ones(1)}, {"tokens": np.ones(1)}, {}, {})
    population = differences(drawn, 600, seed=11)
    goal, problems = Goal(0.22 * float(population.std())), 100
    population += goal.difference - population.mean()
    size = measured_size(pool, METHODS, goal, problems, None, (own, judge))
    (design,) = [one for one in size.designs if one.own]
    assert (design.solutions, design.foretold) == (drawn, drawn > 16)
    rng = np.random.default_rng(12)
    rows = rng.integers(len(population), size=(3000, problems))
    first = rng.normal(size=rows.shape)  # whatever they share, a paired test takes no notice of
    found = float(np.mean(ttest_rel(first + population[rows], first, axis=1).pvalue < 0.05))
    assert 0.5 < found < 0.7
    assert found == pytest.approx(design.power, abs=0.06 if drawn <= 16 else 0.08)
    one_draw = measured_size(pool, METHODS, goal, problems).designs[0]
    assert one_draw.solutions == 4
    assert one_draw.power < found - 0.1, "one draw of S says less than all subsets of a pool"


def test_more_samples_of_each_problem_need_fewer_problems(small):
    size = measured_size(small, METHODS, Goal(0.05), problems=100)
    assert [d.solutions for d in size.designs] == [4, 8, 16]
    for few, many in pairwise(size.designs):
        assert few.problems > many.problems
        assert few.power < many.power
        assert few.smallest_difference > many.smallest_difference
        assert few.problems <= few.problems_upper < 1.5 * few.problems
    whole = load_pool(small).arrays
    grid = evaluate(whole, [4], [2], [MAJORITY, BEST], np.random.default_rng(0))
    gain = np.mean(grid.success[:, 1, 0, 1] - grid.success[:, 0, 0, 0])
    assert size.measured == pytest.approx(gain, abs=1e-6)


def test_no_difference_is_found_as_often_as_alpha_says():
    population = differences(4, 1500, seed=5)
    centred = population - population.mean()
    rng = np.random.default_rng(6)
    experiments = centred[rng.integers(len(centred), size=(3000, 60))]
    found = float(np.mean(ttest_1samp(experiments, 0, axis=1).pvalue < 0.05))
    assert found == pytest.approx(0.05, abs=0.015)


def test_tokens_are_those_of_all_samples_of_a_design(small):
    def load(role, prompt, own):
        shared, each = {"tokens": np.array([prompt])}, {"tokens": np.array([own])}
        return Load(role, 1, 1, 1, shared, each, {}, {})

    loads = (load("solver", 10.0, 100.0), load("judge", 120.0, 50.0))
    for design in measured_size(small, METHODS, Goal(0.05), 100, None, loads).designs:
        one = 10 + design.solutions * (100 + 120 + 2 * 50)
        assert design.tokens == pytest.approx(design.problems * one)
    unverified = (Wanted(FIRST), Wanted(MAJORITY, 4))
    for design in measured_size(small, unverified, Goal(0.05), 100, None, loads).designs:
        assert design.verifications == 0
        assert design.tokens == pytest.approx(design.problems * (10 + design.solutions * 100))
    # With other verifiers in the recipe than in the pool, nobody knows what one costs.
    others = (*loads, load("second", 1.0, 1.0))
    assert math.isnan(
        measured_size(small, METHODS, Goal(0.05), 100, None, others).designs[0].tokens
    )


def test_sizes_are_of_equal_compute_by_default(small):
    """At equal numbers of solutions, verification would come for nothing."""
    size = measured_size(small, (Wanted(MAJORITY), Wanted(BEST)), Goal(0.05), 100)
    assert size.arms == ("majority S=8", "best_of_n S=3 V=2")
    assert size.arm_tokens[0] == pytest.approx(size.arm_tokens[1], rel=0.15)
    turned = measured_size(small, (Wanted(BEST), Wanted(MAJORITY)), Goal(0.05), 100)
    assert turned.arms == ("best_of_n S=3 V=2", "majority S=8")
    for told, arms in (
        ((Wanted(MAJORITY, 16), Wanted(BEST)), ("majority S=16", "best_of_n S=5 V=2")),
        ((Wanted(MAJORITY), Wanted(BEST, 4, 2)), ("majority S=11", "best_of_n S=4 V=2")),
        ((Wanted(MAJORITY, 4), Wanted(BEST, 4, 2)), ("majority S=4", "best_of_n S=4 V=2")),
        ((Wanted(BEST), Wanted(named("pessimistic"))), None),
        ((Wanted(FIRST), Wanted(MAJORITY, 16)), ("first", "majority S=16")),
        ((Wanted(FIRST), Wanted(MAJORITY)), ("first", "majority S=8")),
    ):
        found = measured_size(small, told, Goal(0.05), 100)
        assert arms is None or found.arms == arms
        if arms is None:
            assert found.arm_tokens[0] == found.arm_tokens[1]
    few = measured_size(small, (Wanted(MAJORITY, 2), Wanted(BEST)), Goal(0.05), 100)
    assert few.arm_tokens[1] > 1.25 * few.arm_tokens[0], "nothing to select among one solution"


def test_assumed_rates():
    size = assumed_size(Goal(0.05), 0.5, 0.5, 100)
    # McNemar's design: P(only one right) = 0.5 + 0.55 - 2 (0.275 + 0.5 sqrt(0.25 * 0.2475)).
    discordant = 1.05 - 2 * (0.275 + 0.5 * math.sqrt(0.25 * 0.2475))
    (design,) = size.designs
    assert design.deviation**2 == pytest.approx(discordant - 0.05**2)
    expected = (1.96 + 0.8416) ** 2 * design.deviation**2 / 0.05**2
    assert design.problems == pytest.approx(expected, abs=3)
    assert design.problems == design.problems_upper
    assert size.as_dict()["designs"][0]["tokens"] is None


def test_one_problem_in_the_recipe_has_no_power():
    design = assumed_size(Goal(0.05), 0.5, 0.5, 1).as_dict()["designs"][0]
    assert design["power"] is None
    assert design["smallest_difference"] is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ((Wanted(MAJORITY, 17), Wanted(FIRST)), r"majority S=17 is beyond .* S = 16 for every"),
        ((Wanted(FIRST), Wanted(BEST, 4, 3)), r"best_of_n S=4 V=3 is beyond .*, V = 2"),
        ((Wanted(FIRST), Wanted(FIRST)), "differ alike on all 40 problems"),
    ],
)
def test_what_a_pool_can_not_tell(small, wanted, said):
    with pytest.raises(DataError, match=said):
        measured_size(small, wanted, Goal(0.05), 100)


def test_pools_without_verifications_or_of_one_problem(tmp_path):
    config = SimulationConfig(problems=1, solutions=4, verifications=0)
    run = simulate_run(config, 0, tmp_path / "one")
    with pytest.raises(DataError, match="has no verifications, which best_of_n needs"):
        measured_size(run, METHODS, Goal(0.05), 100)
    with pytest.raises(DataError, match="one problem only"):
        measured_size(run, (Wanted(FIRST), Wanted(MAJORITY, 2)), Goal(0.05), 100)


def test_methods_by_name():
    assert two_methods(["sc@16", "bon@4x8"]) == (Wanted(MAJORITY, 16), Wanted(BEST, 4, 8))
    assert two_methods(["pass@k", "FIRST"]) == (Wanted(named("oracle")), Wanted(FIRST))
    for words in (
        ["majority"],
        ["majority@0", "first"],
        ["majority@2x2", "first"],
        ["first@4", "x"],
    ):
        with pytest.raises(UsageError):
            two_methods(words)
    for size in ("bon@1x2x3", "bon@x", "bon@²", "bon@-1"):
        with pytest.raises(UsageError, match="expected METHOD, METHOD@S or METHOD@SxV"):
            two_methods([size, "first"])
    usual = usual_methods([FIRST, MAJORITY, named("pessimistic")])
    assert usual == (Wanted(MAJORITY), Wanted(named("pessimistic")))
    assert usual_methods([named("oracle")]) == (Wanted(FIRST), Wanted(MAJORITY))
