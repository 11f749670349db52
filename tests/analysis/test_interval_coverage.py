"""Stated intervals cover planted truth as often as they say, and are no longer than need be."""

import numpy as np
import pytest

from ttc.analysis.fitting import Setting, analyse, resample
from ttc.analysis.intervals import resampled_means, resamples
from ttc.analysis.scaling import LinearCost
from ttc.analysis.surface import SurfaceLaw
from ttc.pipeline.interval import interval

S = 2 ** np.arange(6)
V = 2 ** np.arange(4)
SETTING = Setting(S, V, LinearCost(), LinearCost(verification=1.0), margin=0.01, checked=False)
RISE = SurfaceLaw(0.0, 0.45, 0.2, 0.6, 0.7, 0.3, 0.5)(S[:, None], V[None, :])
VOTE = 0.15 * (1 - S**-1.5)
POOLS, PROBLEMS, DRAWS = 30, 40, 80
COSTS = ("crossover", "sc_plateau_cost", "match_cost", "match_multiple")
EXPONENTS = ("spline_a", "spline_b", "law_a", "law_b")
CHECKED = (*COSTS, *EXPONENTS, "sc_plateau", "gain", "surface_accuracy")


def drawn_pool(rng):
    """Problems that differ in accuracy and in what selection gains; on average 0.4, RISE, VOTE."""
    accuracy = rng.uniform(0.2, 0.6, PROBLEMS)
    gains = rng.uniform(0, 2, (2, PROBLEMS))
    voted = accuracy[:, None] + gains[0][:, None] * VOTE
    verified = accuracy[:, None, None] + gains[1][:, None, None] * RISE
    noise = rng.normal(0, 0.03, verified.shape)
    noise[:, 0] = 0
    return voted, verified + noise


@pytest.fixture(scope="module")
def exact():
    return analyse(0.4 + VOTE, 0.4 + RISE, [SETTING])[0]


@pytest.fixture(scope="module")
def covered(exact):
    """By figure, whether each pool's interval has the truth in it."""
    found = {}
    for seed in range(POOLS):
        rng = np.random.default_rng(seed)
        voted, verified = drawn_pool(rng)
        whole = analyse(voted.mean(axis=0), verified.mean(axis=0), [SETTING])
        weights = resamples(PROBLEMS, DRAWS, rng)
        (draws,) = resample(
            resampled_means(voted, weights),
            resampled_means(verified, weights),
            [[SETTING]] * DRAWS,
            whole,
        )
        for name, value in exact.figures().items():
            one = interval(whole[0].figures()[name], draws[name], PROBLEMS, 0.9)
            found.setdefault(name, []).append(one.low <= value <= one.high)
    return {name: np.mean(hits) for name, hits in found.items()}


@pytest.mark.slow
def test_they_cover_the_truth_nine_times_in_ten(covered):
    shares = {name: float(covered[name]) for name in CHECKED}
    assert min(shares.values()) >= 0.75, shares
    assert 0.84 <= np.mean(list(shares.values())) <= 0.96, shares


def test_a_fit_like_another_covers_the_same_budgets(exact):
    voted, verified = drawn_pool(np.random.default_rng(99))
    own = analyse(voted.mean(axis=0), verified.mean(axis=0), [SETTING])[0]
    like = analyse(voted.mean(axis=0), verified.mean(axis=0), [SETTING], [exact])[0]
    assert {len(path.cost) for path in own.paths.values()} != {len(exact.paths["spline"].cost)}
    for name, path in exact.paths.items():
        assert np.array_equal(like.paths[name].cost, path.cost)


def test_resampled_means_have_the_unbiased_variance_of_a_mean():
    # With six problems the usual n of n would have 5/6 of it.
    values = np.random.default_rng(1).random((6, 1))
    draws = resampled_means(values, resamples(6, 40_000, np.random.default_rng(2)))
    assert draws.var() == pytest.approx(values.var(ddof=1) / 6, rel=0.03)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.005)


def test_a_single_problem_can_be_resampled():
    assert resamples(1, 3, np.random.default_rng(0)).tolist() == [[1.0]] * 3
